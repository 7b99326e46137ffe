"""A notice in the portal: the row of the outbox is the notice, so it has arrived as soon as it is written down."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from reminders.channels.letters import Letter
from reminders.channels.outcomes import Accepted, Outcome


class PortalChannel:
    """Nothing leaves the house."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to close."""

    @property
    def is_open(self) -> bool:
        return True

    def open(self) -> None:
        """Nothing to open."""

    def send(self, letter: Letter) -> Outcome:
        """Accepted at once; ``outbox.deliver_notices`` writes down that it is there."""
        return Accepted(letter.key)
