"""Settings of messages in the portal: the table of kinds and ways, times of each weekday, habits, pause, number."""

from __future__ import annotations

from datetime import date, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse

from clinic.models import Patient
from reminders.models import ContactRules, Preference, Timetable
from reminders.readers import settings_for

pytestmark = pytest.mark.django_db

BODY = {
    "exercises-email": "on",
    "exercises-push": "on",
    "nudge-email": "on",
    "appointment-email": "on",
    "appointment-portal": "on",
    "first": "email",
    "time_0": "07:30",
    "time_2": "18:15",
    "also_2": "08:00",
    "quiet_from": "21:00",
    "quiet_until": "07:00",
    "daily_cap": "4",
}


def save(home: SimpleNamespace, **changes: Any) -> Any:
    body = {**BODY, **{name.replace("__", "-"): value for name, value in changes.items()}}
    return home.client.post(reverse("portal:reminders"), {k: v for k, v in body.items() if v is not None})


def form_of(home: SimpleNamespace) -> Any:
    return home.client.get(reverse("portal:settings")).context["reminder_form"]


def test_what_was_chosen_is_kept_and_shown_again(home: SimpleNamespace) -> None:
    assert save(home).status_code == 302
    stored = settings_for(home.patient)
    assert stored.kinds["exercises"].ways == ("email", "push")
    assert stored.kinds["exercises"].times == {0: (time(7, 30),), 2: (time(8), time(18, 15))}
    assert stored.kinds["plan_changed"].ways == ()
    assert (stored.quiet_from, stored.quiet_until, stored.daily_cap) == (time(21), time(7), 4)
    shown = form_of(home).initial
    assert (shown["exercises-email"], shown["exercises-sms"], shown["appointment-portal"]) == (True, False, True)
    assert (shown["time_2"], shown["also_2"], shown.get("time_1")) == (time(8), time(18, 15), None)
    assert shown["first"] == "email"


def test_the_way_to_try_first_comes_first(home: SimpleNamespace) -> None:
    save(home, first="push")
    assert settings_for(home.patient).kinds["exercises"].ways == ("push", "email")
    assert form_of(home).initial["first"] == "push"


def test_switched_off_the_times_stay(home: SimpleNamespace) -> None:
    save(home)
    off = dict.fromkeys(("exercises__email", "exercises__push", "nudge__email", "time_0", "time_2", "also_2"))
    assert save(home, **off).status_code == 302
    assert settings_for(home.patient).kinds["exercises"].ways == ()
    assert Timetable.objects.get(kind="exercises").week_minutes == [450, 2 * 1440 + 480, 2 * 1440 + 1095]


def test_breaks_come_at_the_chosen_hours_and_drinks_at_the_chosen_times(home: SimpleNamespace) -> None:
    wanted = {
        "movement__push": "on", "movement_days": ["0", "4"], "movement_from": "09:00", "movement_until": "12:30",
        "movement_every": "90", "fluids__email": "on", "fluids_days": ["5"], "fluids_1": "11:00", "fluids_3": "15:00",
    }  # fmt: skip
    assert save(home, **wanted).status_code == 302
    kinds = settings_for(home.patient).kinds
    assert kinds["movement"].times == dict.fromkeys((0, 4), (time(9), time(10, 30), time(12)))
    assert kinds["fluids"].times == {5: (time(11), time(15))}
    assert (kinds["movement"].ways, kinds["fluids"].ways) == (("push",), ("email",))
    shown = form_of(home).initial
    assert (shown["movement_days"], shown["movement_until"], shown["movement_every"]) == (["0", "4"], time(12), 90)
    assert (shown["fluids_days"], shown["fluids_2"]) == (["5"], time(15))


