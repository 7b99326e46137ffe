"""The diary in the portal: written, mended, taken back; bad input keeps what was typed."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from assessments.models import DiaryEntry, QuietDays
from tests.factories.diary import DiaryEntryFactory


def typed(**more: object) -> dict[str, object]:
    when = timezone.localtime() - timedelta(hours=2)
    first = {"client_id": str(uuid4()), "kind": "cramp", "region": "calf", "side": "right", "strength": "0"}
    return {**first, "happened_at": f"{when:%Y-%m-%dT%H:%M}", **more}


def test_twenty_seconds_are_enough(home: SimpleNamespace) -> None:
    fields = typed()
    for _ in range(2):  # a double tap
        assert home.client.post(reverse("portal:diary-new"), fields).status_code == 302
    entry = DiaryEntry.objects.get()
    assert (entry.patient, entry.kind, entry.region, entry.side, entry.strength) == (
        home.patient, "cramp", "calf", "right", 0,
    )  # fmt: skip
    listed = home.client.get(reverse("portal:diary")).content.decode()
    assert "A cramp" in listed
    assert "One spasm or cramp in the last seven days." in listed
    assert "None in the last seven days" not in listed


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"strength": "11"}, "Strength is a number from 0 to 10."),
        ({"strength": "7,5"}, "Strength is a number from 0 to 10."),
        ({"strength": ""}, "Strength is a number from 0 to 10."),
        ({"region": ""}, "Choose where it was."),
        ({"side": ""}, "Choose the side."),
        ({"happened_at": "2999-01-01T10:00"}, "That time has not come yet."),
        ({"happened_at": "2001-01-01T10:00"}, "Only the last 28 days can be filled in."),
        ({"comment": "x" * 501}, "500"),
    ],
)
def test_bad_input_names_the_field_and_keeps_the_rest(home: SimpleNamespace, wrong: dict[str, str], says: str) -> None:
    answer = home.client.post(reverse("portal:diary-new"), typed(**{"doing": "sleeping", **wrong}))
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert says in shown
    assert re.search(r'value="sleeping"[^>]*checked', shown)
    assert not DiaryEntry.objects.exists()


def test_an_entry_is_mended_and_taken_back(home: SimpleNamespace) -> None:
    entry = DiaryEntryFactory(patient=home.patient, acted_at=timezone.now() - timedelta(minutes=1))
    address = reverse("portal:diary-edit", args=[entry.pk])
    assert "Change this entry" in home.client.get(address).content.decode()
    assert home.client.post(address, typed(strength="9", kind="spasm")).status_code == 302
    entry.refresh_from_db()
    assert (entry.strength, entry.kind) == (9, "spasm")
    assert home.client.post(reverse("portal:diary-remove", args=[entry.pk])).status_code == 302
    assert not DiaryEntry.objects.standing().exists()
    assert home.client.get(address).status_code == 404


def test_none_this_week_is_one_tap(home: SimpleNamespace) -> None:
    assert "says nothing about the last seven days" in home.client.get(reverse("portal:diary")).content.decode()
    assert home.client.post(reverse("portal:diary-quiet")).status_code == 302
    assert "No spasm or cramp in the last seven days." in home.client.get(reverse("portal:diary")).content.decode()
    assert QuietDays.objects.count() == 1
    home.client.post(reverse("portal:diary-new"), typed())
    assert home.client.post(reverse("portal:diary-quiet")).status_code == 409
    assert not QuietDays.objects.exists()
