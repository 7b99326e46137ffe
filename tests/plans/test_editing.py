"""Edits of a draft: what may be changed, what is refused, and that a refusal changes nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from clinic.errors import DomainError, ManyProblems
from clinic.hashing import content_hash
from clinic.models import PatientCondition, Practitioner
from plans.actions import (
    OverrideRequest,
    add_exercise,
    add_technique,
    change_dose,
    move_item,
    override_item,
    plan_alternative,
    recheck,
    remove_item,
    swap_exercise,
)
from plans.actions.drafting import usable_knowledge
from plans.actions.editing import checker_for
from plans.models import Override, PlanEdit, PlanExercise, PlanPhase, PlanTechnique, PlanVersion
from tests.factories.clinic import UserFactory
from tests.factories.plans import TODAY, case_draft, page_version

pytestmark = pytest.mark.django_db

REQUEST = OverrideRequest("approval_on_file", "Cardiology letter of 1 Nov", "Cardiologist agrees in writing")
DOSE = {
    "sets": 1,
    "reps": 5,
    "hold_s": 8,
    "per_day": 2,
    "days_per_week": 7,
    "rpe_low": 2,
    "rpe_high": 4,
    "rest_s": 20,
}


@pytest.fixture
def version() -> PlanVersion:
    return case_draft("case_01")


def phase(version: PlanVersion, number: int) -> PlanPhase:
    return version.phases.get(number=number)


def exercise(version: PlanVersion, number: int, key: str) -> PlanExercise:
    return PlanExercise.objects.select_related("exercise", "phase").get(
        phase__version=version, phase__number=number, exercise__key=key
    )


def technique(version: PlanVersion, number: int, key: str) -> PlanTechnique:
    return PlanTechnique.objects.select_related("technique", "phase").get(
        phase__version=version, phase__number=number, technique__key=key
    )


def print_of(version: PlanVersion) -> str:
    """A fingerprint of everything an edit may touch."""
    rows = [
        list(PlanTechnique.objects.filter(phase__version=version).order_by("pk").values_list()),
        list(PlanExercise.objects.filter(phase__version=version).order_by("pk").values_list()),
        list(PlanEdit.objects.filter(version=version).order_by("pk").values_list()),
        list(Override.objects.order_by("pk").values_list()),
    ]
    return content_hash(str(rows))


# --- What works -----------------------------------------------------------------------------------------------------


def test_remove_keeps_the_reason(version: PlanVersion) -> None:
    remove_item(exercise(version, 1, "glute_set"), version.created_by, reason="Does it already")

    edit = PlanEdit.objects.get()
    assert (edit.action, edit.item, edit.phase, edit.reason) == ("remove", "glute_set", 1, "Does it already")
    assert (edit.before or {})["dose"]["reps"] == 5
    assert not PlanExercise.objects.filter(phase__version=version, phase__number=1, exercise__key="glute_set").exists()


def test_swap_to_the_harder_step_takes_its_place(version: PlanVersion) -> None:
    old = exercise(version, 2, "bridge_double")
    harder = old.exercise.progression
    assert harder is not None
    row = swap_exercise(old, version.created_by, to="harder", reason="Too easy", today=TODAY)
    assert (row.exercise.key, row.position, row.origin, row.causes) == (harder.key, old.position, "person", old.causes)
    assert (PlanEdit.objects.get().after or {})["key"] == harder.key


def test_add_takes_the_capped_dose_and_counts_its_minutes(version: PlanVersion) -> None:
    row = add_exercise(phase(version, 1), version.created_by, key="cat_camel", reason="Likes it", today=TODAY)

    assert (row.safety, row.origin, row.position) == ("clear", "person", 4)
    assert row.rpe_high <= 4
    assert row.minutes_per_day > 0


def test_a_technique_is_added_when_there_is_room(version: PlanVersion) -> None:
    by = version.created_by
    remove_item(technique(version, 1, "mt_positional_release"), by, reason="Not today")
    plan_alternative(technique(version, 1, "mt_joint_mob_1_2"), by, reason="Joint is stiff", today=TODAY)

    assert technique(version, 1, "mt_joint_mob_1_2").is_alternative is False


def test_dose_within_bounds_changes_the_minutes(version: PlanVersion) -> None:
    item = exercise(version, 1, "glute_set")
    change_dose(item, version.created_by, values={**DOSE, "sets": "2", "reps": "10"}, reason="Strong", today=TODAY)

    item.refresh_from_db()
    assert (item.sets, item.reps) == (2, 10)
    assert float(item.minutes_per_day) == 8.7  # 2 x (2 x (10 x 11 + 20) / 60), every day
    edit = PlanEdit.objects.get()
    assert ((edit.before or {})["sets"], (edit.after or {})["sets"]) == (1, 2)


@pytest.mark.hazard("H-10")
def test_a_decimal_comma_is_understood(version: PlanVersion) -> None:
    item = technique(version, 1, "mt_soft_tissue_release")
    change_dose(item, version.created_by, values={"session_min": "7,5"}, reason="Short visit", today=TODAY)
    item.refresh_from_db()
    assert item.dose == {"session_min": 7.5, "depth": 4, "sessions_per_week": 2}


def test_items_move_within_their_list(version: PlanVersion) -> None:
    keys = [e.exercise.key for e in phase(version, 1).planexercises.all()]
    move_item(exercise(version, 1, keys[0]), version.created_by, up=True)
    assert PlanEdit.objects.count() == 0
    move_item(exercise(version, 1, keys[0]), version.created_by, up=False)
    assert [e.exercise.key for e in phase(version, 1).planexercises.all()] == [keys[1], keys[0], *keys[2:]]


# --- What is refused ------------------------------------------------------------------------------------------------


@pytest.mark.hazard("H-10")
@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("sets", "9", "9 is out of range. Allowed: 1 to 5."),
        ("sets", "0", "0 is out of range. Allowed: 1 to 5."),
        ("reps", "31", "31 is out of range. Allowed: 1 to 30."),
        ("hold_s", "121", "121 is out of range. Allowed: 0 to 120 s."),
        ("per_day", "11", "11 is out of range. Allowed: 1 to 10."),
        ("days_per_week", "8", "8 is out of range. Allowed: 1 to 7."),
        ("rpe_high", "5", "5 is out of range. Allowed: 0 to 4 (ceiling of phase 1)."),
        ("rest_s", "301", "301 is out of range. Allowed: 0 to 300 s."),
        ("rpe_low", "5", "5 is out of range. Allowed: 0 to 4 (ceiling of phase 1)."),
        ("reps", "many", "“many” is not a number. Allowed: 1 to 30."),
        ("reps", "NaN", "“NaN” is not a number. Allowed: 1 to 30."),
        ("reps", "", "Enter a number, 1 to 30."),
        ("reps", "2.5", "Enter a whole number, 1 to 30."),
        ("rpe_low", "4", "“Effort from” may not be above “Effort to”."),
    ],
)
def test_a_dose_out_of_range_says_the_range(version: PlanVersion, field: str, value: str, says: str) -> None:
    item, before = exercise(version, 1, "glute_set"), print_of(version)
    values = {**DOSE, "rpe_high": 3} if value == "4" else DOSE

    with pytest.raises(DomainError) as refusal:
        change_dose(item, version.created_by, values={**values, field: value}, reason="Try it", today=TODAY)

    assert (refusal.value.field, refusal.value.message) == (field, says)
    assert print_of(version) == before


def test_several_problems_are_named_together(version: PlanVersion) -> None:
    item = exercise(version, 1, "glute_set")
    with pytest.raises(ManyProblems) as refusal:
        change_dose(item, version.created_by, values={**DOSE, "sets": 9, "reps": 99}, reason="Try it", today=TODAY)
    assert [problem.field for problem in refusal.value.problems] == ["sets", "reps"]


@pytest.mark.hazard("H-10")
@pytest.mark.parametrize(
    ("key", "values", "says"),
    [
        ("mt_soft_tissue_release", {"depth": "6"}, "6 is out of range. Allowed: 1 to 5 of 10 (ceiling of phase 1)."),
        ("mt_soft_tissue_release", {"session_min": "25"}, "25 is out of range. Allowed: 3 to 20 min."),
        ("mt_soft_tissue_release", {"colour": "blue"}, "“colour” cannot be changed."),
        ("mt_joint_mob_1_2", {"grade": "IV"}, "Choose one of I, I-II, II."),
    ],
)
def test_a_technique_dose_stays_within_its_parameter(
    version: PlanVersion, key: str, values: dict[str, str], says: str
) -> None:
    item, before = technique(version, 1, key), print_of(version)
    with pytest.raises(DomainError) as refusal:
        change_dose(item, version.created_by, values=values, reason="Try it", today=TODAY)
    assert refusal.value.message == says
    assert print_of(version) == before


@pytest.mark.hazard("H-04")
@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda v: remove_item(exercise(v, 1, "glute_set"), v.created_by, reason=" "), "reason_missing"),
        (lambda v: remove_item(exercise(v, 1, "glute_set"), v.created_by, reason="x" * 301), "reason_long"),
        (lambda v: _add(v, 1, "no_such_thing"), "exercise_unknown"),
        (lambda v: _add(v, 1, "glute_set"), "already_there"),
        (lambda v: _add(v, 1, "nordic_lower"), "blocked"),  # for phase 3 only
        (lambda v: _technique(v, 1, "es_nmes_reeducation", "buttock"), "passive_ceiling"),
        (lambda v: _technique(v, 3, "ex_eccentric", "buttock"), "technique_unknown"),
        (lambda v: _technique(v, 2, "ed_lifting", "lumbar"), "technique_unknown"),
        (lambda v: _swap(v, "bridge_single_x"), "exercise_unknown"),
    ],
)
def test_refused_edits_change_nothing(version: PlanVersion, act: Any, code: str) -> None:
    before = print_of(version)
    with pytest.raises(DomainError) as refusal:
        act(version)
    assert refusal.value.code == code
    assert print_of(version) == before


def _add(version: PlanVersion, number: int, key: str) -> None:
    add_exercise(phase(version, number), version.created_by, key=key, reason="Try it", today=TODAY)


def _technique(version: PlanVersion, number: int, key: str, region: str) -> None:
    add_technique(
        phase(version, number), version.created_by, key=key, region=region, side="right", reason="Try", today=TODAY
    )


def _swap(version: PlanVersion, to: str) -> None:
    swap_exercise(exercise(version, 2, "bridge_double"), version.created_by, to=to, reason="Try it", today=TODAY)


# --- Blocked items and overrides ------------------------------------------------------------------------------------

# condition that the patient has, technique wanted, region, and how it is refused without an override
BLOCKED: list[tuple[str, str, str, str]] = [
    ("icd", "es_tens_conventional", "lumbar", "blocked"),
    ("pacemaker", "es_tens_conventional", "lumbar", "override_needed"),
    ("anticoagulant", "dn_deep_trigger_point", "lumbar", "override_needed"),
    ("no_written_consent", "dn_superficial", "lumbar", "blocked"),
    ("no_thrust_consent", "mt_joint_thrust_5", "lumbar", "blocked"),
]


def with_condition(version: PlanVersion, key: str) -> PlanVersion:
    """The same draft after the patient turned out to have a condition."""
    rows = PatientCondition.objects.filter(patient=version.plan.episode.patient, condition__key=key)
    rows.update(answer="yes")
    recheck(version, version.created_by, reason="New condition", today=TODAY)
    return page_version(version)


@pytest.mark.hazard("H-04")
@pytest.mark.parametrize(("condition", "key", "region", "code"), BLOCKED)
def test_a_blocked_technique_is_never_added_without_override(
    version: PlanVersion, condition: str, key: str, region: str, code: str
) -> None:
    version = with_condition(version, condition)
    number = 2 if key == "mt_joint_thrust_5" else 1
    for item in PlanTechnique.objects.filter(phase__version=version, phase__number=number, is_alternative=False)[:1]:
        remove_item(item, version.created_by, reason="Make room")
    PlanTechnique.objects.filter(phase__version=version, technique__key=key).delete()
    before = print_of(version)
    with pytest.raises(DomainError) as refusal:
        _technique(version, number, key, region)
    assert refusal.value.code == code
    assert print_of(version) == before


def overridable(version: PlanVersion) -> tuple[PlanPhase, str]:
    """An exercise that a condition of this patient blocks until an approval is recorded."""
    checker = checker_for(version, usable_knowledge(), today=TODAY)
    for number in (1, 2, 3):
        for key, row in checker.knowledge.exercises.items():
            if number in row.phases and checker.exercise(key, number).safety == "blocked_overridable":
                return phase(version, number), key
    raise AssertionError("no overridable exercise")


@pytest.mark.hazard("H-05")
def test_an_override_needs_licence_reason_and_approval() -> None:
    version = with_condition(case_draft("case_01"), "osteoporosis")
    place, key = overridable(version)
    by = version.created_by
    before = print_of(version)
    attempts: list[tuple[Any, OverrideRequest | None, str]] = [
        (by, None, "override_needed"),
        (by, OverrideRequest("because", "Letter", "Agreed with the surgeon"), "reason_code"),
        (by, OverrideRequest("approval_on_file", "", "Agreed with the surgeon"), "reason_missing"),
        (by, OverrideRequest("approval_on_file", "Letter of 3 Nov", ""), "reason_missing"),
        (UserFactory(role="physiotherapist"), REQUEST, "no_licence"),
    ]
    for who, request, code in attempts:
        with pytest.raises(DomainError) as refusal:
            add_exercise(place, who, key=key, reason="Needed", today=TODAY, override=request)
        assert refusal.value.code == code
        assert print_of(version) == before
    Practitioner.objects.filter(user=by).update(licence_valid_until=date(2026, 11, 23))
    with pytest.raises(DomainError) as refusal:
        add_exercise(place, by, key=key, reason="Needed", today=TODAY, override=REQUEST)
    assert refusal.value.code == "licence_expired"
    assert print_of(version) == before


@pytest.mark.hazard("H-05")
def test_an_override_is_bound_to_its_item_and_counted_by_rule() -> None:
    version = with_condition(case_draft("case_01"), "osteoporosis")
    place, key = overridable(version)

    item = add_exercise(place, version.created_by, key=key, reason="Needed", today=TODAY, override=REQUEST)

    override = Override.objects.get()
    assert (override.exercise_item, override.technique_item) == (item, None)
    assert "osteoporosis" in override.rule
    assert override.by.user == version.created_by
    with pytest.raises(DomainError) as refusal:
        override_item(item, version.created_by, request=REQUEST, today=TODAY)
    assert refusal.value.code == "overridden"
    remove_item(item, version.created_by, reason="Not needed")
    assert Override.objects.count() == 0


def test_a_clear_item_takes_no_override(version: PlanVersion) -> None:
    with pytest.raises(DomainError) as refusal:
        override_item(exercise(version, 1, "glute_set"), version.created_by, request=REQUEST, today=TODAY)
    assert refusal.value.code == "not_blocked"
    assert Override.objects.count() == 0
