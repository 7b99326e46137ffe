"""What the writers of one save share: the desk with the locked assessment, refusals, and how a row is kept."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from django.db import models

from assessments.chart import Place
from assessments.models import Assessment, Finding, RedFlagAnswer
from assessments.models.findings import Carried
from clinic.anatomy import REGIONS, SIDES
from clinic.models import Condition, PatientCondition, User


class Refusal(Exception):
    """A change that cannot be accepted. Code ``cross`` may pass once another field was corrected."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class OvertakenBy(Exception):
    """Somebody else changed the same row meanwhile; ``theirs`` is what they wrote, ``mark`` that of their answer."""

    def __init__(self, theirs: str, mark: str = "") -> None:
        super().__init__(theirs)
        self.theirs = theirs
        self.mark = mark


@dataclass
class Desk:
    """What a save works on: the locked assessment, its findings, who writes, on top of which revision."""

    assessment: Assessment
    findings: dict[Place, Finding]
    by: User
    today: date
    base: int  # the revision that the writer saw
    next: int  # the revision that this save makes
    fresh: dict[type[models.Model], list[models.Model]] = field(default_factory=lambda: defaultdict(list))

    @cached_property
    def conditions(self) -> dict[str, Condition]:
        return {condition.key: condition for condition in Condition.objects.filter(is_active=True)}

    @cached_property
    def answers(self) -> dict[int, PatientCondition]:
        """What the patient answered before, by condition."""
        rows = self.assessment.episode.patient.conditions.prefetch_related("sites")
        return {row.condition_id: row for row in rows}

    @cached_property
    def flags(self) -> dict[str, RedFlagAnswer]:
        """The red flags answered so far."""
        return {row.flag: row for row in self.assessment.flag_answers.all()}

    def keep(self, row: models.Model) -> None:
        """Save a row: a new one with the others of its kind in one statement, when all changes are through."""
        if row.pk is None:
            self.fresh[type(row)].append(row)
        else:
            row.save()

    def drop(self, row: models.Model) -> None:
        """Delete a row."""
        if row.pk is None:
            self.fresh[type(row)].remove(row)
        else:
            row.delete()

    def write(self) -> None:
        """The new rows, one insert per kind. An answer that somebody else gives at this very moment stands."""
        for kind, rows in self.fresh.items():
            kind._default_manager.bulk_create(rows, ignore_conflicts=kind is PatientCondition)
        self.fresh.clear()


def is_empty(value: object) -> bool:
    """Nothing was typed."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ((), [])


def text_of(raw: str, limit: int, label: str) -> str:
    """Trimmed text; Refusal when it cannot be stored or is too long."""
    text = raw.strip()
    if "\x00" in text:
        raise Refusal("invalid", f"{label} contains a character that cannot be stored.")
    if len(text) > limit:
        raise Refusal("invalid", f"{label} is longer than {limit} characters.")
    return text


def site_of(region: str, side: str, *, needed: bool = True) -> tuple[str, str]:
    """A known region and side, or Refusal."""
    if region not in REGIONS and (needed or region):
        raise Refusal("region", "Choose a body region from the list.")
    if side and side not in SIDES:
        raise Refusal("side", "Choose left, right, both or midline.")
    return region, side


def store(desk: Desk, row: Any, values: dict[str, Any], *, untouched: bool = True) -> bool:
    """Set and save a row whose values changed or were confirmed; refuse when somebody else changed it meanwhile."""
    carried = isinstance(row, Carried)
    if row.pk is not None:
        confirmed = carried and row.is_carried and not untouched
        if not confirmed and all(getattr(row, name) == value for name, value in values.items()):
            return False
        if row.revision > desk.base:
            raise OvertakenBy(str(row))
    for name, value in values.items():
        setattr(row, name, value)
    row.revision = desk.next
    if carried:
        row.touch()
    desk.keep(row)
    return True


def remove(desk: Desk, row: models.Model | None) -> bool:
    """Delete a row unless it was changed meanwhile by somebody else."""
    if row is None:
        return False
    if getattr(row, "revision", 0) > desk.base:
        raise OvertakenBy(str(row))
    desk.drop(row)
    return True
