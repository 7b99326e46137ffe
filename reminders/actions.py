"""What people do about messages: choose, stop, settle a doubtful one, pause and resume everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta

from django.db import transaction

from clinic.errors import Conflict, Invalid
from clinic.models import Patient, User
from reminders.clock import is_quiet, week_minute
from reminders.models import Channel, ContactRules, Kind, OutboxMessage, Preference, Reason, State
from reminders.outbox import allowed
from reminders.planner import EVERY_DAY, plan_patient

MOST_PER_DAY = 4
Times = Mapping[int, Iterable[time]]


def set_preference(
    patient: Patient,
    kind: str,
    *,
    enabled: bool,
    by: User,
    now: datetime,
    times: Times | None = None,
    channel: str = Channel.EMAIL,
) -> Preference:
    """Switch one kind of message on or off and choose its times: ``times`` maps weekday (Monday is 0) to wall times.

    ``times=None`` keeps the times as they are. Raises ``Invalid`` for an unknown kind or channel, more than four
    times a day, or a time inside the patient's quiet hours. What is planned already is checked again when it is sent.
    """
    if kind not in Kind.values:
        raise Invalid("kind", "There is no such kind of message.", field="kind")
    if channel not in Channel.values:
        raise Invalid("channel", "Messages cannot be sent that way.", field="channel")
    with transaction.atomic():
        rules, _ = ContactRules.objects.get_or_create(patient=patient)
        minutes = None if times is None else _checked_times(times, rules)
        row, _ = Preference.objects.select_for_update().get_or_create(
            patient=patient,
            kind=kind,
            channel=channel,
            defaults={"week_minutes": EVERY_DAY if kind == Kind.EXERCISES else []},
        )
        row.enabled, row.changed_at = enabled, now
        if minutes is not None:
            row.week_minutes = minutes
        row.save()
    plan_patient(patient, now=now)
    return row


def _checked_times(times: Times, rules: ContactRules) -> list[int]:
    minutes = set()
    for weekday, of_day in times.items():
        chosen = {at.replace(second=0, microsecond=0, tzinfo=None) for at in of_day}
        if not 0 <= weekday <= 6:
            raise Invalid("weekday", "A week has seven days.", field="times")
        if len(chosen) > MOST_PER_DAY:
            raise Invalid("too_many", f"Choose at most {MOST_PER_DAY} times a day.", field="times")
        for at in chosen:
            if is_quiet(at, rules.quiet_from, rules.quiet_until):
                raise Invalid("quiet", f"{at:%H:%M} lies in your quiet hours. Choose a time outside.", field="times")
            minutes.add(week_minute(weekday, at))
    return sorted(minutes)


def set_contact_rules(
    patient: Patient, quiet_from: time, *, quiet_until: time, daily_cap: int, by: User
) -> ContactRules:
    """Set quiet hours (the same time twice: none) and how many messages a day are enough."""
    if not 1 <= daily_cap <= 20:
        raise Invalid("daily_cap", "Choose 1 to 20 messages a day.", field="daily_cap")
    rules, _ = ContactRules.objects.update_or_create(
        patient=patient,
        defaults={"quiet_from": quiet_from, "quiet_until": quiet_until, "daily_cap": daily_cap},
    )
    return rules


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
