"""The quick ways of changing a draft: steps, places, bulk doses, packs, undo. A refusal changes nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from clinic.errors import Conflict, DomainError, Invalid, ManyProblems, Refused
from clinic.models import Clinic, Credential
from exercises.models import Exercise
from plans.actions import (
    add_exercise,
    add_technique,
    apply_pack,
    change_dose,
    change_phase_doses,
    change_place,
    decide_cause,
    declined_families,
    delete_pack,
    facts_moved_on,
    last_change,
    move_item,
    plan_alternative,
    remove_item,
    save_pack,
    set_declined,
    set_summary,
    swap_exercise,
    toggle_favourite,
    undo_last,
)
from plans.actions.editing import dose_of, item_key
from plans.models import Favourite, Pack, PlanExercise, PlanTechnique, PlanVersion
from tests.factories.clinic import ClinicFactory, PhysioFactory
from tests.factories.plans import TODAY, case_draft, page_version
from tests.plans.test_editing import DOSE, exercise, phase, print_of, technique

pytestmark = pytest.mark.django_db


@pytest.fixture
def version() -> PlanVersion:
    return case_draft("case_01")


def content_of(version: PlanVersion) -> list[Any]:
    """Everything a reader of the draft sees of its items, without the keys of the rows."""
    exercises = PlanExercise.objects.filter(phase__version=version).select_related("exercise", "phase")
    techniques = PlanTechnique.objects.filter(phase__version=version).select_related("technique", "phase")
    items: list[PlanExercise | PlanTechnique] = [*exercises, *techniques]
    rows = [
        (i.phase.number, item_key(i), i.region, i.side, i.position, i.safety, i.origin, dose_of(i), list(i.causes))
        for i in items
    ]
    words = PlanVersion.objects.get(pk=version.pk).summary_for_patient
    return [*sorted(rows, key=str), words]


# --- Steps ----------------------------------------------------------------------------------------------------------


def test_a_step_keeps_dose_and_side(version: PlanVersion) -> None:
    old = exercise(version, 2, "bridge_double")
    by = version.created_by
    change_dose(old, by, values={**dose_of(old), "sets": 3, "reps": 12, "rest_s": 45}, reason="Strong", today=TODAY)
    old.refresh_from_db()
    row = swap_exercise(old, by, to="harder", reason="Too easy", today=TODAY)
    assert (row.exercise.key, row.sets, row.reps, row.rest_s, row.side) == ("bridge_march", 3, 12, 45, old.side)
    assert float(row.minutes_per_day) > 0


def test_a_step_between_timed_and_counted_brings_its_own_dose(version: PlanVersion) -> None:
    row = exercise(version, 2, "bridge_double")
    PlanExercise.objects.filter(pk=row.pk).update(duration_min=10)
    row.refresh_from_db()
    new = swap_exercise(row, version.created_by, to="harder", reason="Too easy", today=TODAY)
    assert (new.duration_min, new.reps > 1) == (None, True)


def _has(version: PlanVersion, number: int, key: str) -> bool:
    return PlanExercise.objects.filter(phase__version=version, phase__number=number, exercise__key=key).exists()


# --- Places ---------------------------------------------------------------------------------------------------------


def test_the_side_of_an_exercise_changes_and_nothing_else(version: PlanVersion) -> None:
    item = exercise(version, 1, "glute_set")
    change_place(item, version.created_by, region="cervical", side="left", reason="Other side", today=TODAY)
    item.refresh_from_db()
    assert (item.side, item.region) == ("left", "buttock")


def test_a_technique_is_screened_at_its_new_place(version: PlanVersion) -> None:
    item = technique(version, 1, "dn_superficial")
    before = print_of(version)
    with pytest.raises(Refused):
        change_place(item, version.created_by, region="pelvic_floor", side="left", reason="There", today=TODAY)
    assert print_of(version) == before
    item.refresh_from_db()
    change_place(item, version.created_by, region="buttock", side="right", reason="There", today=TODAY)
    assert technique(version, 1, "dn_superficial").region == "buttock"


@pytest.mark.parametrize(("region", "side"), [("moon", "left"), ("buttock", "upside")])
def test_an_unknown_place_is_refused(version: PlanVersion, region: str, side: str) -> None:
    before = print_of(version)
    with pytest.raises(Invalid):
        change_place(
            technique(version, 1, "mt_soft_tissue_release"),
            version.created_by, region=region, side=side, reason="There", today=TODAY,
        )  # fmt: skip
    assert print_of(version) == before


# --- Bulk dose ------------------------------------------------------------------------------------------------------


def test_one_dose_for_the_whole_phase(version: PlanVersion) -> None:
    names = change_phase_doses(
        phase(version, 2), version.created_by, values={"sets": "3", "hold_s": "4"}, reason="Ready", today=TODAY
    )
    rows = list(phase(version, 2).planexercises.all())
    assert len(names) == len(rows) > 1
    assert {row.sets for row in rows} == {3}
    assert {row.hold_s for row in rows if row.hold_s is not None} <= {4}
    assert any(row.duration_min is not None or row.hold_s == 4 for row in rows)


def test_one_refusal_leaves_every_dose_as_it_was_and_names_the_range(version: PlanVersion) -> None:
    before = print_of(version)
    with pytest.raises(ManyProblems) as refused:
        change_phase_doses(
            phase(version, 1), version.created_by, values={"rpe_high": "8"}, reason="Harder", today=TODAY
        )
    assert print_of(version) == before
    said = [problem.message for problem in refused.value.problems]
    assert len(said) == phase(version, 1).planexercises.count()
    assert said[0].endswith(": 8 is out of range. Allowed: 0 to 4 (ceiling of phase 1).")


def test_only_the_chosen_ones_are_changed(version: PlanVersion) -> None:
    rows = list(phase(version, 1).planexercises.all())
    change_phase_doses(
        phase(version, 1),
        version.created_by,
        values={"days_per_week": "5"},
        only=[rows[0].pk],
        reason="x day off",
        today=TODAY,
    )
    assert [row.days_per_week == 5 for row in phase(version, 1).planexercises.all()] == [True] + [False] * (
        len(rows) - 1
    )


@pytest.mark.parametrize("values", [{}, {"sets": " "}])
def test_a_bulk_dose_says_something(version: PlanVersion, values: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        change_phase_doses(phase(version, 1), version.created_by, values=values, reason="Why not", today=TODAY)


# --- Undo -----------------------------------------------------------------------------------------------------------


def _remove(v: PlanVersion) -> None:
    remove_item(exercise(v, 1, "glute_set"), v.created_by, reason="Does it already")


def _remove_technique(v: PlanVersion) -> None:
    remove_item(technique(v, 1, "mt_positional_release"), v.created_by, reason="Not today")


def _dose(v: PlanVersion) -> None:
    change_dose(exercise(v, 1, "glute_set"), v.created_by, values={**DOSE, "sets": 2}, reason="Strong", today=TODAY)


def _technique_dose(v: PlanVersion) -> None:
    item = technique(v, 1, "mt_soft_tissue_release")
    change_dose(item, v.created_by, values={"session_min": "7,5"}, reason="Short", today=TODAY)


def _swap(v: PlanVersion) -> None:
    swap_exercise(exercise(v, 2, "bridge_double"), v.created_by, to="harder", reason="Easy", today=TODAY)


def _add(v: PlanVersion) -> None:
    add_exercise(phase(v, 1), v.created_by, key="cat_camel", reason="Likes it", today=TODAY)


def _place(v: PlanVersion) -> None:
    item = technique(v, 1, "mt_soft_tissue_release")
    change_place(item, v.created_by, region="buttock", side="right", reason="There", today=TODAY)


def _order(v: PlanVersion) -> None:
    move_item(exercise(v, 1, "glute_set"), v.created_by, up=False)


def _bulk(v: PlanVersion) -> None:
    change_phase_doses(phase(v, 2), v.created_by, values={"sets": "3"}, reason="Ready", today=TODAY)


def _words(v: PlanVersion) -> None:
    set_summary(v, v.created_by, text="We start gently.")


@pytest.mark.parametrize(
    "change", [_remove, _remove_technique, _dose, _technique_dose, _swap, _add, _place, _order, _bulk, _words]
)
def test_undo_puts_everything_back(version: PlanVersion, change: Any) -> None:
    before = content_of(version)
    change(version)
    assert content_of(version) != before
    undo_last(version, version.created_by, today=TODAY)
    assert content_of(version) == before
    assert last_change(version) is None
    kept = version.edits.values_list("action", flat=True)
    assert "undo" in kept
    assert len(set(kept)) == 2  # the change stays in the history, and that it was taken back


def test_undo_goes_back_step_by_step(version: PlanVersion) -> None:
    states = [content_of(version)]
    for change in (_remove, _swap, _bulk):
        change(version)
        states.append(content_of(version))
    for state in reversed(states[:-1]):
        undo_last(version, version.created_by, today=TODAY)
        assert content_of(version) == state
    with pytest.raises(Conflict):
        undo_last(version, version.created_by, today=TODAY)


def test_an_alternative_goes_back_to_the_alternatives(version: PlanVersion) -> None:
    remove_item(technique(version, 1, "mt_positional_release"), version.created_by, reason="Not today")
    before = content_of(version)
    plan_alternative(technique(version, 1, "mt_joint_mob_1_2"), version.created_by, reason="Stiff", today=TODAY)
    undo_last(version, version.created_by, today=TODAY)
    assert content_of(version) == before


def test_a_decision_about_a_cause_is_not_undone_here(version: PlanVersion) -> None:
    cause = version.causes.all()[0]
    decide_cause(cause, version.created_by, decision="accepted", reason="Fits well", today=TODAY)
    before = print_of(version)
    with pytest.raises(Conflict, match="Decide about it again"):
        undo_last(version, version.created_by, today=TODAY)
    assert print_of(version) == before


def test_what_was_taken_back_is_not_played_again_when_causes_change(version: PlanVersion) -> None:
    _remove(version)
    undo_last(version, version.created_by, today=TODAY)
    cause = version.causes.order_by("-position").first()
    assert cause is not None
    decide_cause(cause, version.created_by, decision="rejected", reason="Does not fit", today=TODAY)
    assert _has(version, 1, "glute_set")


# --- Packs and favourites -------------------------------------------------------------------------------------------


def test_a_pack_carries_doses_from_one_plan_to_another(version: PlanVersion) -> None:
    by = version.created_by
    _dose(version)
    pack = save_pack(phase(version, 1), by, name="  Low  back 1 ", for_clinic=True)
    assert (pack.name, pack.owner, pack.items.count()) == ("Low back 1", None, phase(version, 1).planexercises.count())

    PlanExercise.objects.filter(phase=phase(version, 1)).exclude(exercise__key="glute_set").delete()
    done = apply_pack(phase(version, 1), by, pack=pack, reason="As last time", today=TODAY)

    assert dict(done.refused) == {"Gluteal squeeze": "Gluteal squeeze is already in phase 1."}
    assert len(done.added) == pack.items.count() - 1
    undo_last(version, by, today=TODAY)
    assert [row.exercise.key for row in phase(version, 1).planexercises.all()] == ["glute_set"]


def test_a_pack_is_screened_item_by_item() -> None:
    """A pack made for a strong back is applied to a pregnant patient: what may not be done stays out, said why."""
    free = case_draft("case_01")
    pack = save_pack(phase(free, 3), free.created_by, name="Strong", for_clinic=True)
    version = case_draft("case_05")
    number = 1
    PlanExercise.objects.filter(phase__version=version, phase__number=number).delete()
    done = apply_pack(phase(version, number), version.created_by, pack=pack, reason="Try", today=TODAY)
    assert len(done.added) + len(done.refused) == pack.items.count()
    assert done.refused
    assert all(why for _, why in done.refused)
    stored = {row.safety for row in phase(version, number).planexercises.all()}
    assert stored <= {"clear", "precaution"}


def test_pack_names_are_unique_and_said(version: PlanVersion) -> None:
    by = version.created_by
    save_pack(phase(version, 1), by, name="Mine", for_clinic=False)
    with pytest.raises(Conflict):
        save_pack(phase(version, 1), by, name="Mine", for_clinic=False)
    with pytest.raises(Invalid):
        save_pack(phase(version, 1), by, name=" ", for_clinic=False)
    save_pack(phase(version, 1), by, name="Mine", for_clinic=True)
    other = PhysioFactory()
    assert [p.owner for p in Pack.objects.usable_by(other)] == [None]
    assert Pack.objects.usable_by(by).count() == 2
    with pytest.raises(Refused):
        delete_pack(Pack.objects.get(owner=by), other)


def test_a_star_comes_and_goes(version: PlanVersion) -> None:
    row = Exercise.objects.get(key="clam")
    assert toggle_favourite(row, version.created_by) is True
    assert toggle_favourite(row, version.created_by) is False
    assert not Favourite.objects.exists()


# --- Credentials, equipment, wishes ---------------------------------------------------------------------------------


def test_a_certificate_that_ended_since_the_draft_does_not_count(version: PlanVersion) -> None:
    """The draft still knows the certificate; the action asks what is valid today."""
    by = version.created_by
    PlanTechnique.objects.filter(phase=phase(version, 1)).delete()
    Credential.objects.update(valid_until=date(2026, 11, 23))
    before = print_of(version)
    with pytest.raises(Refused, match="dry_needling_certificate"):
        add_technique(
            phase(version, 1), by, key="dn_superficial", region="lumbar", side="right", reason="Knots", today=TODAY
        )
    assert print_of(version) == before


def test_a_device_that_the_clinic_does_not_have_is_refused(version: PlanVersion) -> None:
    PlanTechnique.objects.filter(phase=phase(version, 1)).delete()
    Clinic.objects.all().delete()
    ClinicFactory(equipment=["plinth"])
    before = print_of(version)
    with pytest.raises(Refused, match="not in the clinic"):
        add_technique(
            phase(version, 1), version.created_by,
            key="es_tens_conventional", region="lumbar", side="right", reason="Calm it", today=TODAY,
        )  # fmt: skip
    assert print_of(version) == before


def test_declined_families_are_facts(version: PlanVersion) -> None:
    patient, by = version.plan.episode.patient, version.created_by
    assert set_declined(patient, by, families=["electro"]) is True
    assert set_declined(patient, by, families=["electro"]) is False
    assert declined_families(patient) == ("electro",)
    assert facts_moved_on(page_version(version), today=TODAY)
    with pytest.raises(DomainError):
        set_declined(patient, by, families=["needling"])


def test_a_draft_after_a_wish_holds_none_of_the_family(version: PlanVersion) -> None:
    from plans.actions import draft_plan

    set_declined(version.plan.episode.patient, version.created_by, families=["manual_soft"])
    fresh = draft_plan(page_version(version).assessment, version.created_by, today=TODAY)
    families = PlanTechnique.objects.filter(phase__version=fresh).values_list("technique__category", flat=True)
    assert "manual_soft" not in set(families)
    assert any(row["reason"]["rule"] == "preference" for row in fresh.draft["excluded"])
