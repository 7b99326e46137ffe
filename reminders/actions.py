"""What people do about messages: choose, stop, settle a doubtful one, pause and resume everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from django.db import transaction

from clinic.errors import Conflict, Invalid, Refused
from clinic.models import Patient, User
from reminders.clock import is_quiet, week_minute
from reminders.facts import FREE, fluids_barred
from reminders.models import Channel, ContactRules, Kind, OutboxMessage, Preference, Reason, State, Timetable
from reminders.outbox import allowed
from reminders.phones import NotANumber, to_e164
from reminders.planner import plan_patient
from reminders.planner.base import reachable
from reminders.reach import country_of_clinic, read_reach, sms_number_of
from reminders.ways import HABITS, POLICIES

MOST_PER_DAY = 4
MOST_PROMPTS = 12
HABIT_FIELDS: Mapping[str, str] = {Kind.MOVEMENT: "movement_from", Kind.FLUIDS: "fluids_1"}
Times = Mapping[int, Iterable[time]]
SMS_PROBLEMS = {
    "letters": "This is not a telephone number. Use digits, with a leading + for numbers of other countries.",
    "length": "This is not a telephone number: it is too short or too long.",
    "country": "Write the number with + and the country code, such as +44 7700 900123.",
    "landline": "Text messages need a mobile number; this one is none.",
}


@dataclass(frozen=True, slots=True)
class Choices:
    """What a page of settings says, all at once.

    ``ways`` maps kind to the channels wanted, the first to try in front; ``times`` maps kind to its times of the week,
    kinds that are left out keep theirs; an empty ``sms_number`` takes the telephone of the record.
    """

    ways: Mapping[str, Sequence[str]]
    times: Mapping[str, Times]
    quiet_from: time
    quiet_until: time
    daily_cap: int
    sms_number: str = ""


def change_settings(
    patient: Patient, choices: Choices, *, now: datetime, by: User, source: str = Preference.Source.SETTINGS
) -> None:
    """Store everything or nothing, and plan at once what follows from it.

    Raises what the single actions raise, and ``Invalid`` for texts without a mobile number to send them to.
    """
    with transaction.atomic():
        rules = set_contact_rules(
            patient,
            choices.quiet_from,
            quiet_until=choices.quiet_until,
            daily_cap=choices.daily_cap,
            sms_number=choices.sms_number,
        )
        if any(Channel.SMS in ways for ways in choices.ways.values()):
            _require_mobile(patient, rules)
        for kind, ways in choices.ways.items():
            set_ways(patient, kind, ways, now=now, by=by, source=source)
        for kind, times in choices.times.items():
            set_times(patient, kind, times, now=now)
    plan_patient(patient, now=now)


def _require_mobile(patient: Patient, rules: ContactRules) -> None:
    if not sms_number_of(patient, rules, country_of_clinic()):
        raise Invalid("sms_missing", "Text messages need a mobile number. Please give one.", field="sms_number")


def set_ways(
    patient: Patient,
    kind: str,
    channels: Sequence[str],
    *,
    now: datetime,
    by: User | None = None,
    source: str = Preference.Source.SETTINGS,
) -> None:
    """Choose by which ways one kind of message comes, the first to try in front; none switches the kind off.

    Raises ``Invalid`` for an unknown kind or a way by which this kind does not travel, ``Refused`` for prompts to drink
    where a condition forbids or changes such advice. What is planned already is checked again when it is sent.
    """
    offered = _offered(kind)
    if wrong := [channel for channel in channels if channel not in offered]:
        raise Invalid("channel", "These messages cannot be sent that way.", field=f"{kind}-{wrong[0]}")
    if kind == Kind.FLUIDS and channels and fluids_barred([patient.pk]):
        raise Refused(
            "fluids_barred",
            "Please ask your medical team how much to drink; we cannot remind you.",
            field=f"{kind}-{channels[0]}",
        )
    order = list(dict.fromkeys(channels))
    chosen = {way: (way in order, order.index(way) if way in order else 0) for way in offered}
    _write(patient, {(kind, way): said for way, said in chosen.items()}, now=now, by=by, source=source)


def _offered(kind: str) -> tuple[str, ...]:
    if kind not in Kind.values:
        raise Invalid("kind", "There is no such kind of message.", field="kind")
    return POLICIES[kind].offered


def _write(
    patient: Patient, chosen: Mapping[tuple[str, str], tuple[bool, int | None]], *, now: datetime, by: User | None,
    source: str,
) -> None:  # fmt: skip
    """Store for each kind and way whether it is wanted and its rank (None: the rank stays), in one statement."""
    rows = [
        Preference(
            patient=patient, kind=kind, channel=way, enabled=enabled, rank=rank or 0, changed_at=now, changed_by=by,
            source=source,
        )
        for (kind, way), (enabled, rank) in chosen.items()
    ]  # fmt: skip
    ranked = any(rank is not None for _, rank in chosen.values())
    Preference.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["patient", "kind", "channel"],
        update_fields=["enabled", "changed_at", "changed_by", "source", *(["rank"] if ranked else [])],
    )


def opt_out(
    patient: Patient,
    kind: str | None = None,
    channel: str | None = None,
    *,
    now: datetime,
    by: User | None = None,
    source: str = Preference.Source.LINK,
) -> int:
    """Switch off one kind or all of them, by one way or all: for links in messages, STOP and complaints.

    Twice is once. Returns how many choices are off now. A message that is planned is not sent any more; one that
    another way is wanted for goes that way. Raises ``Invalid`` for an unknown kind or way.
    """
    if channel is not None and channel not in Channel.values:
        raise Invalid("channel", "Messages cannot be sent that way.", field="channel")
    off = [
        (one, way)
        for one in ([kind] if kind is not None else Kind.values)
        for way in _offered(one)
        if channel in (None, way)
    ]
    _write(patient, dict.fromkeys(off, (False, None)), now=now, by=by, source=source)
    return len(off)


def set_times(patient: Patient, kind: str, times: Times, *, now: datetime) -> Timetable:
    """Choose at which times of the week one kind comes: ``times`` maps weekday (Monday is 0) to wall times.

    Raises ``Invalid`` for a kind without times, too many times a day (four; habit prompts twelve), prompts less than an
    hour apart, or a time inside the patient's quiet hours. A time that has passed today begins tomorrow.
    """
    if kind not in Kind.values or not POLICIES[kind].timed:
        raise Invalid("kind", "These messages have no times of their own.", field="kind")
    rules, _ = ContactRules.objects.get_or_create(patient=patient)
    minutes = _checked_times(kind, times, rules)
    row, made = Timetable.objects.get_or_create(
        patient=patient, kind=kind, defaults={"week_minutes": minutes, "changed_at": now}
    )
    if not made and row.week_minutes != minutes:
        row.week_minutes, row.changed_at = minutes, now
        row.save()
    return row


def _checked_times(kind: str, times: Times, rules: ContactRules) -> list[int]:
    most, minutes = (MOST_PROMPTS if kind in HABITS else MOST_PER_DAY), set()
    for weekday, of_day in times.items():
        chosen = sorted({at.replace(second=0, microsecond=0, tzinfo=None) for at in of_day})
        field = HABIT_FIELDS.get(kind, f"time_{weekday}")
        if not 0 <= weekday <= 6:
            raise Invalid("weekday", "A week has seven days.", field=kind)
        if len(chosen) > most:
            raise Invalid("too_many", f"Choose at most {most} times a day.", field=field)
        for at in chosen:
            if is_quiet(at, rules.quiet_from, rules.quiet_until):
                raise Invalid("quiet", f"{at:%H:%M} lies in your quiet hours. Choose a time outside.", field=field)
        of_this_day = [week_minute(weekday, at) for at in chosen]
        if kind in HABITS and any(later - at < 60 for at, later in pairwise(of_this_day)):
            raise Invalid("too_close", "Leave at least an hour between two prompts.", field=field)
        minutes |= set(of_this_day)
    return sorted(minutes)


def set_contact_rules(
    patient: Patient, quiet_from: time, *, quiet_until: time, daily_cap: int, sms_number: str | None = None
) -> ContactRules:
    """Set quiet hours (the same time twice: none), how many messages a day are enough, and the number for texts.

    ``sms_number`` in any notation; empty takes the telephone of the record; None leaves it as it is. Raises ``Invalid``
    for what is no number or cannot take a text.
    """
    if not 1 <= daily_cap <= 20:
        raise Invalid("daily_cap", "Choose 1 to 20 messages a day.", field="daily_cap")
    changes: dict[str, Any] = {"quiet_from": quiet_from, "quiet_until": quiet_until, "daily_cap": daily_cap}
    if sms_number is not None:
        changes["sms_number"] = checked_sms_number(sms_number)
    rules, _ = ContactRules.objects.update_or_create(patient=patient, defaults=changes)
    return rules


def checked_sms_number(raw: str) -> str:
    """The number in E.164; empty stays empty. Raises ``Invalid`` that says what is wrong with it."""
    if not raw.strip():
        return ""
    try:
        return to_e164(raw, country_of_clinic())
    except NotANumber as error:
        raise Invalid(f"sms_{error.code}", SMS_PROBLEMS[error.code], field="sms_number") from error


def pause_messages(patient: Patient, first: date, last: date | None, *, today: date) -> ContactRules:
    """No messages from one day to another (inclusive; None: until resumed), by the patient's calendar; visits excepted.

    Raises ``Invalid`` for days in the wrong order, a pause that is over, or one that begins more than a year ahead.
    """
    if last is not None and last < first:
        raise Invalid("order", "The last day lies before the first.", field="paused_until")
    if last is not None and last < today:
        raise Invalid("over", "That pause is over already.", field="paused_until")
    if first > today + timedelta(days=366):
        raise Invalid("far", "Choose a first day within a year.", field="paused_from")
    rules, _ = ContactRules.objects.update_or_create(
        patient=patient, defaults={"paused_from": first, "paused_until": last}
    )
    return rules


def resume_messages(patient: Patient) -> None:
    """End the pause, or call off the one to come."""
    ContactRules.objects.filter(patient=patient).update(paused_from=None, paused_until=None)


def tell(
    patient: Patient, kind: str, *, subject: str, occurrence: str, now: datetime, not_after: datetime
) -> OutboxMessage | None:
    """Plan one message about a question, an answer or an offer; the same subject and occurrence twice is one message.

    Returns None when the patient has agreed to no messages or wants none of this kind. Raises ``Invalid`` for a kind
    that the planner looks after itself.
    """
    if kind not in FREE:
        raise Invalid("kind", "The planner looks after these messages itself.", field="kind")
    reach = read_reach([patient.pk])
    ways = reach.ways(patient, kind)
    if not ways or not Patient.objects.filter(reachable("", now), pk=patient.pk).exists():
        return None
    row = OutboxMessage(
        patient=patient, kind=kind, subject=subject, occurrence=occurrence, channel=ways[0], due_at=now,
        not_after=not_after,
    )  # fmt: skip
    OutboxMessage.objects.bulk_create([row], ignore_conflicts=True)
    found: OutboxMessage | None = OutboxMessage.objects.filter(
        patient=patient, kind=kind, subject=subject, occurrence=occurrence, fallback_of__isnull=True
    ).first()
    return found


def settle(message: OutboxMessage, outcome: str, *, by: User, now: datetime) -> OutboxMessage:
    """Decide what became of a doubtful or failed message: ``sent``, ``drop`` or ``resend``.

    Only this way is a message that may have gone sent again: by a person who says so. A resend still passes every
    check of the sender. Raises ``Conflict`` when the message is not open any more or its time has passed.
    """
    choices = {"sent": State.SENT, "drop": State.CANCELLED, "resend": State.PLANNED}
    if outcome not in choices:
        raise Invalid("outcome", "Choose what became of the message.", field="outcome")
    new = choices[outcome]
    with transaction.atomic():
        row: OutboxMessage = OutboxMessage.objects.select_for_update().get(pk=message.pk)
        open_states = (State.UNKNOWN, State.FAILED)
        if row.state not in open_states or not allowed(row.state, new):
            raise Conflict("settled", f"The message is {row.get_state_display().lower()}; there is nothing to settle.")
        if new == State.PLANNED:
            _plan_again(row, now)
        if new == State.SENT:
            row.sent_at = row.sending_at or now
        row.state, row.reason, row.detail, row.settled_by = new, Reason.BY_HAND, "", by
        row.token, row.lease_until = None, None  # whoever held it has nothing to say any more
        row.save()
    return row


def _plan_again(row: OutboxMessage, now: datetime) -> None:
    if row.not_after < now:
        raise Conflict("too_late", "Its time has passed. Drop it; the next one is planned by itself.")
    row.due_at, row.attempts = now, 0
    row.not_after = max(row.not_after, now + timedelta(minutes=5))
