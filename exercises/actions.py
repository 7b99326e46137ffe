"""What happens to home exercises: log a session, correct it, take it back; pause, resume and stop a prescription."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from clinic.acts import Applied, record
from clinic.errors import Conflict, DomainError, Invalid, ManyProblems, Refused
from clinic.locality import patient_date
from clinic.models import Patient, Proxy, User
from clinic.proxies import acts_for
from clinic.readers import facts_unsettled
from exercises.daily import refresh
from exercises.models import Prescription, PrescriptionPause, SessionLog, SkipReason

# A forgotten day may be filled in, and a phone that was offline may catch up; older days are history.
LOG_DAYS_BACK = 14
UNDO = "undo"


class Outcome(StrEnum):
    """What a log request did."""

    CREATED = "created"
    CORRECTED = "corrected"
    UNCHANGED = "unchanged"  # the same log sent again
    SUPERSEDED = "superseded"  # a later act is stored already; it stays


@dataclass(frozen=True, slots=True)
class Logged:
    """The stored log and what the request did to it."""

    log: SessionLog
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class _Act:
    """One act of the patient, checked."""

    on: date
    bout: int
    state: str
    reason: str
    pain: int | None
    comment: str
    acted_at: datetime
    client_id: UUID


def log_session(
    prescription: Prescription,
    *,
    by: User,
    on: date,
    bout: int,
    state: str,
    reason: str = "",
    pain: int | None = None,
    comment: str = "",
    acted_at: datetime,
    client_id: UUID,
    now: datetime,
) -> Logged:
    """Store one bout of one day, or correct it.

    Safe to send twice (``client_id``). For the same bout the latest act wins, in whatever order they arrive; a clock
    that runs ahead is set to ``now``, so that it cannot win for ever. Pain 0 is an answer, ``None`` is none.

    Raises Refused for another person's prescription, Conflict for one that is stopped or on hold, Invalid (several
    at once: ManyProblems) for values that cannot be, each naming its field.
    """
    _check_owner(prescription, by)
    act = _Act(on, bout, state, reason if state != SessionLog.State.DONE else "", pain, comment.strip(),
               min(acted_at, now), client_id)  # fmt: skip
    try:
        with transaction.atomic():
            # Two devices of one patient: whoever comes second sees what the first has stored.
            held = Prescription.objects.select_for_update(of=("self",)).select_related("patient")
            locked = held.get(pk=prescription.pk)
            _check_running(locked)
            _raise_all([*_day_problems(locked, act, now), *_value_problems(locked, act)])
            logged = _store(locked, act, by)
            _count_again(locked.patient, act.on, now)
            return logged
    except IntegrityError as error:  # only a client_id that somebody else used in the same instant gets here
        raise _reused() from error


def _count_again(patient: Patient, day: date, now: datetime) -> None:
    """What a late log or correction changes in a day that was written when it ended. Today is not written yet."""
    if day < patient_date(patient, now):
        refresh([patient], since=day, now=now)


@transaction.atomic
def take_back(log: SessionLog, *, by: User, now: datetime) -> None:
    """:func:`undo` now, and remember it: what another device tapped earlier and sends later does not put it back."""
    subject = bout_subject(log.prescription, log.on, log.bout)
    undo(log, by=by)
    record(log.prescription.patient, kind=UNDO, applied=Applied(Outcome.CORRECTED, subject), acted_at=now)


def undo(log: SessionLog, *, by: User) -> None:
    """Take a log back, as if nothing had been tapped. History keeps it.

    Raises Refused for another person's log.
    """
    _check_owner(log.prescription, by)
    with transaction.atomic():
        log.delete()
        _count_again(log.prescription.patient, log.on, timezone.now())


def bout_subject(prescription: Prescription, on: date, bout: int | str) -> str:
    """The name of one session of one day in the list of received acts."""
    return f"session:{prescription.pk}:{on.isoformat()}:{bout}"


@transaction.atomic
def pause(prescription: Prescription, *, by: User, on: date, reason: str) -> None:
    """Put a prescription on hold from that day: hidden in the portal, nothing expected. Twice is once."""
    locked = Prescription.objects.select_for_update().get(pk=prescription.pk)
    if locked.state == Prescription.State.STOPPED:
        raise _stopped()
    if locked.state == Prescription.State.PAUSED:
        return
    PrescriptionPause.objects.create(prescription=locked, starts_on=on, reason=reason[:300], by=by)
    _set_state(locked, prescription, Prescription.State.PAUSED)


@transaction.atomic
def resume(prescription: Prescription, *, on: date) -> None:
    """End the hold; that day is expected again. The first day of a hold stays a day of hold."""
    locked = Prescription.objects.select_for_update().get(pk=prescription.pk)
    if locked.state != Prescription.State.PAUSED:
        raise Conflict("not_paused", "This exercise is not on hold.")
    hold = locked.pauses.filter(ends_on__isnull=True).first()
    if hold is not None and hold.for_safety:  # the person's part ends, the safety gate still holds
        hold.by = None
        hold.save(update_fields=["by"])
        return
    _end_hold(locked, hold, on)
    _set_state(locked, prescription, Prescription.State.ACTIVE)


def _end_hold(prescription: Prescription, hold: PrescriptionPause | None, on: date) -> None:
    if hold is not None:
        hold.ends_on = max(hold.starts_on, on - timedelta(days=1))
        hold.save(update_fields=["ends_on"])


@transaction.atomic
def hold_for_safety(prescriptions: Iterable[Prescription], *, on: date, reason: str) -> int:
    """Put prescriptions on hold because an item may no longer be done; only :func:`lift_safety_hold` ends it.

    One that a person has on hold already is held by both. Stopped ones stay stopped. Returns how many were active.
    """
    keys = [prescription.pk for prescription in prescriptions]
    running = Prescription.objects.select_for_update().filter(pk__in=keys).exclude(state=Prescription.State.STOPPED)
    count = 0
    for row in running.order_by("pk"):
        open_hold = row.pauses.filter(ends_on__isnull=True).first()
        if open_hold is None:
            PrescriptionPause.objects.create(
                prescription=row, starts_on=max(on, row.starts_on), reason=reason[:300], for_safety=True
            )
            count += 1
        elif not open_hold.for_safety:
            open_hold.for_safety = True
            open_hold.save(update_fields=["for_safety"])
        _set_state(row, row, Prescription.State.PAUSED)
    return count


@transaction.atomic
def lift_safety_hold(prescriptions: Iterable[Prescription], *, on: date) -> int:
    """End the safety gate's part of a hold; what a person put on hold stays on hold. Returns how many run again."""
    keys = [prescription.pk for prescription in prescriptions]
    count = 0
    for row in Prescription.objects.select_for_update().filter(pk__in=keys).order_by("pk"):
        hold = row.pauses.filter(ends_on__isnull=True, for_safety=True).first()
        if hold is None:
            continue
        if hold.by_id is not None:
            hold.for_safety = False
            hold.save(update_fields=["for_safety"])
            continue
        _end_hold(row, hold, on)
        if row.state == Prescription.State.PAUSED:
            _set_state(row, row, Prescription.State.ACTIVE)
            count += 1
    return count


