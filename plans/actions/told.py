"""Something has changed: the patient says so, the exercises rest where they must, a physiotherapist looks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from clinic.errors import Conflict, Invalid
from clinic.models import Patient, User
from exercises.actions import pause, resume
from exercises.models import Prescription, PrescriptionPause
from plans.actions.guards import licensed, stated
from plans.actions.worklist import close_alerts, raise_alert
from plans.models import Alert, ChangeLook, ChangeReport, Plan
from plans.signs import CARRY_ON, EMERGENCY, SIGNS, TODAY, Sign, most_urgent

RULE = "patient_told_change"
HOLD_REASON = "The patient told of a change"
WORDS_MAX = 1000
OTHER = "other"
# A phone that sends the same again, or a frightened person who taps five times, is one report with each new sign kept.
MOST_PER_DAY = 30
OLDEST = timedelta(days=14)
SEVERITY = {EMERGENCY: Alert.Severity.URGENT, TODAY: Alert.Severity.HIGH, CARRY_ON: Alert.Severity.LOW}
SUGGESTION = {
    EMERGENCY: "Call the patient now. The portal told them to call the emergency number and paused the exercises.",
    TODAY: "Call the patient today and ask; the portal told them to call the clinic.",
    CARRY_ON: "The portal told them to carry on gently. Look at it when you can.",
}


class TooMany(Conflict):
    """So many reports in one day that no more are kept; what to do is still shown."""


@transaction.atomic
def report_change(
    patient: Patient,
    by: User,
    *,
    signs: Collection[str],
    words: str,
    client_id: UUID,
    now: datetime,
    today: date,
    acted_at: datetime | None = None,
) -> ChangeReport:
    """Keep what the patient says, pause what must rest, and tell the physiotherapist: all of it or nothing.

    The same ``client_id`` gives the same report. A sign that this version does not know (an old page that was kept on a
    phone) counts as "something else". Raises Invalid for nothing said or words too long, TooMany over the daily limit.
    """
    Patient.objects.select_for_update().only("pk").get(pk=patient.pk)  # signing and phase moves wait for this
    if (earlier := ChangeReport.objects.filter(client_id=client_id).first()) is not None:
        return _replayed(earlier, patient)
    told, text = _said(signs, words)
    if ChangeReport.objects.filter(patient=patient, received_at__gt=now - timedelta(days=1)).count() >= MOST_PER_DAY:
        raise TooMany("too_many_reports", "We have what you told us already. Follow the advice on this page.")
    then, stops = most_urgent(told), any(sign.stops for sign in told)
    report = ChangeReport.objects.create(
        client_id=client_id,
        patient=patient,
        by=by,
        acted_at=_when(acted_at, now),
        received_at=now,
        signs=[sign.key for sign in told],
        said=[str(sign.text) for sign in told],
        words=text,
        then=then,
        stops=stops,
        held=_pause(patient, by, told, today) if stops else [],
    )
    _tell(report, told)
    return report


def _replayed(earlier: ChangeReport, patient: Patient) -> ChangeReport:
    if earlier.patient_id != patient.pk:
        raise Conflict("key_reused", "Please load the page again, then send it once more.")
    return earlier


def _said(signs: Collection[str], words: str) -> tuple[list[Sign], str]:
    text = words.replace("\x00", "").strip()
    if len(text) > WORDS_MAX:
        raise Invalid("words_long", f"Shorten it to {WORDS_MAX} characters.", field="words")
    told = [sign for key, sign in SIGNS.items() if key in signs]
    if (not told and text) or any(key not in SIGNS for key in signs):
        told = [sign for sign in told if sign.key != OTHER] + [SIGNS[OTHER]]
    if not told:
        raise Invalid("nothing_said", "Tick what fits you, or say it in your own words.", field="signs")
    return told, text


def _when(acted_at: datetime | None, now: datetime) -> datetime:
    """When it was said. A clock that is wrong never refuses a warning: then the time it arrived counts."""
    return acted_at if acted_at is not None and now - OLDEST <= acted_at <= now else now


def _pause(patient: Patient, by: User, told: Iterable[Sign], today: date) -> list[int]:
    """Put everything that runs on hold, and say which; a person's hold that is there already stays as it is.

    What the safety gate holds is held by both from now on: it does not run again when only the gate lets go.
    """
    reason = f"{HOLD_REASON}: {', '.join(sign.key for sign in told)}"
    gate = PrescriptionPause.objects.filter(
        prescription__patient=patient, ends_on__isnull=True, for_safety=True, by__isnull=True
    )
    for hold in gate.select_for_update(of=("self",)):
        hold.by, hold.reason = by, f"{reason}; {hold.reason}"[:300]
        hold.save(update_fields=["by", "reason"])
    running = Prescription.objects.filter(patient=patient, state=Prescription.State.ACTIVE).exclude(ends_on__lt=today)
    rows = list(running.order_by("pk"))
    for row in rows:
        pause(row, by=by, on=max(today, row.starts_on), reason=reason)
    return [row.pk for row in rows]


def _tell(report: ChangeReport, told: Iterable[Sign]) -> None:
    labels = "; ".join(sign.key.replace("_", " ") for sign in told)
    own = f' "{report.words}"' if report.words else ""
    raise_alert(
        report.patient,
        RULE,
        key=f"report:{report.pk}",
        text=f"The patient says that something has changed: {labels}.{own}"[:500],
        suggestion=SUGGESTION[report.then],
        severity=SEVERITY[report.then],
        plan=Plan.objects.filter(episode__patient=report.patient, state=Plan.State.ACTIVE).order_by("-pk").first(),
    )


@transaction.atomic
def look_at(report: ChangeReport, by: User, *, goes_on: bool, note: str, today: date) -> ChangeLook:
    """A physiotherapist has looked: closes the alert and, where nothing else holds them, lets the exercises go on.

    What this report put on hold stays on hold while another report of the patient waits that stops the exercises.
    Raises Refused without a valid licence, Invalid without a note, Conflict when somebody was faster.
    """
    Patient.objects.select_for_update().only("pk").get(pk=report.patient_id)
    who, said = licensed(by, today=today), stated(note, field="note", longest=500)
    if ChangeLook.objects.filter(report=report).exists():
        raise Conflict("looked", "Somebody has looked at this already.")
    look = ChangeLook.objects.create(report=report, by=who, goes_on=goes_on, note=said)
    if goes_on and not is_stopped(report.patient_id):
        _resume(report.patient, today)
    close_alerts(report.patient, RULE, key=f"report:{report.pk}", outcome=f"{who.user.name}: {said}"[:500])
    return look


def is_stopped(patient_id: int) -> bool:
    """True while a report that stops the exercises waits for a physiotherapist."""
    return ChangeReport.objects.waiting().filter(patient=patient_id, stops=True).exists()


def _resume(patient: Patient, today: date) -> None:
    mine = PrescriptionPause.objects.filter(ends_on__isnull=True, reason__startswith=HOLD_REASON)
    held = Prescription.objects.filter(patient=patient, state=Prescription.State.PAUSED, pauses__in=mine)
    for row in held.distinct().order_by("pk"):
        resume(row, on=today)
