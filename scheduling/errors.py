"""Booking refusals that carry a way out."""

from __future__ import annotations

from clinic.errors import Conflict
from scheduling.slots import Interval


class SlotTaken(Conflict):
    """The wanted time is not free. ``alternatives`` are the next free times of the same practitioner, soonest first."""

    def __init__(self, message: str, *, field: str, alternatives: tuple[Interval, ...] = ()) -> None:
        super().__init__("slot_taken", message, field=field)
        self.alternatives = alternatives
