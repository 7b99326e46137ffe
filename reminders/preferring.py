"""What follows from "Send reminders to this phone": notifications come first, the other ways stay behind them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from clinic.models import Patient, User
from reminders.actions import set_ways
from reminders.models import Channel, Preference
from reminders.ways import HABITS, POLICIES, Choice, wanted_ways


@transaction.atomic
def prefer_phone(patient: Patient, *, now: datetime, by: User) -> int:
    """Put notifications in front for each kind that the patient wants at all; how many kinds that are.

    Prompts for breaks and drinks are left as they were chosen.
    """
    rows = Preference.objects.filter(patient=patient)
    said = [Choice(row.kind, row.channel, row.enabled, row.rank) for row in rows]
    changed = 0
    for kind, policy in POLICIES.items():
        ways = wanted_ways(kind, said)
        if kind in HABITS or not ways or Channel.PUSH not in policy.offered or ways[0] == Channel.PUSH:
            continue
        others = [way for way in ways if way != Channel.PUSH]
        set_ways(patient, kind, [Channel.PUSH.value, *others], now=now, by=by)
        changed += 1
    return changed
