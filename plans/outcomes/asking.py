"""Asking by rule, in batches: a fixed number of queries however many episodes there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from assessments.models import Finding, InstrumentVersion, OutcomeRequest, OutcomeResponse
from assessments.outcomes.actions import activities_of
from assessments.outcomes.install import in_force, instrument_of
from assessments.outcomes.schedule import Course, Due, due, shipped_rules
from clinic.locality import patient_date
from clinic.models import Episode
from plans.models import PhaseProgress, Plan

BATCH = 500
AFTER_DAYS = 220  # how long after discharge anything is asked
SPASM_PATHS = ("hist.spasm_frequency_per_week", "hist.nocturnal_cramps_per_week")


def episodes_to_ask(today: date) -> QuerySet[Episode]:
    """Episodes with a plan in force, and those closed not long ago."""
    running = Q(state=Episode.State.OPEN, plans__state=Plan.State.ACTIVE)
    closed = Q(state=Episode.State.CLOSED, closed_on__gte=today - timedelta(days=AFTER_DAYS))
    return Episode.objects.filter(running | closed, plans__progress__isnull=False).distinct()


def batches(episodes: QuerySet[Episode]) -> Iterator[list[Episode]]:
    """By key, so that rows that come meanwhile do not shift the pages."""
    last = 0
    while batch := list(episodes.filter(pk__gt=last).select_related("patient").order_by("pk")[:BATCH]):
        yield batch
        last = batch[-1].pk


def ask_due(episodes: Sequence[Episode], visits: Mapping[int, Sequence[date]], *, now: datetime) -> int:
    """Close what is over and ask what the rules want today; returns how many questions are new.

    ``visits``: patient id -> days of visits held or booked. Running it twice asks once.
    """
    rows = in_force()
    if not rows:
        return 0
    expire(episodes, now=now)
    wanted = [
        (episode, entry)
        for episode, course in _courses(episodes, visits)
        for entry in due(shipped_rules(), course, patient_date(episode.patient, now))
        if entry.instrument in rows
    ]
    activities = activities_of({episode.pk for episode, _ in wanted}) if wanted else {}
    requests = [
        request
        for episode, entry in wanted
        if (request := _request(episode, entry, rows[entry.instrument], activities.get(episode.pk, []))) is not None
    ]
    before = OutcomeRequest.objects.filter(episode__in=[r.episode_id for r in requests]).count() if requests else 0
    OutcomeRequest.objects.bulk_create(requests, ignore_conflicts=True)
    after = OutcomeRequest.objects.filter(episode__in=[r.episode_id for r in requests]).count() if requests else 0
    return after - before


def _request(episode: Episode, entry: Due, row: InstrumentVersion, activities: list[str]) -> OutcomeRequest | None:
    """None for an instrument about activities when the patient has named none."""
    per_activity = instrument_of(row).per_activity
    if per_activity and not activities:
        return None
    return OutcomeRequest(
        episode=episode,
        instrument=row,
        why=entry.rule,
        occasion=entry.occasion,
        phase=entry.phase,
        due_on=entry.due_on,
        expires_on=entry.expires_on,
        activities=activities if per_activity else [],
    )


def expire(episodes: Iterable[Episode], *, now: datetime) -> int:
    """Close open questions whose last day is over in the patient's calendar."""
    days = {episode.pk: patient_date(episode.patient, now) for episode in episodes}
    waiting = OutcomeRequest.objects.filter(episode__in=days, state=OutcomeRequest.State.OPEN)
    over = [pk for pk, episode, last in waiting.values_list("pk", "episode_id", "expires_on") if last < days[episode]]
    if not over:
        return 0
    still_open = OutcomeRequest.objects.filter(pk__in=over, state=OutcomeRequest.State.OPEN)
    return still_open.update(state=OutcomeRequest.State.EXPIRED, closed_at=now)


@dataclass
class _Asked:
    """What was asked and answered in one episode, by instrument."""

    due: dict[str, date] = field(default_factory=dict)
    answered: dict[str, date] = field(default_factory=dict)
    occasions: set[tuple[str, str]] = field(default_factory=set)
    open: set[str] = field(default_factory=set)


def _courses(episodes: Sequence[Episode], visits: Mapping[int, Sequence[date]]) -> Iterator[tuple[Episode, Course]]:
    """The plain course of every episode whose first phase has begun."""
    keys = [episode.pk for episode in episodes]
    phases: dict[int, list[tuple[int, date]]] = defaultdict(list)
    progress = PhaseProgress.objects.filter(plan__episode__in=keys).order_by("entered_on", "id")
    for number, entered, episode_id in progress.values_list("number", "entered_on", "plan__episode_id"):
        phases[episode_id].append((number, entered))
    asked, spasms = _asked(keys), _with_spasms(keys)
    for episode in episodes:
        entered_phases = phases.get(episode.pk)
        if entered_phases:
            known = asked[episode.pk]
            yield (
                episode,
                Course(
                    started=entered_phases[0][1],
                    phases=tuple(entered_phases),
                    visits=tuple(sorted(set(visits.get(episode.patient_id, ())))),
                    spasms=episode.pk in spasms,
                    ended=episode.closed_on,
                    answered=known.answered,
                    asked=known.due,
                    occasions=frozenset(known.occasions),
                    open=frozenset(known.open),
                ),
            )


def _asked(keys: list[int]) -> dict[int, _Asked]:
    found: dict[int, _Asked] = defaultdict(_Asked)
    columns = ("episode_id", "instrument__key", "occasion", "due_on", "state")
    for episode, key, occasion, due_on, state in OutcomeRequest.objects.filter(episode__in=keys).values_list(*columns):
        known = found[episode]
        known.occasions.add((key, occasion))
        known.due[key] = max(due_on, known.due.get(key, due_on))
        if state == OutcomeRequest.State.OPEN:
            known.open.add(key)
        elif state == OutcomeRequest.State.DECLINED:
            known.answered[key] = max(due_on, known.answered.get(key, due_on))
    answered = OutcomeResponse.objects.filter(episode__in=keys).values_list("episode_id", "instrument__key", "on")
    for episode, key, on in answered:
        found[episode].answered[key] = max(on, found[episode].answered.get(key, on))
    return found


def _with_spasms(keys: list[int]) -> set[int]:
    """Episodes whose assessments name spasm or cramp as the complaint, or count episodes."""
    complaint = Q(path="hist.chief_complaint", text__in=("spasm", "cramp"))
    counted = Q(path__in=SPASM_PATHS, number__gt=0)
    rows = Finding.objects.filter(complaint | counted, assessment__episode__in=keys)
    return set(rows.values_list("assessment__episode_id", flat=True))