NO_TIMES = dict.fromkeys(("time_0", "time_2", "also_2"))
BREAKS = {"movement__push": "on", "movement_days": ["0"], "movement_from": "09:00", "movement_until": "17:00"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"time_0": "23:00"}, "time_0"),
        ({"time_0": "25:00"}, "time_0"),
        (NO_TIMES, "time_0"),
        ({"quiet_from": "x"}, "quiet_from"),
        ({"quiet_until": None}, "quiet_until"),
        ({"daily_cap": "0"}, "daily_cap"),
        ({"daily_cap": "21"}, "daily_cap"),
        ({"daily_cap": "many"}, "daily_cap"),
        ({"first": "pigeon"}, "first"),
        ({"sms_number": "call me"}, "sms_number"),
        ({"sms_number": "0207 946 0100"}, "sms_number"),
        ({"sms_number": "0770"}, "sms_number"),
        ({"sms_number": "+1"}, "sms_number"),
        ({**BREAKS, "movement_days": []}, "movement_days"),
        ({**BREAKS, "movement_days": ["9"]}, "movement_days"),
        ({**BREAKS, "movement_until": "08:00"}, "movement_until"),
        ({**BREAKS, "movement_from": None}, "movement_from"),
        ({**BREAKS, "movement_until": "22:00"}, "movement_from"),
        ({**BREAKS, "movement_every": "5"}, "movement_every"),
        ({"fluids__push": "on", "fluids_days": ["0"]}, "fluids_1"),
        ({"fluids__push": "on", "fluids_days": ["0"], "fluids_1": "10:00", "fluids_2": "10:30"}, "fluids_1"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_nothing_changes(
    home: SimpleNamespace, changes: dict[str, Any], field: str
) -> None:
    answer = save(home, **changes)
    assert answer.status_code == 422
    form = answer.context["reminder_form"]
    assert list(form.errors) == [field]
    assert form.data["quiet_until"] == "07:00" if "quiet_until" not in changes else True
    assert not Preference.objects.exists()
    assert not Timetable.objects.exists()
    assert not ContactRules.objects.exists()


def test_texts_need_a_mobile_number(home: SimpleNamespace) -> None:
    Patient.objects.filter(pk=home.patient.pk).update(phone="020 7946 0100")
    refused = save(home, exercises__sms="on")
    assert refused.context["reminder_form"].errors["sms_number"] == [
        "Text messages need a mobile number. Please give one."
    ]
    assert save(home, exercises__sms="on", sms_number="07700 900 123").status_code == 302
    assert ContactRules.objects.get().sms_number == "+447700900123"
    assert "Texts go to +447700900123." in home.client.get(reverse("portal:settings")).content.decode()


@pytest.mark.hazard("H-18")
def test_nobody_is_told_to_drink_against_a_condition(home: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.views.settings.fluids_barred", lambda ids: set(ids))
    page = home.client.get(reverse("portal:settings"))
    assert "Something to drink" not in page.content.decode()
    assert save(home, fluids__push="on", fluids_days=["0"], fluids_1="10:00").status_code == 302
    assert settings_for(home.patient).kinds["fluids"].ways == ()


def pause(home: SimpleNamespace, **body: Any) -> Any:
    return home.client.post(reverse("portal:pause-messages"), body)


def test_messages_pause_and_resume(home: SimpleNamespace) -> None:
    first, last = home.today, home.today + timedelta(days=7)
    assert pause(home, paused_from=first, paused_until=last).status_code == 302
    rules = ContactRules.objects.get()
    assert (rules.paused_from, rules.paused_until) == (first, last)
    assert "Resume now" in home.client.get(reverse("portal:settings")).content.decode()
    assert pause(home, resume="1").status_code == 302
    rules.refresh_from_db()
    assert (rules.paused_from, rules.paused_until) == (None, None)


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        (0, -1, "paused_until"),
        (-9, -2, "paused_until"),
        (400, None, "paused_from"),
        (None, 3, "paused_from"),
        ("soon", None, "paused_from"),
    ],
)
def test_an_impossible_pause_is_refused_at_its_field(home: SimpleNamespace, first: Any, last: Any, field: str) -> None:
    def day(value: Any) -> Any:
        return home.today + timedelta(days=value) if isinstance(value, int) else value or ""

    answer = pause(home, paused_from=day(first), paused_until=day(last))
    assert answer.status_code == 422
    assert list(answer.context["pause_form"].errors) == [field]
    assert not ContactRules.objects.filter(paused_from__isnull=False).exists()


def test_a_pause_that_is_over_is_not_mentioned(home: SimpleNamespace) -> None:
    ContactRules.objects.create(patient=home.patient, paused_from=date(2026, 1, 1), paused_until=date(2026, 1, 9))
    page = home.client.get(reverse("portal:settings"))
    assert (page.context["pause_ahead"], page.context["is_paused"]) == (False, False)
    assert "Resume now" not in page.content.decode()
