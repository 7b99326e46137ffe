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


NUDGE = Due("nudge", NOW + timedelta(hours=2), wall=datetime(2026, 11, 24))


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, SEND),
        ({"entries": entries((1, 1, "done"))}, Verdict("suppressed", "logged")),  # anything at all
        ({"entries": entries((2, 1, "skipped"))}, Verdict("suppressed", "logged")),
        ({"entries": entries((1, 1, "done"), on=date(2026, 11, 23))}, SEND),
        ({"orders": ()}, Verdict("suppressed", "nothing_due")),
        ({"in_care": False, "orders": ()}, Verdict("suppressed", "discharged")),
        ({"on_hold": True}, Verdict("suppressed", "on_hold")),
        ({"week_minutes": {"exercises": frozenset({week_minute(2, time(9))})}}, Verdict("cancelled", "times_changed")),
        ({"sent_at": [NOW] * 3}, Verdict("suppressed", "cap")),
        ({"wanted": {"exercises": ("email",)}}, Verdict("suppressed", "opted_out")),
    ],
)
def test_nudge(change: dict[str, object], verdict: Verdict) -> None:
    assert judge(NUDGE, replace(PERSON, **change), None, now=NOW) == verdict  # type: ignore[arg-type]


PROMPT = timedelta(minutes=30)
MOVE = Due("movement", NOW + PROMPT, wall=datetime(2026, 11, 24, 9, 0))
DRINK = replace(MOVE, kind="fluids")


@pytest.mark.parametrize(
    ("due", "change", "verdict"),
    [
        (MOVE, {}, SEND),
        (MOVE, {"sent_at": [NOW] * 9}, SEND),  # wanted at this very time: the cap is not for them
        (MOVE, {"entries": ALL_TOLD}, SEND),  # a break is a break, exercises or not
        (MOVE, {"on_hold": True}, Verdict("suppressed", "on_hold")),
        (MOVE, {"in_care": False}, Verdict("suppressed", "discharged")),
        (MOVE, {"week_minutes": {}}, Verdict("cancelled", "times_changed")),
        (MOVE, {"fluids_barred": True}, SEND),
        (DRINK, {}, SEND),
        (DRINK, {"fluids_barred": True}, Verdict("suppressed", "not_advised")),
        (MOVE, {"quiet_from": time(8), "quiet_until": time(10)}, Verdict("expired", "too_late")),
    ],
)
def test_habit_prompts(due: Due, change: dict[str, object], verdict: Verdict) -> None:
    assert judge(due, replace(PERSON, **change), None, now=NOW) == verdict  # type: ignore[arg-type]


ASKED = Due("reassessment", NOW + timedelta(days=3), wall=datetime(2026, 11, 24))
CHANGED = Due("plan_changed", NOW + timedelta(days=2), version=(7, 3))
NEWS = {"versions": frozenset({(7, 3)}), "unseen": frozenset({(7, 3)})}


@pytest.mark.parametrize(
    ("due", "change", "verdict"),
    [
        (ASKED, {"questions": frozenset({TODAY})}, SEND),
        (ASKED, {"questions": frozenset({date(2026, 11, 23)})}, Verdict("suppressed", "answered")),
        (ASKED, {}, Verdict("suppressed", "answered")),
        (CHANGED, NEWS, SEND),
        (CHANGED, {**NEWS, "unseen": frozenset()}, Verdict("suppressed", "seen")),
        (CHANGED, {"versions": frozenset({(7, 4)})}, Verdict("suppressed", "replaced")),
        (CHANGED, {**NEWS, "on_hold": True}, Verdict("suppressed", "on_hold")),
        (Due("question", NOW + PROMPT), {}, SEND),
        (Due("wait_list", NOW + PROMPT), {"sent_at": [NOW] * 9}, SEND),
        (Due("question", NOW + PROMPT), {"sent_at": [NOW] * 9}, Verdict("suppressed", "cap")),
    ],
)
def test_what_follows_from_the_record(due: Due, change: dict[str, object], verdict: Verdict) -> None:
    assert judge(due, replace(PERSON, **change), None, now=NOW) == verdict  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "last", "paused"),
    [
        ("2026-11-24", "2026-11-24", True),
        ("2026-11-20", None, True),
        ("2026-11-25", None, False),
        ("2026-11-20", "2026-11-23", False),
    ],
)
@pytest.mark.parametrize("due", [DIGEST, NUDGE, MOVE, Due("question", NOW + PROMPT), Due("wait_list", NOW + PROMPT)])
def test_a_pause_holds_by_the_patients_calendar(due: Due, first: str, last: str | None, paused: bool) -> None:
    person = replace(
        PERSON, paused_from=date.fromisoformat(first), paused_until=date.fromisoformat(last) if last else None
    )
    assert judge(due, person, None, now=NOW) == (Verdict("suppressed", "paused") if paused else SEND)
    assert judge(REMINDER, person, Visit(START, True), now=NOW) == SEND  # a visit is told about all the same


def test_the_pause_begins_and_ends_at_the_patients_midnight() -> None:
    away = replace(
        PERSON, zone="Pacific/Apia", paused_from=TODAY, paused_until=TODAY, quiet_from=time(0), quiet_until=time(0)
    )
    offer = Due("wait_list", NOW + timedelta(days=9))
    moments = [datetime(2026, 11, 23, 10, 59, tzinfo=UTC), datetime(2026, 11, 23, 11, tzinfo=UTC),
               datetime(2026, 11, 24, 10, 59, tzinfo=UTC), datetime(2026, 11, 24, 11, tzinfo=UTC)]  # fmt: skip
    assert [judge(offer, away, None, now=at).reason for at in moments] == ["", "paused", "paused", ""]


def test_each_way_is_judged_by_itself() -> None:
    by_text = replace(DIGEST, channel="sms")
    both = replace(PERSON, wanted={"exercises": ("sms", "email")}, addresses={"sms": "+447700900123", "email": ""})
    assert judge(by_text, both, None, now=NOW) == SEND
    assert judge(DIGEST, both, None, now=NOW) == Verdict("suppressed", "no_address")
    assert judge(by_text, PERSON, None, now=NOW) == Verdict("suppressed", "opted_out")


def test_a_notice_in_the_portal_disturbs_nobody() -> None:
    night = NOW.replace(hour=23)
    reader = replace(PERSON, addresses={"portal": "portal"}, wanted={"question": ("portal",)})
    assert judge(Due("question", night + PROMPT, "portal"), reader, None, now=night) == SEND
