"""What changed between versions, in words; and what the patient is told of it until it was seen."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from clinic.models import FactChange
from plans.actions import (
    change_dose,
    move_to_phase,
    remove_item,
    revise,
    set_summary,
    sign,
    swap_exercise,
)
from plans.actions.drafting import usable_knowledge
from plans.actions.editing import dose_of
from plans.contents import compare
from plans.difference import Change, ItemContent, PhaseContent, VersionContent, difference, dose_words
from plans.models import ItemHold, PlanExercise, PlanVersion, SeenVersion
from plans.news import news_for
from portal.changes import told
from tests.factories.plans import TODAY, case_signed, page_version
from tests.plans.test_editing import exercise, technique

DOSE = {"sets": 2, "reps": 10, "hold_s": 5, "per_day": 1, "days_per_week": 7, "rpe_low": 2, "rpe_high": 4, "rest_s": 30}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, []),
        ({"sets": 3}, ["3 sets of 10 instead of 2 sets of 10"]),
        ({"sets": 1, "reps": 8}, ["1 set of 8 instead of 2 sets of 10"]),
        ({"hold_s": None}, ["no hold instead of hold 5 s"]),
        ({"days_per_week": 3, "per_day": 2}, ["2 a day instead of 1 a day", "3 days a week instead of 7 days a week"]),
        ({"rpe_high": 6}, ["effort 2–6 instead of 2–4"]),
        ({"duration_min": 7.5, "reps": 1}, ["7.5 min instead of no set time"]),
    ],
)
def test_doses_are_said(change: dict[str, object], said: list[str]) -> None:
    assert dose_words(DOSE, {**DOSE, **change}) == said


def item(key: str, **dose: object) -> ItemContent:
    return ItemContent("exercise", key, key.title(), "", {**DOSE, **dose})


def version(number: int, *items: ItemContent, **more: object) -> VersionContent:
    phase = PhaseContent(1, items, criteria=more.pop("criteria", {}))  # type: ignore[arg-type]
    return VersionContent(number, (phase,), **more)  # type: ignore[arg-type]


def changes(old: VersionContent, new: VersionContent, *swaps: tuple[int, str, str]) -> list[tuple[str, str, str]]:
    found = difference(old, new, swaps)
    everything: list[Change] = [c for phase in found.phases for c in phase.changes] + list(found.others)
    return [(c.kind, c.name, c.instead or "; ".join(c.details)) for c in everything]


def test_equal_versions_do_not_differ() -> None:
    assert difference(version(1, item("a")), version(2, item("a"))).is_empty


def test_swaps_are_followed_over_several_versions() -> None:
    old, new = version(1, item("a"), item("b")), version(3, item("c"), item("b"))
    assert changes(old, new, (1, "a", "x"), (1, "x", "c")) == [("swapped", "C", "A")]
    assert changes(old, new) == [("added", "C", ""), ("removed", "A", "")]
    assert changes(old, new, (2, "a", "c")) == [("added", "C", ""), ("removed", "A", "")]  # in another phase


def test_order_criteria_causes_goals_and_words_are_named() -> None:
    old = version(
        1, item("a"), item("b"), criteria={"p": "Pain ≤ 3"}, causes={"Weak": "strong, left in"}, goals=("G1",)
    )
    new = version(
        2,
        item("b"),
        item("a"),
        criteria={"p": "Pain ≤ 2"},
        causes={"Weak": "strong, rejected"},
        goals=("G2",),
        words="Hi",
    )
    assert changes(old, new) == [
        ("changed", "Order of the items", ""),
        ("changed", "Pain ≤ 2", "before: Pain ≤ 3"),
        ("changed", "Weak", "strong, rejected instead of strong, left in"),
        ("added", "G2", ""),
        ("removed", "G1", ""),
        ("changed", "Words for the patient", "Hi"),
    ]


# --- On rows --------------------------------------------------------------------------------------------------------


@pytest.fixture
def first(db: None) -> PlanVersion:
    return case_signed("case_01")


def edited(first: PlanVersion) -> PlanVersion:
    """The next version, not signed yet: one dose, one swap, one removal, one technique out, new words."""
    by = first.created_by
    draft = revise(first.plan, by, today=TODAY)
    set_dose = exercise(draft, 1, "glute_set")
    change_dose(set_dose, by, values={**dose_of(set_dose), "sets": 3}, reason="Stronger", today=TODAY)
    swap_exercise(exercise(draft, 2, "bridge_double"), by, to="harder", reason="Easy", today=TODAY)
    remove_item(exercise(draft, 1, "pelvic_tilt_supine"), by, reason="Too much")
    remove_item(technique(draft, 1, "mt_positional_release"), by, reason="Done")
    set_summary(draft, by, text="You are doing well.")
    return page_version(draft)


def signed(draft: PlanVersion) -> PlanVersion:
    return page_version(sign(draft, draft.created_by, today=TODAY))


def test_two_versions_of_a_plan(first: PlanVersion) -> None:
    second = edited(first)
    found = compare(first, second, usable_knowledge())
    by_phase = {phase.number: [(c.kind, c.item, c.name) for c in phase.changes] for phase in found.phases}
    assert ("changed", "exercise", "Gluteal squeeze") in by_phase[1]
    assert ("removed", "exercise", "Supine pelvic tilt") in by_phase[1] or any(
        kind == "removed" and what == "exercise" for kind, what, _ in by_phase[1]
    )
    assert any(kind == "removed" and what == "technique" for kind, what, _ in by_phase[1])
    assert [(kind, what) for kind, what, _ in by_phase[2]] == [("swapped", "exercise")]
    assert any(change.name == "Words for the patient" for change in found.others)


def test_the_page_compares_any_two(client: Client, first: PlanVersion) -> None:
    second = edited(first)
    client.force_login(first.created_by)
    page = client.get(reverse("staff:plan-changes", args=[second.pk])).content.decode()
    for text in (
        "From version 1 to version 2",
        "3 sets of 5 instead of 1 set of 5",
        "instead of",
        "You are doing well.",
    ):
        assert text in page
    other_way = client.get(reverse("staff:plan-changes", args=[first.pk]), {"against": second.pk})
    assert "From version 1 to version 2" in other_way.content.decode()
    assert client.get(reverse("staff:plan-changes", args=[first.pk]), {"against": 999999}).status_code == 404


def test_a_single_version_says_so(client: Client, first: PlanVersion) -> None:
    client.force_login(first.created_by)
    assert "There is only this version" in client.get(reverse("staff:plan-changes", args=[first.pk])).content.decode()


# --- What the patient is told ----------------------------------------------------------------------------------------


def test_a_first_plan_is_no_news(first: PlanVersion, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    patient = first.plan.episode.patient
    with django_assert_num_queries(1):
        assert news_for(patient) is None


def test_a_draft_is_no_news(first: PlanVersion) -> None:
    edited(first)
    assert news_for(first.plan.episode.patient) is None


def test_what_is_held_is_no_news(first: PlanVersion) -> None:
    patient = first.plan.episode.patient
    second = signed(edited(first))
    item = PlanExercise.objects.get(phase__version=second, phase__number=1, exercise__name="Gluteal squeeze")
    ItemHold.objects.create(plan=second.plan, exercise_item=item, key=item.exercise.key, verdict="blocked_absolute")
    card = told(patient)
    assert card is not None
    assert "Gluteal squeeze" not in {line.text for line in card.lines}
    FactChange.objects.create(patient=patient, source="test", what="")
    assert told(patient) is None, "nothing is said before the new fact was screened"


def test_the_patient_is_told_until_it_was_seen(client: Client, first: PlanVersion) -> None:
    patient = first.plan.episode.patient
    second = signed(edited(first))
    card = told(patient)
    assert card is not None
    lines = {(line.label, line.text): line.detail for line in card.lines}
    assert lines["Changed", "Gluteal squeeze"].startswith("now 3 sets of 5, hold 8 seconds instead of Do 5")
    assert any(label == "No longer" for label, _ in lines)
    assert any(label == "No longer at your visits" for label, _ in lines)
    assert lines["From your physiotherapist", "You are doing well."] == ""
    assert card.signed_by == second.created_by.name

    assert patient.user is not None
    client.force_login(patient.user)
    assert "Your programme has changed" in client.get(reverse("portal:today")).content.decode()
    assert client.post(reverse("portal:news-seen"))["Location"] == reverse("portal:today")
    assert "Your programme has changed" not in client.get(reverse("portal:today")).content.decode()
    assert "Your programme has changed" not in client.get(reverse("portal:plan")).content.decode()
    client.post(reverse("portal:news-seen"))
    assert SeenVersion.objects.get().version_id == second.pk


def test_a_new_phase_is_told_with_its_exercises(first: PlanVersion) -> None:
    move_to_phase(first.plan, first.created_by, to=2, reason="Criteria met", today=TODAY)
    card = told(first.plan.episode.patient)
    assert card is not None
    labels = [line.label for line in card.lines]
    assert labels[0] == "You are now in"
    assert {"New", "No longer"} <= set(labels)
