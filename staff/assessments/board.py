"""What every part of the assessment page works on, fetched once for a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, FilteredRelation, OuterRef, Q, Value
from django.db.models.functions import Concat

from assessments.chart import Chart, chart_of
from assessments.current import Current, current, flags_now
from assessments.models import Assessment
from assessments.readout import AnswerSheet
from assessments.vocabulary import RED_FLAGS
from clinic.models import Answer, Condition, ConditionSite, Consent
from staff.assessments.entries import Typed


@dataclass(slots=True)
class ConditionLine:
    """A condition question with its answer. ``sites`` are "region:side"."""

    condition: Condition
    answer: str = Answer.NOT_ASKED
    sites: list[tuple[str, str]] = field(default_factory=list)
    note: str = ""
    since: date | None = None


@dataclass
class Board:
    """The assessment with its chart; the lists of other apps are fetched when a section asks for them."""

    assessment: Assessment
    today: date
    show_all: bool = False
    typed: Typed = field(default_factory=Typed)

    @cached_property
    def chart(self) -> Chart:
        return chart_of(self.assessment, today=self.today)

    @cached_property
    def now(self) -> Current:
        """The rows as they count, for the pages that show all of them."""
        return current(self.assessment)

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """Symptom regions, without sides."""
        return tuple(dict.fromkeys(region for region, _ in self.chart.sites))

    @cached_property
    def conditions(self) -> list[ConditionLine]:
        """Every condition question in order with this patient's answer, in one query."""
        own = Q(answers__patient=self.assessment.episode.patient_id)
        asked = Condition.objects.filter(is_active=True).annotate(told=FilteredRelation("answers", condition=own))
        sites = ConditionSite.objects.filter(patient_condition=OuterRef("told__pk")).order_by("pk")
        rows = asked.annotate(
            told_answer=F("told__answer"),
            told_note=F("told__note"),
            told_since=F("told__since"),
            places=ArraySubquery(sites.values_list(Concat("region", Value(":"), "side"))),
        )
        return [self._line(row) for row in rows.order_by("kind", "position")]

    @staticmethod
    def _line(row: Any) -> ConditionLine:
        places = [place.partition(":") for place in row.places]
        sites = [(region, side) for region, _, side in places]
        return ConditionLine(row, row.told_answer or Answer.NOT_ASKED, sites, row.told_note or "", row.told_since)

    @cached_property
    def consents(self) -> dict[str, Consent]:
        """The consent of each kind that is valid today."""
        rows = Consent.objects.filter(patient=self.assessment.episode.patient_id)
        return {row.kind: row for row in rows if row.is_valid(self.today)}

    @cached_property
    def sheet(self) -> AnswerSheet:
        """Answers to red flags and conditions, for the summary."""
        answers = {row.flag: row.answer for row in flags_now(self.assessment)}
        cleared = {row.flag for row in self.assessment.clearances.all()}
        yes = [line for line in self.conditions if line.answer == Answer.YES]
        return AnswerSheet(
            flags_yes=tuple(key for key, answer in answers.items() if answer == Answer.YES and key not in cleared),
            flags_open=tuple(k for k in RED_FLAGS if answers.get(k, Answer.NOT_ASKED) == Answer.NOT_ASKED),
            flags_cleared=tuple(sorted(cleared)),
            conditions_yes=tuple(line.condition.label for line in yes),
            conditions_open=tuple(line.condition.label for line in self.conditions if line.answer == Answer.NOT_ASKED),
            conditions_without_region=tuple(
                line.condition.label for line in yes if line.condition.needs_site and not line.sites
            ),
            consent_to_assess=True if Consent.Kind.TREATMENT in self.consents else None,
        )
