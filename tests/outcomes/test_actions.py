"""Installing, asking, answering, correcting, reading; what the database refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from assessments.amending import Correction, amend
from assessments.changes import ActivityChange, FindingChange
from assessments.models import InstrumentVersion, OutcomeRequest, OutcomeResponse
from assessments.outcomes.actions import activities_of, answer, ask_by_hand, correct, decline
from assessments.outcomes.install import in_force, install, install_shipped
from assessments.outcomes.instrument import InstrumentError
from assessments.outcomes.readers import Measured, scores_since, series_of
from clinic.errors import Conflict, Invalid, ManyProblems
from clinic.models import Episode
from tests.factories.assessments import AssessmentFactory, FindingFactory, PsfsActivityFactory
from tests.factories.clinic import EpisodeFactory
from tests.factories.outcomes import instrument_row, outcome_request
from tests.factories.plans import signed_assessment
from tests.outcomes.test_instruments import GOOD, text

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
ANSWERS = {"now": "3", "worst": "6", "best": "1"}


@pytest.fixture
def episode(db: None) -> Episode:
    found: Episode = EpisodeFactory()
    return found


def give(request: OutcomeRequest, raw: dict[str, Any] | None = None, *, now: datetime = NOW) -> OutcomeResponse:
    user = request.episode.patient.user
    assert user is not None
    return answer(request, ANSWERS if raw is None else raw, by=user, filled_by="patient", now=now)


# --- installing -----------------------------------------------------------------------------------------------------


def test_installing_twice_changes_nothing() -> None:
    first, second = install_shipped(), install_shipped()

    assert (len(first.created), len(first.unchanged)) == (5, 0)
    assert (second.created, len(second.unchanged)) == ([], 5)


def test_a_newer_version_takes_over_and_keeps_the_clinics_choice() -> None:
    install({"a.yaml": text()})
    InstrumentVersion.objects.filter(key="hop").update(difference="d")

    install({"a.yaml": text(version=2, title="Hopping again")})

    assert [(row.number, row.in_force, row.difference) for row in InstrumentVersion.objects.filter(key="hop")] == [
        (2, True, "d"),
        (1, False, "d"),
    ]


def test_an_older_version_does_not_come_into_force() -> None:
    install({"a.yaml": text(version=3)})
    install({"a.yaml": text(version=2)})

    assert in_force(["hop"])["hop"].number == 3


def test_other_content_under_a_taken_version_is_refused_whole() -> None:
    install({"a.yaml": text()})

    with pytest.raises(InstrumentError, match="give the changed file a new version"):
        install({"a.yaml": text(title="Other"), "b.yaml": text(key="jump")})

    assert [row.key for row in InstrumentVersion.objects.all()] == ["hop"]
    assert InstrumentVersion.objects.get().title == "Hopping"


def test_a_folder_is_installed_by_command_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(text(), encoding="utf-8")
    (tmp_path / "bad.yaml").write_text(yaml.safe_dump({**GOOD, "key": "bad", "version": 0}), encoding="utf-8")

    with pytest.raises(CommandError, match=r"Nothing was installed: 1 problem.*\n- bad.yaml: version"):
        call_command("load_instruments", "--from", str(tmp_path))
    assert not InstrumentVersion.objects.exists()

    (tmp_path / "bad.yaml").unlink()
    call_command("load_instruments", "--from", str(tmp_path))
    assert InstrumentVersion.objects.get().key == "hop"


@pytest.mark.parametrize("missing", ["nowhere", ""])
def test_an_empty_or_missing_folder_is_said(tmp_path: Path, missing: str) -> None:
    with pytest.raises(CommandError):
        call_command("load_instruments", "--from", str(tmp_path / missing))


def test_installed_content_never_changes() -> None:
    row = instrument_row()

    changes: list[dict[str, Any]] = [{"definition": {}}, {"number": 9}, {"key": "other"}, {"digest": "0"}]
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            InstrumentVersion.objects.filter(pk=row.pk).update(**change)
    InstrumentVersion.objects.filter(pk=row.pk).update(difference="neck_1_3")


# --- asking ---------------------------------------------------------------------------------------------------------


def test_asking_by_hand_twice_is_asking_once(episode: Episode) -> None:
    row, by = instrument_row(), episode.practitioner.user

    first = ask_by_hand(episode, row, by=by, now=NOW)
    second = ask_by_hand(episode, row, by=by, now=NOW + timedelta(minutes=1))

    assert first == second
    assert (first.due_on, first.expires_on, first.why) == (date(2026, 11, 24), date(2026, 12, 1), "by_hand")


def test_activities_come_from_the_latest_assessment_that_has_some(episode: Episode) -> None:
    for day, words in ((20, "Old"), (22, "Lifting")):
        assessment = AssessmentFactory(episode=episode, assessed_on=date(2026, 11, day))
        PsfsActivityFactory(assessment=assessment, position=1, activity=words)
        signed_assessment(assessment)
    AssessmentFactory(episode=episode, assessed_on=date(2026, 11, 23))

    asked = ask_by_hand(episode, instrument_row("psfs"), by=episode.practitioner.user, now=NOW)

    assert asked.activities == ["Lifting"]


@pytest.mark.parametrize("why", ["closed", "no_activities", "replaced"])
def test_what_cannot_be_asked(episode: Episode, why: str) -> None:
    row = instrument_row("psfs" if why == "no_activities" else "nprs")
    if why == "closed":
        Episode.objects.filter(pk=episode.pk).update(state="closed", closed_on=date(2026, 11, 23))
        episode.refresh_from_db()
    row.in_force = why != "replaced"

    with pytest.raises(Conflict):
        ask_by_hand(episode, row, by=episode.practitioner.user, now=NOW)

    assert not OutcomeRequest.objects.exists()


# --- answering ------------------------------------------------------------------------------------------------------


def test_an_answer_is_scored_and_closes_the_question(episode: Episode) -> None:
    response = give(asked := outcome_request(episode, due_on=date(2026, 11, 24)))

    asked.refresh_from_db()
    assert (asked.state, asked.closed_at) == ("answered", NOW)
    assert response.score == 6
    assert response.answers == {"now": 3.0, "worst": 6.0, "best": 1.0}
    assert (response.on, response.filled_by) == (date(2026, 11, 24), "patient")


def test_the_day_is_the_patients_own(episode: Episode) -> None:
    episode.patient.time_zone = "Pacific/Auckland"
    episode.patient.save()

    response = give(outcome_request(episode, due_on=date(2026, 11, 24)), now=datetime(2026, 11, 24, 12, tzinfo=UTC))

    assert response.on == date(2026, 11, 25)


def test_sent_twice_it_is_stored_once(episode: Episode) -> None:
    asked = outcome_request(episode, due_on=date(2026, 11, 24))

    assert give(asked) == give(asked)
    with pytest.raises(Conflict, match="answered already"):
        give(asked, {**ANSWERS, "now": "4"})
    assert OutcomeResponse.objects.count() == 1


@pytest.mark.parametrize(
    ("raw", "fields"),
    [({**ANSWERS, "worst": "11"}, ["worst"]), ({}, ["now", "worst", "best"]), ({**ANSWERS, "now": "NaN"}, ["now"])],
)
def test_bad_answers_name_the_question_and_store_nothing(
    episode: Episode, raw: dict[str, str], fields: list[str]
) -> None:
    asked = outcome_request(episode, due_on=date(2026, 11, 24))

    with pytest.raises(ManyProblems) as caught:
        give(asked, raw)

    asked.refresh_from_db()
    assert [problem.field for problem in caught.value.problems] == fields
    assert (asked.state, OutcomeResponse.objects.count()) == ("open", 0)


@pytest.mark.parametrize("state", ["late", "expired", "declined"])
def test_what_is_over_takes_no_answer(episode: Episode, state: str) -> None:
    asked = outcome_request(episode, due_on=date(2026, 11, 1))
    if state != "late":
        OutcomeRequest.objects.filter(pk=asked.pk).update(state=state, closed_at=NOW)

    with pytest.raises(Conflict, match="no longer open"):
        give(asked)

    assert not OutcomeResponse.objects.exists()


def test_only_those_fill_in_whom_the_instrument_names(episode: Episode) -> None:
    install({"a.yaml": text(fill=["clinician"])})
    row = InstrumentVersion.objects.get(key="hop")
    asked = ask_by_hand(episode, row, by=episode.practitioner.user, now=NOW)

    with pytest.raises(Invalid):
        give(asked, {"a": "1", "b": "4"})


def test_declining(episode: Episode) -> None:
    asked = outcome_request(episode, due_on=date(2026, 11, 24))
    decline(asked, now=NOW)
    decline(asked, now=NOW + timedelta(hours=1))

    asked.refresh_from_db()
    assert (asked.state, asked.closed_at) == ("declined", NOW)


def test_a_correction_supersedes_and_both_stay(episode: Episode) -> None:
    wrong = give(outcome_request(episode, due_on=date(2026, 11, 24)))
    by = episode.practitioner.user

    right = correct(wrong, {**ANSWERS, "worst": "8"}, by=by, reason="Typed 6 for 8", now=NOW + timedelta(days=3))

    assert (right.on, right.filled_by, right.recorded_by) == (wrong.on, "patient", by)
    assert [row.pk for row in OutcomeResponse.objects.standing()] == [right.pk]
    with pytest.raises(Conflict, match="corrected already"):
        correct(wrong, ANSWERS, by=by, reason="Again", now=NOW)
    assert OutcomeResponse.objects.count() == 2


@pytest.mark.parametrize("reason", ["", "  ", "\x00", "x" * 301])
def test_a_correction_needs_a_reason(episode: Episode, reason: str) -> None:
    wrong = give(outcome_request(episode, due_on=date(2026, 11, 24)))

    with pytest.raises(Invalid):
        correct(wrong, ANSWERS, by=episode.practitioner.user, reason=reason, now=NOW)

    assert OutcomeResponse.objects.count() == 1


def test_answers_are_kept_whoever_writes(episode: Episode) -> None:
    response = give(outcome_request(episode, due_on=date(2026, 11, 24)))

    for statement in ("UPDATE assessments_outcomeresponse SET score = 0", "DELETE FROM assessments_outcomeresponse"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    response.refresh_from_db()
    assert response.score == 6


# --- reading --------------------------------------------------------------------------------------------------------


def test_scores_for_the_review(episode: Episode, django_assert_num_queries: Any) -> None:
    give(outcome_request(episode, due_on=date(2026, 11, 10)), now=NOW - timedelta(days=14))
    wrong = give(outcome_request(episode, due_on=date(2026, 11, 24)))
    correct(wrong, {**ANSWERS, "now": "2"}, by=episode.practitioner.user, reason="Slip", now=NOW)
    give(outcome_request(episode, "groc", due_on=date(2026, 11, 24)), {"change": "5"})
    give(outcome_request(EpisodeFactory(), due_on=date(2026, 11, 24)))

    with django_assert_num_queries(1):
        found = scores_since(episode, date(2026, 11, 20))

    day = date(2026, 11, 24)
    assert sorted(found) == [
        Measured("func.groc", 5, day),
        Measured("pain.nprs_best_24h", 1, day),
        Measured("pain.nprs_current", 2, day),
        Measured("pain.nprs_worst_24h", 6, day),
    ]


def test_a_series_begins_with_the_signed_assessment(episode: Episode, django_assert_max_num_queries: Any) -> None:
    assessment = AssessmentFactory(episode=episode, assessed_on=date(2026, 11, 20))
    FindingFactory(assessment=assessment, path="pain.nprs_worst_24h", number=8)
    for position, score in enumerate((3, 4, 3), start=1):
        PsfsActivityFactory(assessment=assessment, position=position, score=score)
    signed_assessment(assessment)
    unsigned = AssessmentFactory(episode=episode, assessed_on=date(2026, 11, 21))
    FindingFactory(assessment=unsigned, path="pain.nprs_worst_24h", number=1)
    give(outcome_request(episode, due_on=date(2026, 11, 24)))

    with django_assert_max_num_queries(6):
        found = {series.instrument.key: series for series in series_of(episode)}

    assert [(point.day.day, point.value) for point in found["nprs"].points] == [(20, 8), (24, 6)]
    assert [(point.day.day, point.value) for point in found["psfs"].points] == [(20, 3.3)]


def test_a_series_holds_what_was_corrected_and_not_what_was_carried(episode: Episode) -> None:
    first = AssessmentFactory(episode=episode, assessed_on=date(2026, 11, 20))
    FindingFactory(assessment=first, path="pain.nprs_worst_24h", number=8)
    PsfsActivityFactory(assessment=first, position=1, activity="Walk", score=3)
    signed_assessment(first)
    corrections: list[Correction] = [
        FindingChange("pain.nprs_worst_24h", "", value="6"),
        ActivityChange(1, activity="Walk uphill", score="4"),
    ]
    amend(first, corrections, by=first.author, reason="Other patient's sheet", today=date(2026, 11, 24))
    again = AssessmentFactory(episode=episode, assessed_on=date(2026, 11, 23))
    old: dict[str, Any] = {"carried_from": first, "measured_on": date(2026, 11, 20)}
    FindingFactory(assessment=again, path="pain.nprs_worst_24h", number=6, **old)
    PsfsActivityFactory(assessment=again, position=1, activity="Walk uphill", score=4, **old)
    signed_assessment(again)
    instrument_row("nprs"), instrument_row("psfs")

    found = {series.instrument.key: series for series in series_of(episode)}

    assert [(point.day.day, point.value) for point in found["nprs"].points] == [(20, 6)]
    assert [(point.day.day, point.value) for point in found["psfs"].points] == [(20, 4)]
    assert activities_of([episode.pk]) == {episode.pk: ["Walk uphill"]}


def test_a_draft_names_no_activities_to_ask_about(episode: Episode) -> None:
    PsfsActivityFactory(assessment=AssessmentFactory(episode=episode), position=1, activity="Wal")
    assert activities_of([episode.pk]) == {}
