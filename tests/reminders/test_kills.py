"""kill -9 of sending processes, at every point and at any: nothing goes twice, nothing is lost unnoticed.

Short in `make test`; `make torture` loops and prints the counts.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest
from django.db import connection
from django.utils import timezone

from reminders.models import OutboxMessage
from tests.reminders.rig import LATER, Rig, all_anew, due_messages, some, soon, told
from tests.safety.torture import LONG

pytestmark = [pytest.mark.engines, pytest.mark.django_db(transaction=True)]
MESSAGES = 8
LOOPS = 100 if LONG else 2
# The point, whether a message can be in doubt after it, and whether the doubtful one was taken over.
POINTS = {
    "before claiming": ("claim", 0, 0),
    "after claiming": ("claimed", 0, 0),
    "after sending was written": ("sending", 1, 0),
    "after the provider accepted": ("accepted", 1, 1),
    "before the outcome is written": ("outcome", 1, 1),
}


@pytest.mark.hazard("H-16")
def test_a_sender_killed_at_a_point_leaves_doubt_only_where_there_is_some(rig: Rig) -> None:
    due_messages(MESSAGES)
    for name in POINTS:
        rig.total.clear()
        for _ in range(LOOPS):
            _kill_once(rig, *POINTS[name])
        told(f"killed {name}", rig.total, kills=LOOPS)
    # However often the senders come back, a doubtful message is left to a person.
    before = rig.provider.accepted()
    rig.settle()
    assert rig.provider.accepted() == before


def _kill_once(rig: Rig, point: str, doubtful: int, taken: int) -> None:
    all_anew()
    passage = 1 if point in ("claim", "claimed") else some(MESSAGES)
    assert rig.nursery.run({"die": f"{point}:{passage}", "shuffle": True}) == [-9]
    found = rig.settle()
    assert (found["duplicates"], found["lost"], found["hanging"]) == (0, 0, 0)
    assert (found["unknown"], found["unknown and taken"]) == (doubtful, taken)
    assert found["sent"] == MESSAGES - doubtful


@pytest.mark.hazard("H-16")
def test_three_senders_with_the_same_ids_killed_at_any_moment(rig: Rig) -> None:
    """Killed from outside at a random moment; at most one message is in doubt for each killed process."""
    due_messages(40)
    rig.provider.rules({"mode": "slow", "seconds": 0.003})
    loops = 100 if LONG else 3
    killed = 0
    for _ in range(loops):
        all_anew()
        ends = [random.uniform(0.05, 0.7) for _ in range(2)]
        codes = rig.nursery.run(*({"kill_after": end} for end in ends), {})
        died = sum(code == -9 for code in codes)
        assert set(codes) <= {0, -9}
        killed += died
        found = rig.settle()
        assert (found["duplicates"], found["lost"], found["hanging"]) == (0, 0, 0)
        assert found["unknown"] <= died
        assert found["sent"] + found["unknown"] == 40
    told("three senders, two of them killed at any moment", rig.total, loops=loops, kills=killed)


@pytest.mark.hazard("H-16")
def test_three_senders_with_the_same_ids_send_each_message_once(rig: Rig) -> None:
    due_messages(40)
    assert rig.nursery.run(*[{"start_at": soon()} for _ in range(3)]) == [0, 0, 0]
    found = rig.count()
    assert (found["sent"], found["duplicates"], found["unknown"]) == (40, 0, 0)


# --- The tests bite --------------------------------------------------------------------------------------------------
def test_without_lock_and_fence_the_race_sends_twice(rig: Rig) -> None:
    due_messages(40)
    rig.nursery.run(*[{"without": "fence", "start_at": soon()} for _ in range(3)])
    assert rig.count()["duplicates"] > 0


def test_without_the_state_of_doubt_and_the_lease_a_kill_is_noticed(rig: Rig) -> None:
    """Giving back what was being sent, as a plain work queue does, is noticed."""
    due_messages(MESSAGES)
    assert rig.nursery.run({"die": "accepted:3"}) == [-9]
    OutboxMessage.objects.filter(state="sending").update(state="planned", token=None, lease_until=None)
    assert rig.settle()["duplicates"] == 1
    # Without leases the messages of a killed sender hang, and that is noticed, too.
    all_anew()
    assert rig.nursery.run({"die": "claimed:1"}) == [-9]
    OutboxMessage.objects.filter(state="claimed").update(lease_until=timezone.now() + 100 * LATER)
    assert rig.settle()["hanging"] == MESSAGES


def _planned_twice() -> int:
    """How many messages there are beyond one for each patient and thing."""
    things = Counter(OutboxMessage.objects.values_list("patient_id", "kind", "subject", "occurrence"))
    return sum(count - 1 for count in things.values())


def test_two_planners_at_once_plan_once(rig: Rig) -> None:
    due_messages(5)
    loops = 20 if LONG else 1
    for _ in range(loops):
        OutboxMessage.objects.all().delete()
        moment = soon(1.0)
        assert rig.nursery.run(*[{"do": "plan", "start_at": moment} for _ in range(2)]) == [0, 0]
        assert (OutboxMessage.objects.count(), _planned_twice()) == (5, 0)
    told("two planners at once", Counter(messages=5 * loops), loops=loops)


def test_without_the_unique_constraints_two_planners_plan_twice(rig: Rig) -> None:
    due_messages(5)
    OutboxMessage.objects.all().delete()
    names = ("outbox_once_per_occurrence", "outbox_first_channel_once")
    kept = [each for each in OutboxMessage._meta.constraints if each.name in names]
    assert len(kept) == 2
    with connection.schema_editor() as editor:
        for constraint in kept:
            editor.remove_constraint(OutboxMessage, constraint)
    try:
        moment = soon(1.0)
        assert rig.nursery.run(*[{"do": "plan", "start_at": moment} for _ in range(2)]) == [0, 0]
        assert _planned_twice() > 0
    finally:
        OutboxMessage.objects.all().delete()
        with connection.schema_editor() as editor:
            for constraint in kept:
                editor.add_constraint(OutboxMessage, constraint)
