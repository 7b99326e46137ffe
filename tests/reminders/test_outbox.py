"""The state machine: every pair of states, the fence, the lease."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from reminders import outbox
from reminders.models import OutboxMessage, State
from reminders.outbox import MOVES
from tests.factories.reminders import MessageFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def message(state: str, **kwargs: object) -> OutboxMessage:
    held = {"token": uuid.uuid4(), "lease_until": NOW + timedelta(minutes=1)}
    times = {"sent_at": NOW} if state in ("sent", "delivered") else {}
    return MessageFactory(state=state, **{**held, **times, **kwargs})


@pytest.mark.parametrize("state", State.values)
@pytest.mark.parametrize("new", State.values)
def test_every_pair_of_states(state: str, new: str) -> None:
    row = message(state)
    values: dict[str, Any] = {"sent_at": NOW} if new in ("sent", "delivered") else {}
    if new in ("claimed", "sending") and new in MOVES[state]:
        return  # only claim() and begin_sending() go there, see below
    if new in MOVES[state]:
        assert outbox.move(row, new, **values)
    else:
        with pytest.raises(ValueError, match="no move"):
            outbox.move(row, new, **values)
    row.refresh_from_db()
    assert row.state == (new if new in MOVES[state] else state)


def test_ends_are_ends() -> None:
    assert [state for state, moves in MOVES.items() if not moves] == ["suppressed", "expired", "cancelled"]


def test_nothing_leads_from_sent_or_doubtful_to_sending_by_itself() -> None:
    """A second hand-over always passes through ``planned``, and from ``unknown`` only a person goes there."""
    assert [state for state, moves in MOVES.items() if "sending" in moves] == ["claimed"]


def test_a_claim_takes_due_rows_once_with_lease_and_fence() -> None:
    due, later = MessageFactory(), MessageFactory(due_at=NOW + timedelta(minutes=5))
    rows = outbox.claim([due.pk, later.pk], now=NOW)
    assert [row.pk for row in rows] == [due.pk]
    assert outbox.claim([due.pk], now=NOW) == []
    due.refresh_from_db()
    assert (due.state, due.token, due.lease_until) == ("claimed", rows[0].token, NOW + outbox.LEASE)


def test_whoever_lost_the_lease_writes_nothing() -> None:
    row = message("planned", token=None, lease_until=None, due_at=NOW)
    (old,) = outbox.claim([row.pk], now=NOW)
    later = NOW + outbox.LEASE
    assert outbox.recover(now=later) == (1, 0)
    assert not outbox.begin_sending(old, "a@example.test", now=later)
    (new,) = outbox.claim([row.pk], now=later)
    assert new.token != old.token
    assert not outbox.begin_sending(old, "a@example.test", now=later)
    assert not outbox.move(old, "suppressed", reason="logged")
    assert outbox.begin_sending(new, "a@example.test", now=later)


def test_sending_is_not_begun_after_the_lease() -> None:
    (row,) = outbox.claim([MessageFactory().pk], now=NOW)
    assert not outbox.begin_sending(row, "a@example.test", now=NOW + outbox.LEASE)


def test_death_while_sending_leaves_a_doubtful_row_that_nobody_claims() -> None:
    (row,) = outbox.claim([MessageFactory().pk], now=NOW)
    assert outbox.begin_sending(row, "a@example.test", now=NOW)
    assert outbox.recover(now=NOW + timedelta(seconds=59)) == (0, 0)
    assert outbox.recover(now=NOW + timedelta(seconds=60)) == (0, 1)
    row.refresh_from_db()
    assert (row.state, row.reason, row.attempts) == ("unknown", "lease_lost", 1)
    assert outbox.claim([row.pk], now=NOW + timedelta(days=1)) == []


def test_a_slow_sender_that_comes_back_clears_the_doubt() -> None:
    (row,) = outbox.claim([MessageFactory().pk], now=NOW)
    outbox.begin_sending(row, "a@example.test", now=NOW)
    outbox.recover(now=NOW + timedelta(seconds=61))
    assert outbox.mark_sent(row, "<id>", now=NOW + timedelta(seconds=62))
    row.refresh_from_db()
    assert (row.state, row.provider_id, row.reason) == ("sent", "<id>", "")


def test_one_commit_writes_down_the_last_and_begins_the_next() -> None:
    first, second = outbox.claim([MessageFactory().pk, MessageFactory().pk], now=NOW)
    outbox.begin_sending(first, "a@example.test", now=NOW)
    assert outbox.sent_then_begin(first, "<1>", second, "b@example.test", now=NOW) == (True, True)
    rows = OutboxMessage.objects.order_by("pk").values_list("state", "address", "provider_id", "attempts")
    assert list(rows) == [("sent", "a@example.test", "<1>", 1), ("sending", "b@example.test", "", 1)]


def test_the_baton_passes_halfway_when_one_of_the_two_is_lost() -> None:
    first, second = outbox.claim([MessageFactory().pk, MessageFactory().pk], now=NOW)
    outbox.begin_sending(first, "a@example.test", now=NOW)
    OutboxMessage.objects.filter(pk=second.pk).update(token=uuid.uuid4())
    assert outbox.sent_then_begin(first, "<1>", second, "b@example.test", now=NOW) == (True, False)
    second.refresh_from_db()
    assert (second.state, second.attempts) == ("claimed", 0)


@pytest.mark.parametrize("state", ["claimed", "sending"])
def test_the_database_refuses_a_held_row_without_a_lease(state: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        MessageFactory(state=state)


def test_the_database_refuses_the_same_occurrence_twice() -> None:
    row = MessageFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        MessageFactory(patient=row.patient)
