"""What is asked in the moment of sending: a table of situations and verdicts, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from exercises.adherence import Entry, Order, Pause
from reminders.clock import week_minute
from reminders.recheck import SEND, Due, Person, Verdict, Visit, judge
from reminders.ways import POLICIES

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # a Tuesday
TODAY = date(2026, 11, 24)
DIGEST = Due("exercises", NOW + timedelta(hours=3), wall=datetime(2026, 11, 24, 9, 0))
START = NOW + timedelta(hours=24)
REMINDER = Due("appointment", START - timedelta(hours=1), visit_start=START)
PERSON = Person(
    active=True,
    addresses={"email": "p@example.test"},
    zone="Europe/London",
    consented=True,
    wanted=dict.fromkeys(POLICIES, ("email",)),
    week_minutes={kind: frozenset({week_minute(1, time(9))}) for kind in ("exercises", "movement", "fluids")},
    orders=(Order(1, date(2026, 11, 1)), Order(2, date(2026, 11, 1), per_day=2)),
)


def entries(*bouts: tuple[int, int, str], on: date = TODAY) -> tuple[Entry, ...]:
    return tuple(Entry(key, on, bout, state) for key, bout, state in bouts)


ALL_TOLD = entries((1, 1, "done"), (2, 1, "part"), (2, 2, "skipped"))


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, SEND),
        ({"entries": entries((1, 1, "done"), (2, 1, "done"))}, SEND),  # one session of the second is still open
        ({"entries": entries((1, 1, "done"), (2, 1, "done"), (2, 2, "done"), on=date(2026, 11, 23))}, SEND),
        ({"entries": ALL_TOLD}, Verdict("suppressed", "logged")),
        ({"orders": ()}, Verdict("suppressed", "nothing_due")),
        ({"orders": (Order(1, TODAY, pauses=(Pause(TODAY),)),)}, Verdict("suppressed", "nothing_due")),
        ({"orders": (Order(1, TODAY - timedelta(days=1), days_per_week=1),)}, Verdict("suppressed", "nothing_due")),
        ({"active": False}, Verdict("suppressed", "inactive")),
        ({"addresses": {"sms": "+447700900123"}}, Verdict("suppressed", "no_address")),
        ({"consented": False}, Verdict("suppressed", "no_consent")),
        ({"wanted": {"appointment": ("email",)}}, Verdict("suppressed", "opted_out")),
        ({"week_minutes": {"exercises": frozenset({week_minute(1, time(10))})}}, Verdict("cancelled", "times_changed")),
        ({"sent_at": [NOW - timedelta(hours=n) for n in (1, 2, 3)]}, Verdict("suppressed", "cap")),
        ({"sent_at": [NOW - timedelta(hours=n) for n in (10, 11, 12)]}, SEND),  # that was yesterday
        ({"quiet_from": time(8), "quiet_until": time(10)}, Verdict("wait", "quiet", NOW + timedelta(hours=1))),
        ({"quiet_from": time(8), "quiet_until": time(13)}, Verdict("expired", "too_late")),
    ],
)
def test_digest(change: dict[str, object], verdict: Verdict) -> None:
    assert judge(DIGEST, replace(PERSON, **change), None, now=NOW) == verdict  # type: ignore[arg-type]


def test_a_digest_never_goes_on_another_day_or_after_its_time() -> None:
    assert judge(DIGEST, PERSON, None, now=DIGEST.not_after + timedelta(seconds=1)) == Verdict("expired", "too_late")
    late = replace(DIGEST, not_after=NOW + timedelta(days=3))
    assert judge(late, PERSON, None, now=NOW + timedelta(days=1)) == Verdict("expired", "too_late")


@pytest.mark.parametrize(
    ("visit", "change", "verdict"),
    [
        (Visit(START, True), {}, SEND),
        (Visit(START, True), {"orders": (), "sent_at": [NOW] * 9}, SEND),  # no programme and no cap is asked for
        (Visit(START, False), {}, Verdict("cancelled", "visit_cancelled")),
        (None, {}, Verdict("cancelled", "visit_cancelled")),
        (Visit(START + timedelta(minutes=15), True), {}, Verdict("cancelled", "visit_moved")),
        (Visit(START, True), {"wanted": {"exercises": ("email",)}}, Verdict("suppressed", "opted_out")),
        (Visit(START, True), {"consented": False}, Verdict("suppressed", "no_consent")),
    ],
)
def test_visit(visit: Visit | None, change: dict[str, object], verdict: Verdict) -> None:
    assert judge(REMINDER, replace(PERSON, **change), visit, now=NOW) == verdict  # type: ignore[arg-type]