@transaction.atomic
def stop(prescriptions: Iterable[Prescription], *, on: date) -> int:
    """Stop prescriptions with effect from ``on``: the day before is the last on which anything is expected.

    Returns how many were running. Those that had not begun end on their first day.
    """
    keys = [prescription.pk for prescription in prescriptions]
    running = Prescription.objects.select_for_update().filter(pk__in=keys).exclude(state=Prescription.State.STOPPED)
    count = 0
    for prescription in running.order_by("pk"):
        last = max(prescription.starts_on, on - timedelta(days=1))
        prescription.ends_on = min(prescription.ends_on, last) if prescription.ends_on else last
        prescription.state = Prescription.State.STOPPED
        prescription.save(update_fields=["state", "ends_on"])
        count += 1
    return count


def _set_state(locked: Prescription, given: Prescription, state: Prescription.State) -> None:
    locked.state = given.state = state
    locked.save(update_fields=["state"])


def _check_owner(prescription: Prescription, by: User) -> None:
    """Only the person who does the exercise says what was done."""
    if not acts_for(by, prescription.patient, Proxy.Scope.LOG):
        raise Refused("not_yours", "Only the patient logs this exercise.")


def _stopped() -> Conflict:
    return Conflict("stopped", "This exercise is no longer part of your plan.")


