"""The patient's own visits: confirm, cancel by the clinic's rules, take along in a calendar."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from clinic.models import Clinic
from scheduling.models import Appointment
from tests.factories.scheduling import AppointmentFactory


def visit_in(home: SimpleNamespace, hours: float, **more: object) -> Appointment:
    start = (timezone.now() + timedelta(hours=hours)).replace(microsecond=0)
    visit: Appointment = AppointmentFactory(patient=home.patient, start=start, **more)
    return visit


def test_confirming_is_shown_and_twice_is_once(home: SimpleNamespace) -> None:
    visit = visit_in(home, 48)
    listed = home.client.get(reverse("portal:visits")).content.decode()
    assert "I will come" in listed
    for _ in range(2):
        assert home.client.post(reverse("portal:visit-confirm", args=[visit.pk])).status_code == 302
    visit.refresh_from_db()
    assert (visit.state, visit.sequence) == ("confirmed", 0)
    listed = home.client.get(reverse("portal:visits")).content.decode()
    assert "Confirmed" in listed
    assert "I will come" not in listed


def test_a_visit_that_has_begun_cannot_be_confirmed(home: SimpleNamespace) -> None:
    visit = visit_in(home, -0.1)
    answer = home.client.post(reverse("portal:visit-confirm", args=[visit.pk]))
    assert answer.status_code == 409
    assert "has begun" in answer.content.decode()
    visit.refresh_from_db()
    assert visit.state == "booked"


def test_cancelling_asks_first_and_frees_the_time(home: SimpleNamespace) -> None:
    visit = visit_in(home, 48)
    address = reverse("portal:visit-cancel", args=[visit.pk])
    asked = home.client.get(address).content.decode()
    assert "Cancel this visit?" in asked
    assert Appointment.objects.get(pk=visit.pk).state == "booked"
    for _ in range(2):
        assert home.client.post(address, {"sequence": "0"}).status_code == 302
    visit.refresh_from_db()
    assert (visit.state, visit.cancel_reason, visit.cancelled_late, visit.sequence) == (
        "cancelled",
        "patient",
        False,
        1,
    )


@pytest.mark.parametrize(
    ("limit", "hours", "allowed"), [(24, 25, True), (24, 23, False), (0, 1, True), (48, 47, False), (336, 400, True)]
)
def test_the_clinic_says_until_when(home: SimpleNamespace, limit: int, hours: float, allowed: bool) -> None:
    Clinic.objects.update(cancel_until_hours=limit)
    visit = visit_in(home, hours)
    listed = home.client.get(reverse("portal:visits")).content.decode()
    assert ("I cannot come" in listed) is allowed
    answer = home.client.post(reverse("portal:visit-cancel", args=[visit.pk]), {"sequence": "0"})
    assert answer.status_code == (302 if allowed else 422)
    visit.refresh_from_db()
    assert visit.state == ("cancelled" if allowed else "booked")
    if not allowed:
        assert "Please call the clinic" in answer.content.decode()


@pytest.mark.parametrize("typed", ["7", "", "-1", "1e3", "99999999999999999999"])
def test_a_visit_that_was_moved_meanwhile_is_not_cancelled_blindly(home: SimpleNamespace, typed: str) -> None:
    visit = visit_in(home, 48, sequence=1)
    answer = home.client.post(reverse("portal:visit-cancel", args=[visit.pk]), {"sequence": typed})
    assert answer.status_code == 409
    visit.refresh_from_db()
    assert (visit.state, visit.sequence) == ("booked", 1)


def test_another_persons_visit_does_not_exist(home: SimpleNamespace) -> None:
    visit = AppointmentFactory(start=timezone.now() + timedelta(days=3))
    for name in ("visit-confirm", "visit-cancel"):
        assert home.client.post(reverse(f"portal:{name}", args=[visit.pk]), {"sequence": "0"}).status_code == 404
    assert home.client.get(reverse("portal:visit-calendar", args=[visit.pk])).status_code == 404
    visit.refresh_from_db()
    assert visit.state == "booked"


def test_the_calendar_entry_is_stable_and_says_nothing_clinical(home: SimpleNamespace) -> None:
    visit = visit_in(home, 48, kind="needling", desk_note="rings twice")
    address = reverse("portal:visit-calendar", args=[visit.pk])
    answer = home.client.get(address)
    assert answer["Content-Type"].startswith("text/calendar")
    (entry,) = Calendar.from_ical(answer.content).walk("VEVENT")
    assert str(entry["uid"]).startswith(str(visit.uid))
    assert (entry.decoded("sequence"), str(entry["status"])) == (0, "CONFIRMED")
    assert entry.decoded("dtstart") == visit.during.lower
    assert entry.decoded("dtend") == visit.during.upper
    assert b"eedling" not in answer.content
    assert b"rings twice" not in answer.content
    home.client.post(reverse("portal:visit-cancel", args=[visit.pk]), {"sequence": "0"})
    (entry,) = Calendar.from_ical(home.client.get(address).content).walk("VEVENT")
    assert (str(entry["uid"]).split("@")[0], entry.decoded("sequence"), str(entry["status"])) == (
        str(visit.uid),
        1,
        "CANCELLED",
    )


def test_past_visits_are_listed_cancelled_ones_not(home: SimpleNamespace) -> None:
    visit_in(home, -50, state="did_not_attend")
    visit_in(home, -80, state="cancelled", cancelled_at=timezone.now())
    listed = home.client.get(reverse("portal:visits")).content.decode()
    assert "Your last visits" in listed
    assert listed.count("Missed") == 1
    assert listed.count('<li><span class="grow">') == 1
