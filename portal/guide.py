"""One guided session as plain values: which exercises, what the clock needs of each, and what comes after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exercises.programme import ExerciseDay, Programme
from portal.cards import Card, cards_of
from portal.sheets import Sheet, sheet_of

IN_TURN = ("left", "right")


@dataclass(frozen=True, slots=True)
class Step:
    """One exercise of the session. ``sides`` are done in turn; "" where no side is said."""

    card: Card
    sheet: Sheet
    sides: tuple[str, ...]

    @property
    def sides_text(self) -> str:
        """The sides as the page's module reads them."""
        return ",".join(self.sides)

    @property
    def left_today(self) -> int:
        """Times that are still open today after this one."""
        item = self.card.item
        return max(0, len(item.bouts) - len(item.logs) - 1) if item.is_due else 0


def steps_of(programme: Programme, only: int | None = None) -> list[Step]:
    """What is still open today, in programme order; ``only`` names one exercise, also on a rest day."""
    today = programme.today
    wanted = (item for item in programme.day(today) if _wanted(item, only))
    return [_step(card) for card in cards_of(today, tuple(wanted))]


def _wanted(item: ExerciseDay, only: int | None) -> bool:
    if only is not None:
        return item.prescription.pk == only and item.next_bout is not None
    return item.is_due and not item.is_settled


def _step(card: Card) -> Step:
    return Step(card, sheet_of(card), sides_in_turn(card.one_side))


def sides_in_turn(side: str) -> tuple[str, ...]:
    """Left, then right where the exercise works one side at a time and both are asked for."""
    if side == "both":
        return IN_TURN
    return (side,) if side in IN_TURN else ("",)


def position_of(steps: Sequence[Step], wanted: str) -> int:
    """Index of the exercise that the address names, else of the first."""
    keys = [str(step.sheet.pk) for step in steps]
    return keys.index(wanted) if wanted in keys else 0
