"""Book, move, cancel, check in. Pages and API call these; every refusal is a ``DomainError`` and leaves no trace."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from clinic.errors import Conflict, Invalid
from clinic.models import Patient, Practitioner, User
from scheduling.errors import SlotTaken
from scheduling.guard import Clash, run_guarded
from scheduling.models import Appointment, CancelReason, Kind, Room, State
from scheduling.readers import alternatives_to, clinic_zone
from scheduling.rules import check_hours, check_people, check_time, check_words
from scheduling.slots import Interval
from scheduling.states import CANCELLABLE, MOVABLE, ON_THE_DAY, may_follow

LATE = timedelta(hours=24)
TAKEN = {
    "appointment_practitioner_once": ("start", "{practitioner} already has a visit at that time."),
    "appointment_room_once": ("room", "The room is already in use at that time."),
    "appointment_patient_once": ("start", "The patient already has a visit at that time."),
}


def book(
    patient: Patient,
    practitioner: Practitioner,
    *,
    start: datetime,
    minutes: int,
    by: User,
    now: datetime,
    kind: str = Kind.FOLLOW_UP,
    room: Room | None = None,
    desk_note: str = "",
    key: str | None = None,
) -> Appointment:
    """Book a visit and put the practitioner's log-in on the patient's care team.

    ``key`` makes a resent request harmless: the same key gives the same appointment. Raises ``Invalid`` with the
    field for what can never be booked, ``SlotTaken`` with alternatives for what somebody else has, and ``Conflict``
    for a key that was used for another booking.
    """
    if key and (earlier := Appointment.objects.filter(booking_key=key).first()) is not None:
        return _replayed(earlier, patient, practitioner, start)
    wanted = check_time(start, minutes, now=now)
    check_people(patient, practitioner, room)
    note = check_words(kind, desk_note)
    check_hours(practitioner, wanted)
    fresh = Appointment(
        patient=patient,
        practitioner=practitioner,
        room=room,
        kind=kind,
        during=DateTimeTZRange(wanted.start, wanted.end),
        desk_note=note,
        booking_key=key or None,
        created_by=by,
    )
    try:
        return run_guarded(lambda: _insert(fresh))
    except Clash as clash:
        if key and (earlier := Appointment.objects.filter(booking_key=key).first()) is not None:
            return _replayed(earlier, patient, practitioner, start)
        raise _taken(clash, fresh, wanted, now=now) from clash


def _insert(fresh: Appointment) -> Appointment:
    fresh.pk = None  # a second try after a deadlock inserts anew
    fresh.save(force_insert=True)
    _join_care_team(fresh.patient, fresh.practitioner)
    return fresh


def _join_care_team(patient: Patient, practitioner: Practitioner) -> None:
    team = Patient.care_team.through
    team.objects.bulk_create([team(patient_id=patient.pk, user_id=practitioner.user_id)], ignore_conflicts=True)


def _replayed(earlier: Appointment, patient: Patient, practitioner: Practitioner, start: datetime) -> Appointment:
    same = (earlier.patient_id, earlier.practitioner_id) == (patient.pk, practitioner.pk)
    # A visit that was moved since keeps its key; the first answer still stands for the same people.
    if same and (earlier.sequence > 0 or earlier.during.lower == start):
        return earlier
    raise Conflict("key_reused", "This booking key was used for another visit.", field="key")


def _taken(clash: Clash, visit: Appointment, wanted: Interval, *, now: datetime) -> SlotTaken:
    field, message = TAKEN.get(clash.constraint, ("start", "That time is taken."))
    alternatives = alternatives_to(
        wanted.start,
        visit.practitioner,
        length=wanted.end - wanted.start,
        now=now,
        patient=visit.patient,
        room=visit.room,
        except_for=visit if visit.pk else None,
    )
    return SlotTaken(message.format(practitioner=visit.practitioner), field=field, alternatives=alternatives)


def move(
    appointment: Appointment,
    practitioner: Practitioner,
    *,
    start: datetime,
    minutes: int,
    by: User,
    now: datetime,
    room: Room | None = None,
    kind: str | None = None,
    desk_note: str | None = None,
    sequence: int | None = None,
) -> Appointment:
    """Give a visit another time, practitioner, room, kind or note; a new time has to be confirmed anew.

    ``sequence`` is what the person saw: when the visit has moved on since, ``Conflict`` says so instead of overwriting.
    """
    wanted = _checked_wish(appointment, practitioner, start, minutes, room=room, now=now)
    note = check_words(kind or appointment.kind, appointment.desk_note if desk_note is None else desk_note)

    def write() -> Appointment:
        row = _locked(appointment, sequence)
        if row.state not in MOVABLE:
            raise Conflict("state", f"The visit is {row.get_state_display().lower()} and cannot be moved.")
        _apply(row, practitioner, wanted, room)
        row.kind, row.desk_note = kind or row.kind, note
        row.save(force_update=True)
        _join_care_team(row.patient, practitioner)
        return row

    try:
        run_guarded(write)
    except Clash as clash:
        wish = Appointment(pk=appointment.pk, patient=appointment.patient, practitioner=practitioner, room=room)
        raise _taken(clash, wish, wanted, now=now) from clash
    moved: Appointment = Appointment.objects.for_diary().get(pk=appointment.pk)
    return moved


def _checked_wish(
    appointment: Appointment,
    practitioner: Practitioner,
    start: datetime,
    minutes: int,
    *,
    room: Room | None,
    now: datetime,
) -> Interval:
    """Rules for a new time; a visit that keeps its time may have its room or note changed even once it began."""
    kept = Interval(appointment.during.lower, appointment.during.upper)
    same_person = practitioner.pk == appointment.practitioner_id
    if same_person and start == kept.start and timedelta(minutes=max(minutes, 0)) == kept.end - kept.start:
        check_people(appointment.patient, practitioner, room)
        return kept
    wanted = check_time(start, minutes, now=now)
    check_people(appointment.patient, practitioner, room)
    check_hours(practitioner, wanted)
    return wanted


def _locked(appointment: Appointment, sequence: int | None) -> Appointment:
    row: Appointment = Appointment.objects.select_for_update(of=("self",)).for_diary().get(pk=appointment.pk)
    if sequence is not None and row.sequence != sequence:
        raise Conflict("changed", "Somebody else changed this visit meanwhile. Look at it again before you go on.")
    return row


def _apply(row: Appointment, practitioner: Practitioner, wanted: Interval, room: Room | None) -> None:
    if (row.during.lower, row.during.upper) != (wanted.start, wanted.end):
        row.state = State.BOOKED
    row.practitioner, row.room = practitioner, room
    row.during = DateTimeTZRange(wanted.start, wanted.end)
    row.sequence += 1


def cancel(
    appointment: Appointment, reason: str, *, by: User, now: datetime, desk_note: str = "", sequence: int | None = None
) -> Appointment:
    """Cancel a visit that nobody has come for; less than a day before its start it counts as late."""
    if reason not in CancelReason.values:
        raise Invalid("reason", "Choose a reason from the list.", field="reason")
    note = check_words(appointment.kind, desk_note)

    def write() -> Appointment:
        row = _locked(appointment, sequence)
        if row.state not in CANCELLABLE:
            raise Conflict("state", f"The visit is {row.get_state_display().lower()} and cannot be cancelled.")
        row.state, row.cancelled_at, row.cancel_reason = State.CANCELLED, now, reason
        row.cancelled_late = row.during.lower - now < LATE
        row.sequence += 1
        row.desk_note = note or row.desk_note
        row.save(force_update=True)
        return row

    return run_guarded(write)


def set_state(appointment: Appointment, state: str, *, by: User, now: datetime) -> Appointment:
    """Confirm, check in, begin, complete, note an absence, or undo the last of these.

    Raises ``Conflict`` for a step that does not follow the present state, and ``SlotTaken`` when a visit comes back
    to life whose time somebody else has by now.
    """
    if state not in State.values or state == State.CANCELLED:
        raise Invalid("state", "Choose a state from the list.", field="state")

    def write() -> Appointment:
        row = _locked(appointment, None)
        _check_step(row, state, now=now)
        if row.state == State.CANCELLED:
            row.cancelled_at, row.cancel_reason, row.cancelled_late = None, "", False
            row.sequence += 1
        row.state = state
        row.save(force_update=True)
        return row

    try:
        return run_guarded(write)
    except Clash as clash:
        wanted = Interval(appointment.during.lower, appointment.during.upper)
        raise _taken(clash, appointment, wanted, now=now) from clash


def _check_step(row: Appointment, state: str, *, now: datetime) -> None:
    if not may_follow(row.state, state):
        label = State(state).label.lower()
        raise Conflict("state", f"The visit is {row.get_state_display().lower()}; it cannot become {label} now.")
    zone = clinic_zone()
    start = row.during.lower
    if state in ON_THE_DAY and start.astimezone(zone).date() > now.astimezone(zone).date():
        raise Conflict("too_early", "The day of the visit has not come yet.")
    if state == State.DID_NOT_ATTEND and start > now:
        raise Conflict("too_early", "The visit has not begun yet.")
    if row.state == State.CANCELLED and start <= now:
        raise Conflict("past", "The time of this visit has passed. Book a new one.")
