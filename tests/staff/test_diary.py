"""The diary's pages: the day, booking with conflicts, moving, cancelling, checking in; nothing clinical for anybody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.models import AccessEvent, Practitioner, User
from scheduling.models import Appointment
from tests.factories.clinic import (
    ClinicFactory,
    EpisodeFactory,
    FrontDeskFactory,
    ManagerFactory,
    PatientConditionFactory,
    PatientFactory,
    PractitionerFactory,
)
from tests.factories.reminders import MessageFactory
from tests.factories.scheduling import AppointmentFactory, RoomFactory, works_all_week

pytestmark = pytest.mark.django_db

LONDON = ZoneInfo("Europe/London")
CLINICAL = "Back seized up"


@pytest.fixture
def physio() -> Practitioner:
    ClinicFactory()
    return works_all_week(PractitionerFactory(user__name="Mo Farrow"))


@pytest.fixture
def desk(physio: Practitioner) -> User:
    return FrontDeskFactory()


@pytest.fixture
def browser_of_desk(client: Client, desk: User) -> Client:
    client.force_login(desk)
    return client


def tomorrow(hour: int, minute: int = 0) -> datetime:
    day = timezone.localdate(timezone=LONDON) + timedelta(days=1)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=LONDON)


def visit_at(physio: Practitioner, start: datetime, **kwargs: Any) -> Appointment:
    return AppointmentFactory(practitioner=physio, start=start, **kwargs)


def wish(physio: Practitioner, start: datetime, **kwargs: Any) -> dict[str, Any]:
    return {
        "practitioner": physio.pk,
        "kind": "follow_up",
        "day": start.date().isoformat(),
        "at": f"{start:%H:%M}",
        "minutes": "30",
        "room": "",
        "desk_note": "",
        "booking_key": "key-1",
        **kwargs,
    }


def day_page(client: Client, day: datetime) -> str:
    return client.get(reverse("staff:diary"), {"day": day.date().isoformat()}).content.decode()


def test_the_day_shows_visits_states_and_free_time(browser_of_desk: Client, physio: Practitioner) -> None:
    visit = visit_at(physio, tomorrow(10), room=RoomFactory(name="Room 7"), state="confirmed")
    page = day_page(browser_of_desk, tomorrow(10))
    for text in ("Mo Farrow", visit.patient.display_name, "Confirmed", "Room 7", "Book 10:30 with Mo Farrow"):
        assert text in page
    assert "Book 10:00 with Mo Farrow" not in page
    assert AccessEvent.objects.filter(patient_id=visit.patient_id, view="staff:diary").exists()


def test_the_diary_reads_on_the_clinics_clock_whoever_reads(client: Client, physio: Practitioner) -> None:
    visit_at(physio, tomorrow(10))
    client.force_login(FrontDeskFactory(time_zone="America/Edmonton"))
    assert "10:00" in day_page(client, tomorrow(10))


def test_a_day_that_is_none_shows_today(browser_of_desk: Client) -> None:
    for text in ("yesterday", "9999-12-31", "2026-02-30", ""):
        assert browser_of_desk.get(reverse("staff:diary"), {"day": text}).status_code == 200


def test_nothing_clinical_reaches_the_front_desk(browser_of_desk: Client, physio: Practitioner) -> None:
    patient = PatientFactory()
    EpisodeFactory(patient=patient, practitioner=physio, complaint=CLINICAL)
    PatientConditionFactory(patient=patient)
    visit = visit_at(physio, tomorrow(10), patient=patient)
    pages = [
        day_page(browser_of_desk, tomorrow(10)),
        *(
            browser_of_desk.get(url).content.decode()
            for url in (
                reverse("staff:appointment-edit", args=[visit.pk]),
                reverse("staff:appointment-cancel", args=[visit.pk]),
                reverse("staff:appointment-new") + f"?patient={patient.pk}",
                reverse("staff:appointment-new") + f"?q={patient.given_name}",
            )
        ),
    ]
    for page in pages:
        assert CLINICAL not in page
        assert "pacemaker" not in page.lower()


def test_a_physiotherapist_sees_that_a_colleague_is_busy_and_not_with_whom(
    client: Client, physio: Practitioner
) -> None:
    strange = visit_at(works_all_week(PractitionerFactory(user__name="Ana Birch")), tomorrow(10))
    own = visit_at(physio, tomorrow(11))
    client.force_login(physio.user)
    page = day_page(client, tomorrow(10))
    assert strange.patient.display_name not in page
    assert "Taken" in page
    assert own.patient.display_name in page
    assert page.index("Mo Farrow") < page.index("Ana Birch")
    assert client.get(reverse("staff:appointment-edit", args=[strange.pk])).status_code == 404


def test_booking_from_a_free_piece(browser_of_desk: Client, physio: Practitioner, desk: User) -> None:
    patient = PatientFactory(given_name="Zelda")
    url = reverse("staff:appointment-new")
    found = browser_of_desk.get(url, {"q": "zel", "practitioner": str(physio.pk), "start": tomorrow(9).isoformat()})
    assert f"patient={patient.pk}" in found.content.decode()
    form = browser_of_desk.get(
        url, {"patient": patient.pk, "practitioner": physio.pk, "start": tomorrow(9).isoformat()}
    ).context["form"]
    assert (form["practitioner"].value(), form["at"].value().hour) == (str(physio.pk), 9)
    answer = browser_of_desk.post(url, {"patient": patient.pk, **wish(physio, tomorrow(9))})
    visit = Appointment.objects.get()
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith(f"#visit-{visit.pk}")
    assert (visit.starts_at, visit.patient, visit.created_by) == (tomorrow(9), patient, desk)


def test_a_double_click_books_once(browser_of_desk: Client, physio: Practitioner) -> None:
    data = {"patient": PatientFactory().pk, **wish(physio, tomorrow(9))}
    for _ in range(2):
        assert browser_of_desk.post(reverse("staff:appointment-new"), data).status_code == 302
    assert Appointment.objects.count() == 1


def test_a_taken_time_answers_409_keeps_what_was_typed_and_offers_others(
    browser_of_desk: Client, physio: Practitioner
) -> None:
    visit_at(physio, tomorrow(9))
    patient = PatientFactory()
    data = {"patient": patient.pk, **wish(physio, tomorrow(9), desk_note="Needs the lift", kind="reassessment")}
    answer = browser_of_desk.post(reverse("staff:appointment-new"), data)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Mo Farrow already has a visit at that time." in page
    assert "Needs the lift" in page
    assert answer.context["form"]["kind"].value() == "reassessment"
    offered = answer.context["alternatives"][0]
    assert Appointment.objects.count() == 1
    taken = browser_of_desk.post(reverse("staff:appointment-new"), {**data, "take": offered.start.isoformat()})
    assert taken.status_code == 302
    assert Appointment.objects.get(patient=patient).starts_at == offered.start


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"at": "07:00"}, "at"),
        ({"at": "25:00"}, "at"),
        ({"day": "2020-01-01"}, "at"),
        ({"day": "soon"}, "day"),
        ({"minutes": "7"}, "minutes"),
        ({"kind": "massage"}, "kind"),
        ({"practitioner": "999999"}, "practitioner"),
        ({"room": "999999"}, "room"),
        ({"desk_note": "x" * 201}, "desk_note"),
    ],
)
def test_what_cannot_be_booked_is_said_at_the_field(
    browser_of_desk: Client, physio: Practitioner, change: dict[str, str], field: str
) -> None:
    data = {"patient": PatientFactory().pk, **wish(physio, tomorrow(9)), **change}
    answer = browser_of_desk.post(reverse("staff:appointment-new"), data)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Appointment.objects.exists()


def test_moving_and_the_stale_form(browser_of_desk: Client, physio: Practitioner) -> None:
    visit = visit_at(physio, tomorrow(9))
    url = reverse("staff:appointment-edit", args=[visit.pk])
    assert browser_of_desk.post(url, wish(physio, tomorrow(11), sequence=0)).status_code == 302
    visit.refresh_from_db()
    assert (visit.starts_at, visit.sequence) == (tomorrow(11), 1)
    stale = browser_of_desk.post(url, wish(physio, tomorrow(12), sequence=0))
    assert stale.status_code == 409
    assert "Somebody else changed this visit" in stale.content.decode()


def test_cancelling_with_a_reason_and_taking_it_back(browser_of_desk: Client, physio: Practitioner) -> None:
    visit = visit_at(physio, tomorrow(9))
    url = reverse("staff:appointment-cancel", args=[visit.pk])
    assert browser_of_desk.post(url, {}).status_code == 422
    assert browser_of_desk.post(url, {"reason": "patient", "sequence": 0}).status_code == 302
    visit.refresh_from_db()
    assert (visit.state, visit.cancel_reason) == ("cancelled", "patient")
    assert "1 visit does not take place" in day_page(browser_of_desk, tomorrow(9))
    browser_of_desk.post(reverse("staff:appointment-state", args=[visit.pk]), {"state": "booked"})
    visit.refresh_from_db()
    assert visit.state == "booked"


def test_checking_in_is_one_tap_on_the_day(browser_of_desk: Client, physio: Practitioner) -> None:
    now = timezone.now()
    visit = visit_at(physio, now - timedelta(minutes=1))
    page = browser_of_desk.get(reverse("staff:diary"), {"day": visit.starts_at.astimezone(LONDON).date().isoformat()})
    assert f"{visit.patient.display_name}: Arrived" in page.content.decode()
    browser_of_desk.post(reverse("staff:appointment-state", args=[visit.pk]), {"state": "arrived"})
    visit.refresh_from_db()
    assert visit.state == "arrived"


def test_a_step_that_does_not_follow_answers_409(browser_of_desk: Client, physio: Practitioner) -> None:
    visit = visit_at(physio, tomorrow(9))
    answer = browser_of_desk.post(reverse("staff:appointment-state", args=[visit.pk]), {"state": "completed"})
    assert answer.status_code == 409
    visit.refresh_from_db()
    assert visit.state == "booked"


def test_the_visit_tells_whether_its_reminder_went(browser_of_desk: Client, physio: Practitioner) -> None:
    visit = visit_at(physio, tomorrow(9))
    MessageFactory(
        patient=visit.patient,
        kind="appointment",
        subject=f"appointment:{visit.pk}",
        state="sent",
        sent_at=timezone.now(),
    )
    page = browser_of_desk.get(reverse("staff:appointment-edit", args=[visit.pk])).content.decode()
    assert "Sent, " in page


def test_the_day_takes_the_same_queries_for_one_visit_and_for_many(
    client: Client, physio: Practitioner, django_assert_max_num_queries: Any
) -> None:
    client.force_login(ManagerFactory())
    day_page(client, tomorrow(9))
    visit_at(physio, tomorrow(9))
    for hour in range(9, 15):
        visit_at(works_all_week(PractitionerFactory()), tomorrow(hour))
    with django_assert_max_num_queries(10):
        day_page(client, tomorrow(9))
