"""The worklist's rows: raised once, renewed, woken when it gets worse, closed when it no longer holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from plans.actions.worklist import close_alerts, raise_alert
from plans.models import Alert
from tests.factories.clinic import FrontDeskFactory, ManagerFactory, PatientFactory

pytestmark = pytest.mark.django_db


def test_raised_again_it_is_the_same_row_with_the_new_text() -> None:
    patient = PatientFactory()
    first = raise_alert(patient, "pain_high", key="today", text="Pain 7", severity="high")
    again = raise_alert(patient, "pain_high", key="today", text="Pain 8", severity="high")
    assert again.pk == first.pk
    assert [row.text for row in Alert.objects.all()] == ["Pain 8"]


def test_a_snooze_holds_until_it_gets_worse() -> None:
    patient = PatientFactory()
    alert = raise_alert(patient, "pain_high", text="Pain 7", severity="normal")
    until = timezone.now() + timedelta(days=2)
    Alert.objects.filter(pk=alert.pk).update(state="snoozed", snoozed_until=until)
    assert raise_alert(patient, "pain_high", text="Pain 7", severity="normal").state == "snoozed"
    woken = raise_alert(patient, "pain_high", text="Pain 9", severity="urgent")
    assert (woken.state, woken.snoozed_until) == ("open", None)


def test_what_no_longer_holds_is_closed_and_can_be_raised_anew() -> None:
    patient = PatientFactory()
    first = raise_alert(patient, "not_logged", text="No log for 49 hours")
    assert close_alerts(patient, "not_logged", outcome="Logged again") == 1
    assert raise_alert(patient, "not_logged", text="No log for 49 hours").pk != first.pk
    assert Alert.objects.open().count() == 1


def test_only_clinical_eyes_see_alerts() -> None:
    raise_alert(PatientFactory(), "not_logged", text="No log for 49 hours")
    assert Alert.objects.visible_to(FrontDeskFactory()).count() == 0
    assert Alert.objects.visible_to(ManagerFactory()).count() == 1
