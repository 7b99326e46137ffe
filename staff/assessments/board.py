"""What every part of the assessment page works on, fetched once for a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Value
from django.db.models.functions import Concat

from assessments.chart import Chart, chart_of
from assessments.models import Assessment
from assessments.readout import AnswerSheet
from assessments.vocabulary import RED_FLAGS
from clinic.models import Answer, Condition, ConditionSite, Consent, PatientCondition
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
    def regions(self) -> tuple[str, ...]:
        """Symptom regions, without sides."""
        return tuple(dict.fromkeys(region for region, _ in self.chart.sites))

    @cached_property
    def conditions(self) -> list[ConditionLine]:
        """Every condition question in order, answered or not: two queries."""
        sites = ConditionSite.objects.filter(patient_condition=OuterRef("pk"))
        answers = PatientCondition.objects.filter(patient=self.assessment.episode.patient_id).annotate(
            places=ArraySubquery(sites.values_list(Concat("region", Value(":"), "side")))
        )
        told = {row.condition_id: row for row in answers}
        return [
            self._line(condition, told.get(condition.pk))
            for condition in Condition.objects.filter(is_active=True).order_by("kind", "position")
        ]

    @staticmethod
    def _line(condition: Condition, row: PatientCondition | None) -> ConditionLine:
        if row is None:
            return ConditionLine(condition)
        places = [tuple(place.split(":", 1)) for place in getattr(row, "places", [])]
        sites = [(place[0], place[1]) for place in places]
        return ConditionLine(condition, row.answer, sites, row.note, row.since)

    @cached_property
    def consents(self) -> dict[str, Consent]:
        """The consent of each kind that is valid today."""
        rows = Consent.objects.filter(patient=self.assessment.episode.patient_id)
        return {row.kind: row for row in rows if row.is_valid(self.today)}

    @cached_property
    def sheet(self) -> AnswerSheet:
        """Answers to red flags and conditions, for the summary."""
        answers = {row.flag: row.answer for row in self.assessment.flag_answers.all()}
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
