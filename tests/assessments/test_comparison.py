"""Two assessments side by side: what counts as a change, and what is said where nothing can be."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from assessments.actions import save_changes, sign, start_assessment
from assessments.changes import FindingChange
from assessments.comparison import compare_activities, judge
from assessments.models import Assessment
from assessments.vocabulary.change import change_rules
from tests.factories.assessments import AssessmentFactory, FindingFactory, PainMarkFactory, SymptomRegionFactory

THEN, NOW = date(2026, 10, 12), date(2026, 11, 23)


@pytest.mark.parametrize(
    ("path", "old", "new", "verdict", "delta"),
    [
        ("pain.nprs_worst_24h", 6, 4, "better", -2),
        ("pain.nprs_worst_24h", 6, 5, "within", -1),
        ("pain.nprs_worst_24h", 3, 5, "worse", 2),
        ("rom.lum_flexion", 40, 44, "within", 4),
        ("rom.lum_flexion", 40, 45, "better", 5),
        ("mmt.gluteus_medius", 3.7, 4.3, "within", 0.6),
        ("mmt.gluteus_medius", 3, 4, "better", 1),
        ("len.thomas_hip", 15, 5, "better", -10),
        ("len.wblt_cm", 8, 9.8, "within", 1.8),
        ("len.wblt_cm", 8, 9.9, "better", 1.9),
        ("len.upper_trap_length", 2, 1, "better", -1),
        ("endur.sorensen", 60, 71, "within", 11),
        ("endur.sorensen", 60, 72, "better", 12),
        ("endur.tug", 10, 13, "worse", 3),
        ("posture.forward_head", 1, 2, "worse", 1),
        ("palp.piriformis", 2, 1, "within", -1),
        ("func.odi_pct", 40, 30, "better", -10),
        ("func.uefi", 50, 60, "within", 10),
        ("spec.bp_systolic", 120, 140, "changed", 20),
        ("hist.sleep_hours", 5, 7, "changed", 2),
        ("spec.slump", True, False, "better", None),
        ("move.antalgic_gait", False, True, "worse", None),
        ("spec.stretch_relief", True, False, "changed", None),
        ("hist.smoker", True, False, "changed", None),
        ("trp.piriformis", "active", "latent", "better", None),
        ("hist.pattern_24h", "constant", "worse_evening", "changed", None),
        ("rom.lum_flexion", 40, 40, "same", 0),
        ("rom.lum_flexion", None, 40, "after", None),
        ("rom.lum_flexion", 40, None, "before", None),
    ],
)
def test_what_counts_as_a_change(path: str, old: object, new: object, verdict: str, delta: float | None) -> None:
    assert judge(path, old, new) == (verdict, delta)  # type: ignore[arg-type] # values of every type


def test_every_figure_has_a_source_and_convention_is_marked() -> None:
    for row in change_rules().errors:
        assert row.source
        assert row.verify or row.source != "convention", row.paths


def test_activities_are_matched_by_their_words() -> None:
    before = (("Lifting a box", 3), ("Sitting", 5), ("Running", 2))
    after = (("Sitting", 8), ("Lifting a box", 4), ("Dancing", 1))
    rows = compare_activities(before, after, carried=frozenset())
    assert [(name, row.verdict, row.delta) for name, row in rows] == [
        ("Lifting a box", "within", 1),
        ("Sitting", "better", 3),
        ("Running", "before", None),
        ("Dancing", "after", None),
    ]
    copied = compare_activities(before, before, carried=frozenset({"Sitting"}))
    assert dict(copied)["Sitting"].verdict == "carried"


@pytest.fixture
def pair(db: None) -> tuple[Assessment, Assessment]:
    """An initial assessment, and a reassessment with one value measured and one carried forward."""
    first: Assessment = AssessmentFactory(assessed_on=THEN)
    FindingFactory(assessment=first, path="mmt.gluteus_medius", side="right", number=Decimal(3))
    FindingFactory(assessment=first, path="rom.lum_flexion", mode="active", number=40)
    FindingFactory(assessment=first, path="pain.nprs_worst_24h", number=6)
    SymptomRegionFactory(assessment=first)
    PainMarkFactory(assessment=first)
    sign(first, by=first.author, today=THEN)
    second = start_assessment(first.episode, first.author, today=NOW, copy_forward=True)
    changes = [FindingChange("mmt.gluteus_medius", "right", value="4"), FindingChange("pain.nprs_worst_24h", value=5)]
    save_changes(second, changes, by=first.author, revision=0, today=NOW)
    return first, second


def opened(pair: tuple[Assessment, Assessment], query: str = "") -> str:
    client = Client()
    client.force_login(pair[0].author)
    answer = client.get(reverse("staff:patient-compare", args=[pair[0].episode.patient_id]) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_puts_the_first_and_the_latest_side_by_side(pair: tuple[Assessment, Assessment]) -> None:
    page = opened(pair)
    assert '<span class="num strong">+1</span>' in page
    assert "Better" in page
    assert "Within measurement error" in page
    assert "Not re-measured" in page
    assert "40° (12 Oct 2026)" in page
    assert "counts from 2" in page


def test_only_what_changed(pair: tuple[Assessment, Assessment]) -> None:
    page = opened(pair, f"?before={pair[0].pk}&after={pair[1].pk}&changed=1")
    assert "Gluteus medius" in page
    assert "Lumbar flexion" not in page


@pytest.mark.parametrize("query", ["?before=999999&after=x", "?before=&after=", "?after=99999999999999999999"])
def test_a_wrong_choice_falls_back(pair: tuple[Assessment, Assessment], query: str) -> None:
    assert "Gluteus medius" in opened(pair, query)


def test_an_assessment_of_another_patient_cannot_be_named(pair: tuple[Assessment, Assessment]) -> None:
    other: Assessment = AssessmentFactory()
    FindingFactory(assessment=other, path="spec.slump", number=None, truth=True)
    assert "Slump" not in opened(pair, f"?before={other.pk}")


def test_one_assessment_is_nothing_to_compare(db: None) -> None:
    only: Assessment = AssessmentFactory()
    assert "Nothing to compare yet" in opened((only, only))


def test_the_page_takes_a_fixed_number_of_queries(
    pair: tuple[Assessment, Assessment], django_assert_max_num_queries: Callable[..., AbstractContextManager[object]]
) -> None:
    client, url = Client(), reverse("staff:patient-compare", args=[pair[0].episode.patient_id])
    client.force_login(pair[0].author)
    client.get(url)  # warm
    with django_assert_max_num_queries(22):
        client.get(url)
