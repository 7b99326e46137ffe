"""Asking, answering, correcting, declining. Whoever asks, an open question stands once; answers are kept for ever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction

from assessments.current import signed_now
from assessments.models import InstrumentVersion, OutcomeRequest, OutcomeResponse
from assessments.outcomes.install import instrument_of
from assessments.outcomes.score import AnswerProblems, read_answers, score_of
from clinic.errors import Conflict, Invalid, ManyProblems
from clinic.locality import patient_date
from clinic.models import Episode, User

BY_HAND_DAYS = 7
REASON_MAX = 300


def activities_of(episodes: Iterable[int]) -> dict[int, list[str]]:
    """The activities that the patient named at the latest signed assessment that has any, as corrected, by episode."""
    found: dict[int, list[str]] = {}
    for assessment, _, activities in signed_now(episodes):
        if activities:
            found[assessment.episode_id] = [row.activity for row in activities]
    return found


@transaction.atomic
def ask_by_hand(episode: Episode, row: InstrumentVersion, *, by: User, now: datetime) -> OutcomeRequest:
    """Ask now, for a week. An instrument that waits for an answer already is not asked twice: the open one returns.

    Raises Conflict when the episode is closed, the instrument is not in force, or no activity was named for it.
    """
    if episode.state != Episode.State.OPEN:
        raise Conflict("episode_closed", "The episode is closed.")
    if not row.in_force:
        raise Conflict("instrument_replaced", "A newer version of this measure is in force.", field="instrument")
    waiting = OutcomeRequest.objects.filter(episode=episode, instrument=row, state=OutcomeRequest.State.OPEN).first()
    today = patient_date(episode.patient, now)
    if waiting is not None and waiting.expires_on >= today:
        return waiting
    if waiting is not None:
        _close(waiting, OutcomeRequest.State.EXPIRED, now)
    activities = activities_of([episode.pk]).get(episode.pk, []) if instrument_of(row).per_activity else []
    if instrument_of(row).per_activity and not activities:
        raise Conflict("no_activities", "The assessment names no activities yet.", field="instrument")
    return OutcomeRequest.objects.create(
        episode=episode,
        instrument=row,
        why=OutcomeRequest.Why.BY_HAND,
        occasion=f"by_hand:{now.isoformat()}",
        due_on=today,
        expires_on=today + timedelta(days=BY_HAND_DAYS),
        activities=activities,
        asked_by=by,
    )


@transaction.atomic
def answer(
    request: OutcomeRequest, raw: Mapping[str, object], *, by: User, filled_by: str, now: datetime
) -> OutcomeResponse:
    """Store the answers and close the question. The same answers sent again give the stored response.

    Raises ManyProblems (one per answer, ``field`` is the question), Conflict when it was answered otherwise, declined
    or is over, and Invalid when this instrument is not for whoever fills it in.
    """
    locked = _locked(request.pk)
    instrument = instrument_of(locked.instrument)
    if filled_by not in instrument.fill:
        raise Invalid("not_for_filler", "These questions are for somebody else to answer.")
    answers = _read(locked.instrument, raw, locked.activities)
    if locked.state == OutcomeRequest.State.ANSWERED:
        return _same_again(locked, answers)
    on = patient_date(locked.episode.patient, now)
    if locked.state != OutcomeRequest.State.OPEN or on > locked.expires_on:
        raise Conflict("outcome_closed", "These questions are no longer open.")
    response = _store(locked, locked.instrument, answers, locked.activities, on, filled_by, by, now)
    _close(locked, OutcomeRequest.State.ANSWERED, now)
    return response


@transaction.atomic
def correct(
    response: OutcomeResponse, raw: Mapping[str, object], *, by: User, reason: str, now: datetime
) -> OutcomeResponse:
    """A new response in place of one that is wrong, for the same day; the old one stays on record.

    Raises ManyProblems as ``answer`` does, Invalid without a reason, Conflict when it was corrected already.
    """
    _locked(response.request_id)
    why = reason.replace("\x00", "").strip()
    if not why or len(why) > REASON_MAX:
        raise Invalid("reason", f"Say in 1 to {REASON_MAX} characters why it is corrected.", field="reason")
    answers = _read(response.instrument, raw, response.activities)
    if OutcomeResponse.objects.filter(supersedes=response).exists():
        raise Conflict("corrected_already", "These answers were corrected already. Open the newest ones.")
    return _store(
        response.request,
        response.instrument,
        answers,
        response.activities,
        response.on,
        response.filled_by,
        by,
        now,
        supersedes=response,
        reason=why,
    )


@transaction.atomic
def decline(request: OutcomeRequest, *, now: datetime) -> None:
    """Not wanted. What is answered stays answered; declining twice is declining once."""
    locked = _locked(request.pk)
    if locked.state == OutcomeRequest.State.ANSWERED:
        raise Conflict("outcome_closed", "These questions were answered already.")
    if locked.state == OutcomeRequest.State.OPEN:
        _close(locked, OutcomeRequest.State.DECLINED, now)


def _locked(pk: int) -> OutcomeRequest:
    rows = OutcomeRequest.objects.select_for_update(of=("self",)).select_related("instrument", "episode__patient")
    found: OutcomeRequest = rows.get(pk=pk)
    return found


def _read(row: InstrumentVersion, raw: Mapping[str, object], activities: Sequence[str]) -> dict[str, float]:
    try:
        return read_answers(instrument_of(row), raw, activities)
    except AnswerProblems as error:
        problems = tuple(Invalid(p.code, p.message, field=p.field or None) for p in error.problems)
        raise ManyProblems("answers", "Some answers are missing or not possible.", problems) from None


def _same_again(request: OutcomeRequest, answers: Mapping[str, float]) -> OutcomeResponse:
    stored: OutcomeResponse = request.responses.standing().get()
    if stored.answers == answers:
        return stored
    raise Conflict("outcome_answered", "These questions were answered already.")


def _store(
    request: OutcomeRequest,
    row: InstrumentVersion,
    answers: dict[str, float],
    activities: Sequence[str],
    on: date,
    filled_by: str,
    by: User,
    now: datetime,
    *,
    supersedes: OutcomeResponse | None = None,
    reason: str = "",
) -> OutcomeResponse:
    score = score_of(instrument_of(row), answers, activities)
    try:
        return OutcomeResponse.objects.create(
            request=request,
            episode=request.episode,
            instrument=row,
            answers=answers,
            activities=list(activities),
            score=None if score is None else Decimal(str(score)),
            on=on,
            filled_by=filled_by,
            recorded_by=by,
            submitted_at=now,
            supersedes=supersedes,
            reason=reason,
        )
    except IntegrityError as error:
        raise Conflict("outcome_answered", "These questions were answered already.") from error


def _close(request: OutcomeRequest, state: str, now: datetime) -> None:
    request.state, request.closed_at = state, now
    request.save(update_fields=["state", "closed_at"])
