"""The steady part of an exercise card as plain values, by which its rendered text is found again (``{% kept %}``)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from django.utils.translation import get_language

from clinic.said import said
from exercises import wording
from portal.cards import Card


class Amount(NamedTuple):
    """How much and how often as plain values, see ``exercises.models.Dose`` for their units."""

    sets: int
    reps: int
    hold_s: int | None
    duration_min: Decimal | None
    per_day: int
    days_per_week: int


amount_of = attrgetter(*Amount._fields)


@lru_cache(maxsize=2000)
def _dose_texts(_language: str | None, amount: Amount) -> tuple[str, str, str]:
    """One session, how often a day, how often a week, in the language that is active."""
    return wording.dose_words(amount), wording.often_words(amount), wording.week_words(amount)


@dataclass(frozen=True, slots=True)
class BoutShown:
    """One session of the day; ``state`` is empty while nothing was said about it."""

    number: int
    state: str
    pain: int | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that the steady part of a card shows: equal sheets make equal text. ``day`` is an ISO date."""

    pk: int
    day: str
    name: str
    symbol: str
    side: str
    targets: tuple[tuple[str, str], ...]
    dose: str
    often: str
    week: str
    why: str
    per_day: int
    bouts: tuple[BoutShown, ...]
    done: int
    next_bout: int | None
    next_count: int
    is_settled: bool

    @property
    def answered(self) -> list[BoutShown]:
        """The sessions that something was said about."""
        return [bout for bout in self.bouts if bout.state]


def sheet_of(card: Card) -> Sheet:
    """The plain values of a card."""
    row, item = card.prescription, card.item
    dose, often, week = _dose_texts(get_language(), Amount(*amount_of(row)))
    return Sheet(
        pk=row.pk,
        day=card.day.isoformat(),
        name=said(card.exercise.name),
        symbol=card.symbol,
        side=card.side,
        targets=tuple(card.targets),
        dose=dose,
        often=often,
        week=week,
        why=said(row.why),
        per_day=row.per_day,
        bouts=tuple(
            BoutShown(bout.number, bout.log.state, bout.log.pain) if bout.log else BoutShown(bout.number, "", None)
            for bout in item.bouts
        ),
        done=item.done,
        next_bout=item.next_bout,
        next_count=item.next_count,
        is_settled=item.is_settled,
    )
