"""Copy-forward: what is copied, how it is marked, and what takes the mark away."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from assessments.actions import save_changes, sign, start_assessment
from assessments.changes import ActivityChange, Change, FindingChange, MarkChange, RegionChange, SurgeryChange
from assessments.chart import chart_of
from assessments.crosschecks import questions
from assessments.models import Assessment, Finding
from assessments.vocabulary.carry import carry_rules
from clinic.errors import ManyProblems
from plans.facts import facts_for
from tests.factories.assessments import (
    AssessmentFactory,
    FindingFactory,
    PainMarkFactory,
    PsfsActivityFactory,
    RedFlagAnswerFactory,
    SurgeryFactory,
    SymptomRegionFactory,
)

pytestmark = pytest.mark.django_db
THEN, NOW = date(2026, 10, 12), date(2026, 11, 23)
STRENGTH = "mmt.gluteus_medius"


@pytest.fixture
def first() -> Assessment:
    """A signed assessment with one row of every kind."""
    made: Assessment = AssessmentFactory(assessed_on=THEN, story="It began when I lifted a box.")
    FindingFactory(assessment=made, path=STRENGTH, side="right", number=Decimal("3.7"), pain_limited=True)
    FindingFactory(assessment=made, path="pain.nprs_current", number=6)
    FindingFactory(assessment=made, path="neuro.babinski", number=None, truth=False)
    SymptomRegionFactory(assessment=made)
    PainMarkFactory(assessment=made)
    PsfsActivityFactory(assessment=made, position=1)
    SurgeryFactory(assessment=made)
    RedFlagAnswerFactory(assessment=made)
    return sign(made, by=made.author, today=THEN)


@pytest.fixture
def second(first: Assessment) -> Assessment:
    """The reassessment that began with the findings of the first."""
    return start_assessment(first.episode, first.author, today=NOW, copy_forward=True)


def save(draft: Assessment, *changes: Change, revision: int | None = None) -> Assessment:
    draft.refresh_from_db()
    base = draft.revision if revision is None else revision
    saved = save_changes(draft, changes, by=draft.author, revision=base, today=NOW)
    assert not saved.problems
    assert not saved.conflicts
    return Assessment.objects.for_chart().get(pk=draft.pk)


def strength(draft: Assessment) -> Finding:
    return draft.findings.get(path=STRENGTH)


def test_every_copied_row_says_where_it_was_measured(first: Assessment, second: Assessment) -> None:
    assert second.kind == "reassessment"
    for rows in (second.findings, second.symptom_regions, second.pain_marks, second.activities, second.surgeries):
        row: Any = rows.get()
        assert (row.carried_from, row.measured_on, row.is_carried) == (first, THEN, True)
    assert (strength(second).number, strength(second).pain_limited) == (Decimal("3.70"), True)


def test_what_decides_today_is_asked_anew(second: Assessment) -> None:
    assert [row.path for row in second.findings.all()] == [STRENGTH]
    assert second.flag_answers.count() == 0
    assert second.story == ""


@pytest.mark.parametrize(
    ("path", "copied"),
    [
        ("pain.nprs_worst_24h", False),
        ("hist.irritability", False),
        ("neuro.umn_any", False),
        ("spec.bp_systolic", False),
        ("func.groc", False),
        ("pain.distribution", True),
        ("rom.lum_flexion", True),
        ("hist.sleep_hours", True),
        ("func.odi_pct", True),
    ],
)
def test_the_rules_name_what_is_asked_anew(path: str, copied: bool) -> None:
    assert (carry_rules().reason_against(path) == "") is copied


def test_a_blank_reassessment_stays_possible(first: Assessment) -> None:
    blank = start_assessment(first.episode, first.author, today=NOW)
    assert (blank.kind, blank.findings.count(), blank.pain_marks.count()) == ("reassessment", 0, 0)


@pytest.mark.parametrize(("value", "number"), [("4-", "3.7"), ("4", "4")], ids=["the same", "another"])
def test_entering_a_value_clears_the_mark(second: Assessment, value: str, number: str) -> None:
    save(second, FindingChange(STRENGTH, "right", value=value))
    assert (strength(second).is_carried, strength(second).number) == (False, Decimal(number))
    assert second.findings.measured().count() == 1


def test_sending_the_page_back_confirms_nothing(second: Assessment) -> None:
    save(second, FindingChange(STRENGTH, "right", value="4-", untouched=True))
    assert strength(second).is_carried
    assert second.findings.measured().count() == 0


def test_another_value_counts_even_on_an_untouched_form(second: Assessment) -> None:
    save(second, FindingChange(STRENGTH, "right", value="5", untouched=True))
    assert (strength(second).is_carried, strength(second).number) == (False, Decimal(5))


def test_the_other_kinds_of_row_are_confirmed_alike(second: Assessment) -> None:
    mark, surgery, activity = second.pain_marks.get(), second.surgeries.get(), second.activities.get()
    again: list[Any] = [
        RegionChange("lumbar", "right"),
        MarkChange(mark.key, False, mark.view, mark.x, mark.y, mark.region, mark.side, mark.depth, mark.quality, 6),
        SurgeryChange(surgery.key, surgery.procedure, surgery.region, surgery.side, surgery.performed_on),
        ActivityChange(activity.position, activity.activity, activity.score),
    ]
    save(second, *(replace(change, untouched=True) for change in again))
    assert chart_of(Assessment.objects.get(pk=second.pk), today=NOW).carried_rows == 4
    done = save(second, *again)
    assert chart_of(done, today=NOW).carried_rows == 0


def test_a_second_reassessment_keeps_the_day_of_the_real_measurement(first: Assessment, second: Assessment) -> None:
    confirmed = [question.key for question in questions(chart_of(second, today=NOW))]
    assert confirmed == ["carried"]
    sign(second, by=second.author, today=NOW, confirmed=confirmed)
    third = start_assessment(first.episode, first.author, today=date(2026, 12, 20), copy_forward=True)
    assert (strength(third).carried_from, strength(third).measured_on) == (first, THEN)


def test_signing_asks_about_what_was_not_measured(second: Assessment) -> None:
    with pytest.raises(ManyProblems) as refused:
        sign(second, by=second.author, today=NOW)
    assert [problem.code for problem in refused.value.problems] == ["ask:carried"]
    assert refused.value.problems[0].message.startswith("5 values were carried forward and not re-measured.")
    second.refresh_from_db()
    assert second.state == "draft"


def test_a_duration_grows_with_the_time_between() -> None:
    made: Assessment = AssessmentFactory(assessed_on=THEN)
    FindingFactory(assessment=made, path="hist.symptom_duration_days", number=30)
    sign(made, by=made.author, today=THEN)
    later = start_assessment(made.episode, made.author, today=NOW, copy_forward=True)
    assert later.findings.get().number == 30 + (NOW - THEN).days


def test_the_engine_is_told_the_last_known_value(second: Assessment) -> None:
    row = Assessment.objects.for_chart().get(pk=second.pk)
    facts = facts_for(row, practitioner=row.episode.practitioner, today=NOW)
    assert facts.findings[STRENGTH].readings[0].value == 3.7
    assert "pain.nprs_current" not in facts.findings
    assert facts.flags == {}


def test_the_database_wants_a_day_with_every_carried_row(second: Assessment) -> None:
    forget = "UPDATE assessments_finding SET measured_on = NULL WHERE assessment_id = %s"
    with pytest.raises(IntegrityError, match="finding_carried_has_day"), transaction.atomic():
        connection.cursor().execute(forget, [second.pk])


def test_the_page_shows_the_day_and_confirms_without_scripts(second: Assessment) -> None:
    client = Client()
    client.force_login(second.author)
    url = reverse("staff:assessment-edit", args=[second.pk]) + "?section=strength"
    name = f"f:{STRENGTH}:right:"
    page = client.get(url).content.decode()
    assert f'name="{name}:carried"' in page
    assert "carried forward, measured </span>12 Oct" in page
    form = {"group": [name], name: "4-", f"{name}:asks-pain": "1", f"{name}:pain": "1", f"{name}:carried": "1"}
    assert client.post(url, {**form, "revision": "0"}).status_code == 302
    assert strength(second).is_carried
    assert client.post(url, {**form, "revision": "0", f"{name}:same": "1"}).status_code == 302
    assert not strength(second).is_carried


def test_the_episode_page_starts_it_either_way(first: Assessment) -> None:
    client = Client()
    client.force_login(first.author)
    page = client.get(reverse("staff:episode-detail", args=[first.episode_id])).content.decode()
    assert 'value="copy"' in page
    assert 'value="blank"' in page
    client.post(reverse("staff:assessment-new", args=[first.episode_id]), {"start": "blank"})
    assert first.episode.assessments.get(state="draft").findings.count() == 0
    first.episode.assessments.get(state="draft").delete()
    client.post(reverse("staff:assessment-new", args=[first.episode_id]), {"start": "copy"})
    assert first.episode.assessments.get(state="draft").findings.carried().count() == 1


def test_the_record_says_what_was_not_measured(second: Assessment) -> None:
    client = Client()
    client.force_login(second.author)
    page = client.get(reverse("staff:assessment-detail", args=[second.pk])).content.decode()
    assert "right: 4-, painful (not re-measured, 12 Oct 2026)" in page