def _reused() -> Conflict:
    return Conflict("client_id_reused", "This log was already sent for another exercise or day.", field="client_id")


def _check_running(prescription: Prescription) -> None:
    if prescription.state == Prescription.State.STOPPED:
        raise _stopped()
    if prescription.state == Prescription.State.PAUSED:
        raise Conflict("paused", "This exercise is on hold. Please wait for your physiotherapist.")
    if facts_unsettled(prescription.patient_id):
        raise Conflict("checking", "Your physiotherapist is checking something new in your record. Please wait.")


def _day_problems(prescription: Prescription, act: _Act, now: datetime) -> list[DomainError]:
    today = patient_date(prescription.patient, now)
    if act.on > today:
        return [Invalid("future_day", "That day has not come yet.", field="on")]
    if act.on < today - timedelta(days=LOG_DAYS_BACK):
        return [Invalid("too_old", f"Only the last {LOG_DAYS_BACK} days can be filled in.", field="on")]
    if act.on < prescription.starts_on or (prescription.ends_on and act.on > prescription.ends_on):
        return [Invalid("not_in_force", "This exercise was not part of your plan on that day.", field="on")]
    return []


def _value_problems(prescription: Prescription, act: _Act) -> list[DomainError]:
    problems: list[DomainError] = []
    if not 1 <= act.bout <= prescription.per_day:
        problems.append(Invalid("bout", f"Choose a session from 1 to {prescription.per_day} of the day.", field="bout"))
    if act.state not in SessionLog.State.values:
        problems.append(Invalid("state", "Choose done, part of it or not today.", field="state"))
    if act.reason and act.reason not in SkipReason.values:
        problems.append(Invalid("reason", "Choose one of the reasons.", field="reason"))
    if act.state == SessionLog.State.SKIPPED and not act.reason:
        problems.append(Invalid("reason_missing", "Please tell us why, so that we can help.", field="reason"))
    if act.pain is not None and not 0 <= act.pain <= 10:
        problems.append(Invalid("pain", "Pain is a number from 0 to 10.", field="pain"))
    if len(act.comment) > 500 or "\x00" in act.comment:
        problems.append(Invalid("comment", "Please use at most 500 letters.", field="comment"))
    return problems


def _raise_all(problems: list[DomainError]) -> None:
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise ManyProblems("invalid", "Please check the marked answers.", tuple(problems))


def _store(prescription: Prescription, act: _Act, by: User) -> Logged:
    same_bout = Q(prescription=prescription, on=act.on, bout=act.bout)
    found = list(SessionLog.objects.filter(same_bout | Q(client_id=act.client_id)))
    stored = next((log for log in found if _is_bout(log, prescription, act)), None)
    if any(log.client_id == act.client_id and log is not stored for log in found):
        raise _reused()
    if stored is None:
        return Logged(_write(SessionLog(prescription=prescription, patient_id=prescription.patient_id), act, by),
                      Outcome.CREATED)  # fmt: skip
    if act.acted_at > stored.acted_at:
        return Logged(_write(stored, act, by), Outcome.CORRECTED)
    same = stored.client_id == act.client_id and act.acted_at == stored.acted_at
    return Logged(stored, Outcome.UNCHANGED if same else Outcome.SUPERSEDED)


def _is_bout(log: SessionLog, prescription: Prescription, act: _Act) -> bool:
    return (log.prescription_id, log.on, log.bout) == (prescription.pk, act.on, act.bout)


def _write(log: SessionLog, act: _Act, by: User) -> SessionLog:
    log.on, log.bout, log.state, log.reason = act.on, act.bout, act.state, act.reason
    log.pain, log.comment, log.acted_at, log.client_id = act.pain, act.comment, act.acted_at, act.client_id
    log.recorded_by = by
    log.save()
    return log
