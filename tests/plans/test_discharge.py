"""Discharge: the record from data, refusals that name their field, and what the signature closes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from clinic.errors import Conflict, ManyProblems, Refused
from clinic.models import Practitioner
from exercises.models import Prescription
from plans.actions import move_to_phase
from plans.actions.discharge import DischargeWish, discharge
from plans.actions.notes import start_note
from plans.actions.worklist import raise_alert
from plans.discharge.record import _said, build_record, flare_plan_draft, meaningful
from plans.models import Alert, Discharge, Plan, PlanVersion
from plans.signatures import verify_signatures
from tests.factories.notes import bare_note, lock
from tests.factories.plans import TODAY, case_signed

pytestmark = pytest.mark.django_db

WISH = DischargeWish(
    kind="self_manage",
    home="keep",
    flare_plan="Two gentle days, then one step easier.",
    letter_consent=False,
    follow_up_on=TODAY + timedelta(days=90),
)


def end(version: PlanVersion, **changes: Any) -> Discharge:
    return discharge(version.plan, version.created_by, wish=replace(WISH, **changes), today=TODAY)


def test_the_record_is_built_from_what_was_measured() -> None:
    version = case_signed()
    lock(bare_note(version))  # worst pain 5
    record = build_record(version, today=TODAY)
    worst = next(row for row in record["outcomes"] if row["metric"] == "pain.nprs_worst_24h")
    baseline = version.facts["findings"]["pain.nprs_worst_24h"]["readings"][0]["value"]
    assert (worst["change"], worst["meaningful"]) == (5 - baseline, baseline - 5 >= 2)
    assert {goal["met"] for goal in record["goals"]} <= {True, False, None}
    assert {row["state"] for row in record["causes"]} == {"not_retested"}
    assert len(record["programme"]) == Prescription.objects.count()
    assert any("emergency" in line for line in record["warnings"])


def test_values_are_rounded_as_people_read_them() -> None:
    assert _said("rompct.thor_rotation", 101.6667) == "101.7 %"


CHANGES = [
    ("pain.nprs_worst_24h", -2, True),
    ("pain.nprs_worst_24h", -1, False),
    ("pain.nprs_worst_24h", 3, False),
    ("func.psfs_avg", 2, True),
    ("func.psfs_avg", -2, False),
    ("pain.nprs_worst_24h", None, None),
    ("no.such_metric", 5, None),
    ("rom.lum_flexion", 20, None),
]


@pytest.mark.parametrize(("metric", "change", "matters"), CHANGES)
def test_a_change_matters_in_the_right_direction_only(metric: str, change: float | None, matters: bool | None) -> None:
    assert meaningful(metric, change) is matters


def test_the_flare_plan_names_the_calming_exercises() -> None:
    version = case_signed()
    first = version.phases.get(number=1).planexercises.all()[0].exercise.name
    assert first in flare_plan_draft(version)


def test_it_closes_the_plan_and_the_episode_and_keeps_the_programme() -> None:
    version = case_signed()
    row = end(version)
    plan = Plan.objects.select_related("episode").get(pk=version.plan_id)
    assert (plan.state, plan.episode.state, plan.episode.closed_on) == ("completed", "closed", TODAY)
    assert not plan.progress.filter(left_on=None).exists()
    assert set(Prescription.objects.values_list("state", flat=True)) == {"active"}
    follow_up = Alert.objects.get(rule="follow_up")
    assert (follow_up.state, follow_up.plan_id) == ("snoozed", plan.pk)
    assert verify_signatures().holds
    with pytest.raises(DatabaseError), transaction.atomic():
        Discharge.objects.filter(pk=row.pk).update(summary="Other")
    with pytest.raises(DatabaseError), transaction.atomic():
        row.delete()


def test_what_waited_for_a_decision_on_the_phase_is_over() -> None:
    version = case_signed()
    for rule in ("phase_ready", "stop"):
        raise_alert(version.plan.episode.patient, rule, key=f"plan:{version.plan_id}", text="Look", plan=version.plan)
    end(version)
    assert Alert.objects.get(rule="phase_ready").state == "done"
    assert Alert.objects.get(rule="stop").state == "open", "an examination that is due stays due"


def test_the_programme_ends_when_that_is_chosen() -> None:
    end(case_signed(), home="end", follow_up_on=None)
    assert set(Prescription.objects.values_list("state", flat=True)) == {"stopped"}
    assert not Alert.objects.exists()


def test_nothing_goes_on_in_a_closed_plan() -> None:
    version = case_signed()
    end(version)
    for act in (
        lambda: start_note(version.plan, version.created_by, today=TODAY),
        lambda: move_to_phase(version.plan, version.created_by, to=2, reason="Try again", today=TODAY),
        lambda: end(version),
    ):
        with pytest.raises(Conflict):
            act()
    assert Plan.objects.get().state == "completed"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"kind": "better"}, "kind"),
    ({"home": ""}, "home"),
    ({"letter_consent": None}, "letter_consent"),
    ({"flare_plan": "  rest "}, "flare_plan"),
    ({"flare_plan": "x" * 3001}, "flare_plan"),
    ({"summary": "x" * 3001}, "summary"),
    ({"follow_up_on": TODAY - timedelta(days=1)}, "follow_up_on"),
    ({"follow_up_on": TODAY + timedelta(days=401)}, "follow_up_on"),
]


@pytest.mark.hazard("H-31")
@pytest.mark.parametrize(("changes", "field"), REFUSED)
def test_a_refusal_names_its_field_and_changes_nothing(changes: dict[str, Any], field: str) -> None:
    version = case_signed()
    with pytest.raises(ManyProblems) as refusal:
        end(version, **changes)
    assert [problem.field for problem in refusal.value.problems] == [field]
    assert (Plan.objects.get().state, Discharge.objects.count()) == ("active", 0)


def test_an_open_note_and_a_lapsed_registration_stand_in_the_way() -> None:
    version = case_signed()
    bare_note(version)
    with pytest.raises(ManyProblems, match="not signed"):
        end(version)
    Practitioner.objects.update(licence_valid_until=TODAY - timedelta(days=1))
    with pytest.raises(Refused):
        end(version)
    assert not Discharge.objects.exists()


@pytest.mark.hazard("H-31")
def test_the_pages_sign_show_and_tell_the_patient(client: Client) -> None:
    version = case_signed()
    client.force_login(version.created_by)
    address = reverse("staff:discharge-new", args=[version.plan.episode_id])
    assert "To decide and sign" in client.get(address).content.decode()
    typed = {"kind": "goals_met", "home": "keep", "flare_plan": "Warm pack first, then call.", "letter_consent": ""}
    refused = client.post(address, typed)
    assert refused.status_code == 422
    assert "Warm pack first" in refused.content.decode()
    client.post(address, {**typed, "letter_consent": "no"}, follow=True)
    row = Discharge.objects.get()
    detail = client.get(reverse("staff:discharge-detail", args=[row.pk])).content.decode()
    for said in ("Goals met", "Warm pack first", "Signed by", "Not re-tested"):
        assert said in detail
    patient = version.plan.episode.patient.user
    assert patient is not None
    client.force_login(patient)
    assert "Warm pack first" in client.get(reverse("portal:flare")).content.decode()
    assert "If it comes back" in client.get(reverse("portal:plan")).content.decode()
