"""What the demo's patients answered over time: most get better, a few do not."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from assessments.models import InstrumentVersion, OutcomeRequest, OutcomeResponse
from assessments.outcomes.actions import activities_of
from assessments.outcomes.install import in_force, install_shipped, instrument_of
from assessments.outcomes.score import score_of
from clinic.models import Episode
from config.demo.course import Outline

ASKED_ON = (4, 14, 21, 28, 35, 42, 49)  # days since the course began
STUCK_EVERY = 7  # every so many courses nothing changes


def seed_outcomes(courses: list[tuple[Episode, Outline]], today: date, dice: random.Random) -> int:
    """Answers of all courses, written at once; returns how many."""
    install_shipped()
    OutcomeRequest.objects.all().delete()  # what moving through the phases asked on the way is answered below
    rows = in_force()
    activities = activities_of([episode.pk for episode, _ in courses])
    requests: list[OutcomeRequest] = []
    responses: list[OutcomeResponse] = []
    for number, (episode, outline) in enumerate(courses):
        answers = _Answers(outline, activities.get(episode.pk, []), dice, stuck=number % STUCK_EVERY == STUCK_EVERY - 2)
        for days in ASKED_ON:
            day = outline.begun + timedelta(days=days)
            if day < today:
                for key in answers.asked(days):
                    requests.append(_request(episode, rows[key], day, answers.activities))
                    responses.append(_response(requests[-1], answers.of(key, days), day))
    OutcomeRequest.objects.bulk_create(requests)
    OutcomeResponse.objects.bulk_create(responses)
    return len(responses)


class _Answers:
    """One patient's answers: a straight way from the first day's figures towards better ones, with small steps off."""

    def __init__(self, outline: Outline, activities: list[str], dice: random.Random, *, stuck: bool) -> None:
        findings = {**outline.case.findings, **outline.adjust}
        self.worst = float(findings.get("pain.nprs_worst_24h", 5))
        self.function = float(findings.get("func.psfs_avg", 4))
        self.spasms = int(findings.get("hist.spasm_frequency_per_week", 0) or 0)
        self.activities, self.dice, self.stuck = activities, dice, stuck

    def asked(self, days: int) -> list[str]:
        keys = ["nprs"] + (["spasm_diary"] if self.spasms else [])
        if days >= 14:
            keys += ["groc"] + (["psfs"] if self.activities else [])
        return keys

    def of(self, key: str, days: int) -> dict[str, float]:
        share = 0.05 if self.stuck else min(days / 55, 0.9)
        off = self.dice.choice((-1, 0, 0, 1))
        if key == "nprs":
            worst = _within(self.worst * (1 - share) + off, 10)
            return {"now": _within(worst - 2, 10), "worst": worst, "best": _within(worst - 4, 10)}
        if key == "groc":
            return {"change": _within(7 * share + off, 7)}
        if key == "spasm_diary":
            week = _within(self.spasms * (1 - share) + off, 200)
            return {
                "week": week,
                "fortnight": week * 2,
                "strength": _within(6 * (1 - share), 10),
                "nights": min(week, 2.0),
            }
        better = self.function + (9 - self.function) * share
        return {
            f"activity_{n}": _within(better + self.dice.choice((-1, 0, 1)), 10)
            for n, _ in enumerate(self.activities, 1)
        }


def _within(value: float, high: int) -> float:
    return float(max(0, min(high, round(value))))


def _request(episode: Episode, row: InstrumentVersion, day: date, activities: list[str]) -> OutcomeRequest:
    return OutcomeRequest(
        episode=episode,
        instrument=row,
        why=OutcomeRequest.Why.FORTNIGHT,
        occasion=f"fortnight:{day}",
        due_on=day,
        expires_on=day + timedelta(days=7),
        activities=activities if row.key == "psfs" else [],
        state=OutcomeRequest.State.ANSWERED,
        created_at=_moment(day, 8),
        closed_at=_moment(day, 19),
    )


def _response(request: OutcomeRequest, answers: dict[str, float], day: date) -> OutcomeResponse:
    row = request.instrument
    score = score_of(instrument_of(row), answers, request.activities)
    patient = request.episode.patient
    assert patient.user is not None  # noqa: S101 - the demo registers everybody with a log-in
    return OutcomeResponse(
        request=request,
        episode=request.episode,
        instrument=row,
        answers=answers,
        activities=request.activities,
        score=None if score is None else Decimal(str(score)),
        on=day,
        filled_by=OutcomeResponse.Filler.PATIENT,
        recorded_by=patient.user,
        submitted_at=_moment(day, 19),
    )


def _moment(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=UTC)
