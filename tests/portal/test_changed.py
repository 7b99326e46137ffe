"""Something has changed: the advice, the report, the hold and the look. The number is on top of every answer."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assessments.vocabulary import RED_FLAGS
from clinic.errors import Conflict, Refused
from clinic.locality import patient_today
from clinic.models import Practitioner
from exercises.actions import hold_for_safety, lift_safety_hold, pause
from exercises.models import Prescription, PrescriptionPause
from plans.actions.phases import enter_phase
from plans.actions.red_flags import _programme
from plans.actions.told import MOST_PER_DAY, look_at
from plans.models import Alert, ChangeLook, ChangeReport
from plans.signs import CARRY_ON, EMERGENCY, SIGNS, most_urgent
from plans.watch.actions import settle
from tests.factories.clinic import PractitionerFactory
from tests.factories.exercises import PrescriptionFactory
from tests.factories.people import change_report
from tests.factories.plans import TODAY, case_draft

pytestmark = pytest.mark.django_db
CHANGED = "/portal/changed/"

# Asked by the clinic only: they need an examination or a measurement, or are no sudden change.
NOT_FOR_PATIENTS = {
    "dizziness_neck", "cancer_history_only", "inflammatory_axspa", "vascular_claudication", "electrolyte_severe",
    "stress_fracture", "ms_spasm_trigger", "adolescent_extension", "gca_pmr", "pmr_pattern", "blood_pressure",
    "hypertension_moderate", "thyroid_metabolic", "medication_cramp",
}  # fmt: skip


def practitioner_of(home: SimpleNamespace) -> Practitioner:
    return home.episode.practitioner  # type: ignore[no-any-return]


def nothing_happened(home: SimpleNamespace) -> bool:
    home.prescription.refresh_from_db()
    return not ChangeReport.objects.exists() and not Alert.objects.exists() and home.prescription.state == "active"


# --- The signs --------------------------------------------------------------------------------------------------------


@pytest.mark.hazard("H-32")
def test_a_sign_is_at_least_as_urgent_as_the_flags_behind_it() -> None:
    for sign in SIGNS.values():
        for flag in sign.flags:
            rule = RED_FLAGS[flag]
            if rule.disposition == "emergency_now":
                assert sign.then == EMERGENCY, (sign.key, flag)
            assert sign.then != CARRY_ON
            if rule.action == "block_plan":
                assert sign.stops, (sign.key, flag)


@pytest.mark.hazard("H-32")
def test_every_red_flag_is_behind_a_sign_or_is_asked_in_the_clinic() -> None:
    behind = {flag for sign in SIGNS.values() for flag in sign.flags}
    assert behind | NOT_FOR_PATIENTS == set(RED_FLAGS)
    assert not behind & NOT_FOR_PATIENTS
    assert not [key for key in NOT_FOR_PATIENTS if RED_FLAGS[key].disposition == "emergency_now"]


def test_the_most_urgent_decides() -> None:
    assert most_urgent([SIGNS["sore"]]) == "carry_on"
    assert most_urgent([SIGNS["sore"], SIGNS["worse"]]) == "today"
    assert most_urgent([SIGNS["worse"], SIGNS["saddle"], SIGNS["sore"]]) == "emergency"
    with pytest.raises(ValueError, match="empty"):
        most_urgent([])


# --- Telling ----------------------------------------------------------------------------------------------------------


@pytest.mark.hazard("H-32")
@pytest.mark.parametrize(
    ("signs", "then", "severity", "state", "says"),
    [
        (["saddle"], "emergency", "urgent", "paused", "Call 999 now or go to an emergency department"),
        (["sore", "calf"], "emergency", "urgent", "paused", "Call 999 now"),
        (["self_harm"], "emergency", "urgent", "paused", "You are not alone with this"),
        (["weakness"], "today", "high", "paused", "Call the clinic today"),
        (["pregnant"], "today", "high", "paused", "Please pause all exercises"),
        (["worse"], "today", "high", "active", "Call the clinic today"),
        (["other"], "today", "high", "active", "Call the clinic today"),
        (["sore"], "carry_on", "low", "active", "Carry on gently"),
    ],
)
def test_an_answer_leads_to_what_to_do(
    home: SimpleNamespace, signs: list[str], then: str, severity: str, state: str, says: str
) -> None:
    answer = home.client.post(CHANGED, {"signs": signs, "words": "since this morning"}, follow=True)
    report = ChangeReport.objects.get()
    alert = Alert.objects.get()
    home.prescription.refresh_from_db()
    home.foreign.refresh_from_db()
    text = answer.content.decode()
    assert (report.then, alert.severity, home.prescription.state) == (then, severity, state)
    assert (report.patient, report.by, report.words) == (home.patient, home.patient.user, "since this morning")
    assert home.foreign.state == "active"
    assert says in text
    assert "since this morning" in text
    assert text.index('href="tel:999"') < text.index("What to do now</h1>") + 400, "the number stands on top"


@pytest.mark.hazard("H-32")
def test_the_page_says_what_to_do_without_a_script(home: SimpleNamespace) -> None:
    text = home.client.get(CHANGED).content.decode()
    assert text.count("Call 999 now or go to emergency care") == sum(s.then == EMERGENCY for s in SIGNS.values()) - 1
    assert all(f'value="{key}"' in text for key in SIGNS)
    assert text.index('href="tel:999"') < text.index("<form")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({}, 422),
        ({"signs": []}, 422),
        ({"words": "   "}, 422),
        ({"words": "x" * 1001, "signs": ["saddle"]}, 422),
        ({"words": "a\x00b", "signs": ["saddle"]}, 422),
        ({"signs": ["x" * 41]}, 422),
    ],
)
def test_bad_input_changes_nothing_and_keeps_the_number(
    home: SimpleNamespace, data: dict[str, object], status: int
) -> None:
    answer = home.client.post(CHANGED, data)
    assert answer.status_code == status
    assert 'href="tel:999"' in answer.content.decode()
    assert nothing_happened(home)


@pytest.mark.parametrize(
    "data",
    [
        {"signs": ["a_sign_of_an_older_page"]},
        {"words": "Ünïcode 🦵 only words"},
        {"signs": ["other"], "client_id": "none", "acted_at": "yesterday"},
        {"signs": ["other"], "acted_at": "2999-01-01T00:00:00Z"},
        {"signs": ["other"], "acted_at": "2020-01-01T00:00:00Z"},
    ],
)
def test_a_warning_is_never_lost_over_a_detail(home: SimpleNamespace, data: dict[str, object]) -> None:
    assert home.client.post(CHANGED, data).status_code == 302
    report = ChangeReport.objects.get()
    assert report.signs == ["other"]
    assert timezone.now() - report.acted_at < timedelta(minutes=1)


def test_the_same_report_twice_is_one(home: SimpleNamespace) -> None:
    data = {"signs": ["saddle"], "client_id": str(uuid4())}
    first, second = (home.client.post(CHANGED, data)["Location"] for _ in range(2))
    assert first == second
    assert ChangeReport.objects.count() == Alert.objects.count() == 1


def test_sent_later_it_keeps_its_own_time(home: SimpleNamespace) -> None:
    at = (timezone.now() - timedelta(hours=5)).replace(microsecond=0)
    home.client.post(CHANGED, {"signs": ["worse"], "acted_at": at.isoformat()})
    assert ChangeReport.objects.get().acted_at == at


def test_a_flood_is_cut_and_still_says_what_to_do(home: SimpleNamespace) -> None:
    for _ in range(MOST_PER_DAY):
        change_report(home.patient)
    answer = home.client.post(CHANGED, {"signs": ["saddle"]})
    assert answer.status_code == 429
    assert 'href="tel:999"' in answer.content.decode()
    assert ChangeReport.objects.count() == MOST_PER_DAY


def test_somebody_elses_report_is_not_there(home: SimpleNamespace) -> None:
    foreign = change_report(home.foreign.patient)
    assert home.client.get(f"{CHANGED}{foreign.pk}/").status_code == 404
    key = {"signs": ["worse"], "client_id": str(foreign.client_id)}
    assert home.client.post(CHANGED, key).status_code == 422
    assert ChangeReport.objects.get() == foreign


@pytest.mark.hazard("H-32")
def test_report_and_alert_stand_or_fall_together(home: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("plans.actions.told.raise_alert", broken)
    with pytest.raises(RuntimeError):
        change_report(home.patient, "saddle")
    assert nothing_happened(home)


@pytest.mark.hazard("H-32")
def test_the_database_keeps_what_was_said(home: SimpleNamespace) -> None:
    report = change_report(home.patient, "saddle")
    look_at(report, practitioner_of(home).user, goes_on=False, note="Called, in hospital", today=home.today)
    for rows in (ChangeReport.objects.all(), ChangeLook.objects.all()):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        ChangeReport.objects.update(words="")


# --- Looking ----------------------------------------------------------------------------------------------------------


@pytest.mark.hazard("H-32")
def test_the_exercises_rest_until_a_physiotherapist_has_looked(home: SimpleNamespace) -> None:
    change_report(home.patient, "saddle")
    second = change_report(home.patient, "weakness")
    physio = practitioner_of(home).user
    assert "resting for now" in home.client.get("/portal/").content.decode()
    look_at(second, physio, goes_on=True, note="Spoke to her", today=home.today)
    home.prescription.refresh_from_db()
    assert home.prescription.state == "paused", "the first report still waits"
    look_at(ChangeReport.objects.waiting().get(), physio, goes_on=True, note="Hospital: all clear", today=home.today)
    home.prescription.refresh_from_db()
    assert home.prescription.state == "active"
    assert set(Alert.objects.values_list("state", flat=True)) == {"done"}
    assert "Hospital: all clear" in Alert.objects.latest("closed_at").outcome


def test_what_others_hold_stays_on_hold(home: SimpleNamespace) -> None:
    held = PrescriptionFactory(episode=home.episode, state=Prescription.State.PAUSED)
    PrescriptionPause.objects.create(prescription=held, starts_on=home.today, reason="Red flag at the visit")
    report = change_report(home.patient, "saddle")
    assert report.held == [home.prescription.pk]
    look_at(report, practitioner_of(home).user, goes_on=True, note="All clear", today=home.today)
    held.refresh_from_db()
    assert held.state == "paused"


@pytest.mark.hazard("H-32")
def test_what_the_safety_gate_lets_go_still_waits_for_the_look(home: SimpleNamespace) -> None:
    rows = [home.prescription]
    hold_for_safety(rows, on=home.today, reason="New fact")
    report = change_report(home.patient, "saddle")
    lift_safety_hold(rows, on=home.today)
    home.prescription.refresh_from_db()
    assert home.prescription.state == "paused", "the report waits"
    hold_for_safety(rows, on=home.today, reason="New fact")
    look_at(report, practitioner_of(home).user, goes_on=True, note="All clear", today=home.today)
    home.prescription.refresh_from_db()
    assert home.prescription.state == "paused", "the gate holds again"
    lift_safety_hold(rows, on=home.today)
    home.prescription.refresh_from_db()
    assert home.prescription.state == "active"


@pytest.mark.hazard("H-32")
def test_a_corrected_answer_at_the_visit_does_not_overrule_the_report() -> None:
    version = case_draft("case_01")
    plan, physio = version.plan, version.plan.episode.practitioner.user
    enter_phase(plan, version, number=1, by=physio, reason="Version 1 signed", today=TODAY)
    mine = Prescription.objects.filter(episode__patient=plan.episode.patient)
    for row in mine:
        pause(row, by=physio, on=TODAY, reason="Red flag at the visit: saddle numbness")
    report = change_report(plan.episode.patient, "saddle", by=physio)
    _programme(plan, {}, {}, by=physio, today=TODAY)
    assert set(mine.values_list("state", flat=True)) == {"paused"}
    look_at(report, physio, goes_on=True, note="Spoke to her: clear", today=TODAY)
    assert set(mine.values_list("state", flat=True)) == {"active"}


def test_who_may_look(home: SimpleNamespace) -> None:
    report = change_report(home.patient, "saddle")
    with pytest.raises(Refused):
        look_at(report, home.patient.user, goes_on=True, note="Fine", today=home.today)
    with pytest.raises(Refused):
        settle(Alert.objects.get(), practitioner_of(home).user, action="called", outcome="Fine")
    assert not ChangeLook.objects.exists()
    assert Alert.objects.get().state == "open"
    look_at(report, practitioner_of(home).user, goes_on=False, note="Called", today=home.today)
    with pytest.raises(Conflict):
        look_at(report, PractitionerFactory().user, goes_on=True, note="Me too", today=home.today)


def test_the_staff_page(home: SimpleNamespace) -> None:
    report = change_report(home.patient, "saddle", words="numb since <b>noon</b>")
    home.patient.care_team.add(practitioner_of(home).user)
    client = Client()
    client.force_login(practitioner_of(home).user)
    url = reverse("staff:told-report", args=[report.pk])
    assert url in client.get(reverse("staff:worklist")).content.decode()
    text = client.get(url).content.decode()
    assert "numb since &lt;b&gt;noon&lt;/b&gt;" in text
    assert "between your legs" in text
    assert client.post(url, {}).status_code == 422
    assert client.post(url, {"goes_on": "yes", "note": "x"}).status_code == 422
    assert not ChangeLook.objects.exists()
    assert client.post(url, {"goes_on": "no", "note": "Called: in hospital"}).status_code == 302
    assert (ChangeLook.objects.get().goes_on, patient_today(home.patient)) == (False, home.today)


@pytest.mark.hazard("H-32")
def test_no_phase_begins_while_a_report_waits(home: SimpleNamespace) -> None:
    version = case_draft("case_01")
    patient, physio = version.plan.episode.patient, version.plan.episode.practitioner.user
    report = change_report(patient, "saddle", by=physio)
    given: dict[str, Any] = {"number": 1, "by": physio, "reason": "Version 1 signed", "today": TODAY}
    with pytest.raises(Conflict, match="Look at that first"):
        enter_phase(version.plan, version, **given)
    assert not Prescription.objects.filter(episode__patient=patient).exists()
    look_at(report, physio, goes_on=True, note="Spoke to her: clear", today=TODAY)
    enter_phase(version.plan, version, **given)
    assert Prescription.objects.filter(episode__patient=patient, state="active").exists()
