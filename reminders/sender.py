"""Sends what is due: claims, asks everything once more, hands over, writes down what became of it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfoNotFoundError

from django.db import transaction
from django.utils import timezone

from reminders import outbox
from reminders.channels.letters import Letter, compose
from reminders.channels.outcomes import Accepted, NotReady, Outcome, Permanent, Transient
from reminders.channels.registry import Channels, MessageChannel
from reminders.facts import Facts, due_of, read_facts
from reminders.fallback import fall_back, falls
from reminders.models import Channel, OutboxMessage, Reason, State
from reminders.recheck import Verdict, judge
from reminders.switch import is_paused
from reminders.ways import CAPPED

log = logging.getLogger(__name__)

CHUNK = 250
# Facts older than this are read again: an opt-out counts within seconds however slow the provider is.
FRESH = timedelta(seconds=5)
# A claimed message is given back rather than begun when its lease is nearly over.
MARGIN = timedelta(seconds=20)
# A worker begins nothing more of a batch after this long: a slow provider must not hold up the other channels.
SPELL = timedelta(seconds=30)
BACK_OFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=60))

Clock = Callable[[], datetime]


def send_batch(ids: Iterable[int], *, clock: Clock = timezone.now) -> Counter[str]:
    """Send those of the messages that are due and free. Safe to run twice, and beside others. Returns what became."""
    tally: Counter[str] = Counter()
    waiting, until = iter(ids), clock() + SPELL
    with Channels() as channels:
        while (chunk := list(islice(waiting, CHUNK))) and clock() < until and not is_paused():
            for name, rows in by_channel(outbox.claim(chunk, now=clock())).items():
                tally += Run(rows, channels.of(name), clock, until).go()
                outbox.deliver_notices(rows, now=clock())
    return tally


def by_channel(rows: Iterable[OutboxMessage]) -> dict[str, list[OutboxMessage]]:
    """One handful per channel: a mail server that cannot be reached holds up no text message."""
    found: dict[str, list[OutboxMessage]] = {}
    for row in rows:
        found.setdefault(row.channel, []).append(row)
    return found


@dataclass
class Run:
    """One claimed handful on its way. ``went`` is handed over, but not yet written down as sent."""

    rows: list[OutboxMessage]
    channel: MessageChannel
    clock: Clock
    until: datetime
    tally: Counter[str] = field(default_factory=Counter)
    went: tuple[OutboxMessage, str] | None = None

    def go(self) -> Counter[str]:
        facts = read_facts(self.rows, now=self.clock())
        try:
            for position, row in enumerate(self.rows):
                if self.clock() >= self.until:
                    outbox.hand_back(self.rows[position:])
                    break
                if self.clock() - facts.read_at > FRESH:
                    facts = read_facts(self.rows[position:], now=self.clock())
                letter = self._prepare(row, facts)
                if letter is not None:
                    self._hand_over(row, letter, facts)
        except NotReady as trouble:
            self._give_back(str(trouble))
        finally:
            self._write_down()
        return self.tally

    def _prepare(self, row: OutboxMessage, facts: Facts) -> Letter | None:
        """The letter to send, or None when the row has ended or waits. A broken row harms no other."""
        try:
            person = facts.people[row.patient_id]
            visit = facts.visit_of(row)
            verdict = judge(due_of(row), person, visit, now=self.clock())
            if verdict.step == "send":
                return compose(
                    row, facts.patients[row.patient_id], facts.clinic, visit, to=person.address_for(row.channel)
                )
        except (ZoneInfoNotFoundError, IsADirectoryError) as error:
            self._end(row, State.FAILED, Reason.BAD_ZONE, detail=type(error).__name__)
            return None
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one row, the others go on
            log.error("message %s could not be written: %s", row.pk, type(error).__name__)
            self._end(row, State.FAILED, Reason.BROKEN, detail=type(error).__name__)
            return None
        self._follow(row, verdict)
        return None

    def _follow(self, row: OutboxMessage, verdict: Verdict) -> None:
        if verdict.step == "wait" and verdict.until is not None:
            self._end(row, State.PLANNED, verdict.reason, due_at=verdict.until, token=None)
        else:
            self._end(row, verdict.step, verdict.reason)

    def _hand_over(self, row: OutboxMessage, letter: Letter, facts: Facts) -> None:
        if row.lease_until is None or row.lease_until - self.clock() < MARGIN:
            self._end(row, State.PLANNED, Reason.NONE, token=None)
            return
        if not self.channel.is_open:
            self._write_down()
            self.channel.open()
        if not self._begin(row, letter.to):
            return
        outcome = self.channel.send(letter)
        if isinstance(outcome, Accepted):
            self.went = (row, outcome.provider_id)
            _count(facts, row, self.clock())
        else:
            self._write_trouble(row, outcome)

    def _begin(self, row: OutboxMessage, address: str) -> bool:
        """Commit ``sending``; where the last message waits to be written down, both go in one commit."""
        if self.went is None:
            return outbox.begin_sending(row, address, now=self.clock())
        (done, provider_id), self.went = self.went, None
        written, begun = outbox.sent_then_begin(done, provider_id, row, address, now=self.clock())
        self.tally["sent" if written else "lost"] += 1
        return begun

    def _write_down(self) -> None:
        if self.went is not None:
            (done, provider_id), self.went = self.went, None
            written = outbox.mark_sent(done, provider_id, now=self.clock())
            self.tally["sent" if written else "lost"] += 1

    def _write_trouble(self, row: OutboxMessage, outcome: Outcome) -> None:
        detail = getattr(outcome, "detail", "")[:120]
        if isinstance(outcome, Permanent):
            self._end(row, State.FAILED, outcome.reason, detail=detail)
        elif isinstance(outcome, Transient):
            self._retry(row, detail, outcome.retry_after)
        else:
            self._end(row, State.UNKNOWN, Reason.NO_ANSWER, detail=detail)

    def _retry(self, row: OutboxMessage, detail: str, retry_after: timedelta | None = None) -> None:
        """Try again later: after our own pause, and never before the provider wants to hear of us."""
        pause = max(BACK_OFF[min(row.attempts, len(BACK_OFF)) - 1], retry_after or timedelta(0))
        again = self.clock() + pause
        if row.attempts > len(BACK_OFF) or again > row.not_after:
            self._end(row, State.FAILED, Reason.GAVE_UP, detail=detail)
        else:
            self._end(row, State.PLANNED, Reason.RETRY, due_at=again, detail=detail, token=None)

    def _give_back(self, detail: str) -> None:
        """The provider cannot be reached: whatever is still only claimed comes up again in a minute."""
        again = self.clock() + BACK_OFF[0]
        for row in self.rows:
            if row.state == State.CLAIMED:
                self._end(row, State.PLANNED, Reason.RETRY, due_at=again, detail=detail[:120], token=None)

    def _end(self, row: OutboxMessage, state: str, reason: str, **values: object) -> None:
        with transaction.atomic() if falls(state, reason) else nullcontext():
            moved = outbox.move(row, state, reason=reason, **values)
            if moved:
                fall_back(row, now=self.clock())
        if moved:
            self.tally[state] += 1


def _count(facts: Facts, row: OutboxMessage, now: datetime) -> None:
    """The next message of the same patient in this handful sees that one went."""
    if row.kind not in CAPPED or row.channel == Channel.PORTAL:
        return
    sent: Sequence[datetime] = facts.people[row.patient_id].sent_at
    if isinstance(sent, list):
        sent.append(now)
