"""Raising and closing what waits for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from clinic.models import Patient
from plans.models import Alert, Plan

# What says the same is not written again before this long: every write is a row of the history as well.
SEEN_AGAIN = timedelta(hours=1)
Standing = Mapping[tuple[int, str, str], Alert]


@transaction.atomic
def raise_alert(
    patient: Patient,
    rule: str,
    *,
    key: str = "",
    text: str,
    suggestion: str = "",
    severity: str = Alert.Severity.NORMAL,
    plan: Plan | None = None,
) -> Alert:
    """Put something on the worklist, once per patient, rule and key.

    While it is open or snoozed, raising it again renews text, severity and the time it was last seen; a snooze holds
    unless it became more severe.
    """
    _one_at_a_time(patient.pk, rule, key)
    now = timezone.now()
    current: Alert | None = (
        Alert.objects.select_for_update().filter(patient=patient, rule=rule, key=key).exclude(state="done").first()
    )
    if current is None:
        return Alert.objects.create(
            patient=patient, rule=rule, key=key, text=text, suggestion=suggestion, severity=severity, plan=plan
        )
    if is_worse(severity, than=current.severity) and current.state == Alert.State.SNOOZED:
        current.state, current.snoozed_until = Alert.State.OPEN, None
    current.text, current.suggestion, current.severity, current.seen_at = text, suggestion, severity, now
    if plan is not None:
        current.plan = plan
    current.save()
    return current


def close_alerts(patient: Patient, rule: str, *, key: str | None = None, outcome: str) -> int:
    """Close what no longer holds (the rule's own doing, no person's); returns how many were open."""
    rows = Alert.objects.filter(patient=patient, rule=rule).exclude(state=Alert.State.DONE)
    if key is not None:
        rows = rows.filter(key=key)
    return rows.update(
        state=Alert.State.DONE, snoozed_until=None, closed_at=timezone.now(), action="resolved", outcome=outcome
    )


def standing_alerts(rules: Iterable[str], patients: Iterable[int] | None = None) -> Standing:
    """What is open or put away of these rules (and patients), by patient, rule and key; one query, for many at once."""
    rows = Alert.objects.filter(rule__in=list(rules)).exclude(state=Alert.State.DONE)
    if patients is not None:
        rows = rows.filter(patient__in=list(patients))
    return {(row.patient_id, row.rule, row.key): row for row in rows}


def is_known(alert: Alert | None, *, text: str, suggestion: str, severity: str, plan: Plan) -> bool:
    """Whether this alert says so already and was seen within the hour: then raising it again changes nothing."""
    if alert is None or timezone.now() - alert.seen_at >= SEEN_AGAIN:
        return False
    said = (alert.text, alert.suggestion, alert.severity, alert.plan_id)
    return said == (text, suggestion, severity, plan.pk)


def is_worse(severity: str, *, than: str) -> bool:
    """Whether the first is more severe than the second."""
    return _rank(severity) > _rank(than)


def _rank(severity: str) -> int:
    order = [Alert.Severity.LOW, Alert.Severity.NORMAL, Alert.Severity.HIGH, Alert.Severity.URGENT]
    return [str(entry) for entry in order].index(severity)


def _one_at_a_time(patient_id: int, rule: str, key: str) -> None:
    """Two workers raising the same alert at once wait for each other instead of failing on the constraint."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"alert:{patient_id}:{rule}:{key}"])
