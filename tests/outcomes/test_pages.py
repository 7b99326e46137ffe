"""The pages: in the portal by the patient, on the staff side by the physiotherapist. Bad input loses nothing."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assessments.models import OutcomeRequest, OutcomeResponse
from clinic.locality import patient_date
from clinic.models import Episode
from plans.models import PhaseProgress, Plan
from tests.factories.assessments import AssessmentFactory, FindingFactory, PsfsActivityFactory
from tests.factories.clinic import ClinicFactory, EpisodeFactory
from tests.factories.outcomes import instrument_row, outcome_request, outcome_response
from tests.factories.plans import signed_assessment

pytestmark = pytest.mark.django_db
GOOD = {"now": "3", "worst": "6", "best": "1"}


@pytest.fixture
def cast(db: None) -> SimpleNamespace:
    """An episode with its patient and physiotherapist logged in."""
    ClinicFactory()
    episode = EpisodeFactory()
    patient, physio = Client(), Client()
    patient.force_login(episode.patient.user)
    physio.force_login(episode.practitioner.user)
    return SimpleNamespace(
        episode=episode, patient=patient, physio=physio, today=patient_date(episode.patient, timezone.now())
    )


# --- the portal -----------------------------------------------------------------------------------------------------


def test_today_invites_quietly_and_only_when_something_waits(cast: SimpleNamespace) -> None:
    assert "Two minutes" not in cast.patient.get(reverse("portal:today")).content.decode()
    outcome_request(cast.episode)
    outcome_request(EpisodeFactory(), "groc")
    outcome_request(cast.episode, "sane", due_on=cast.today + timedelta(days=1))

    page = cast.patient.get(reverse("portal:today")).content.decode()

    assert "Two minutes: how are you?" in page
    assert "One short list of questions" in page


def test_one_list_after_the_other_then_back_to_today(cast: SimpleNamespace) -> None:
    first, second = outcome_request(cast.episode), outcome_request(cast.episode, "groc")

    assert cast.patient.get(reverse("portal:questions-first")).url == reverse("portal:questions", args=[first.pk])
    answer = cast.patient.post(reverse("portal:questions", args=[first.pk]), GOOD)
    assert answer.url == reverse("portal:questions", args=[second.pk])
    answer = cast.patient.post(reverse("portal:questions", args=[second.pk]), {"change": "4"}, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("portal:today")
    assert "Thank you" in answer.content.decode()
    assert sorted(float(row.score or 0) for row in OutcomeResponse.objects.all()) == [4, 6]
    assert {row.filled_by for row in OutcomeResponse.objects.all()} == {"patient"}
    assert "No questions wait for you" in cast.patient.get(reverse("portal:questions-first")).content.decode()


def test_activities_are_asked_in_the_patients_own_words(cast: SimpleNamespace) -> None:
    asked = outcome_request(cast.episode, "psfs", activities=["Carrying <my> child"])

    page = cast.patient.get(reverse("portal:questions", args=[asked.pk])).content.decode()

    assert "Carrying &lt;my&gt; child" in page
    assert 'name="activity_1" value="10"' in page


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"worst": "11"}, "Choose a number from 0 to 10."),
        ({"worst": ""}, "Please answer this question."),
        ({"now": "7"}, "This cannot be more than 6"),
        ({"now": "<script>"}, "Choose a number from 0 to 10."),
        ({"extra": "1"}, "There is no question"),
    ],
)
def test_a_wrong_answer_keeps_the_others(cast: SimpleNamespace, change: dict[str, str], message: str) -> None:
    asked = outcome_request(cast.episode)

    answer = cast.patient.post(reverse("portal:questions", args=[asked.pk]), {**GOOD, **change})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert message in page
    assert 'name="best" value="1" checked' in page
    assert "<script>" not in page.split("<main")[1].split("</main>")[0]
    assert not OutcomeResponse.objects.exists()


def test_a_typed_figure_comes_back_as_it_was_typed(cast: SimpleNamespace) -> None:
    asked = outcome_request(cast.episode, "spasm_diary")

    answer = cast.patient.post(
        reverse("portal:questions", args=[asked.pk]), {"week": "many", "fortnight": "3", "strength": "2", "nights": "0"}
    )

    assert answer.status_code == 422
    assert 'value="many" aria-invalid="true"' in answer.content.decode()


def test_nothing_is_chosen_beforehand(cast: SimpleNamespace) -> None:
    asked = outcome_request(cast.episode)

    assert " checked" not in cast.patient.get(reverse("portal:questions", args=[asked.pk])).content.decode()


def test_sending_twice_stores_once(cast: SimpleNamespace) -> None:
    url = reverse("portal:questions", args=[outcome_request(cast.episode).pk])

    assert cast.patient.post(url, GOOD).status_code == 302
    assert cast.patient.post(url, GOOD).status_code == 302
    other = cast.patient.post(url, {**GOOD, "now": "2"})
    assert (other.status_code, "answered" in other.content.decode()) == (409, True)
    assert OutcomeResponse.objects.count() == 1


def test_what_is_over_says_so(cast: SimpleNamespace) -> None:
    asked = outcome_request(cast.episode, due_on=cast.today - timedelta(days=30))
    url = reverse("portal:questions", args=[asked.pk])

    assert "The time for these questions is over" in cast.patient.get(url).content.decode()
    answer = cast.patient.post(url, GOOD)
    assert (answer.status_code, OutcomeResponse.objects.count()) == (409, 0)


def test_questions_may_be_left_out(cast: SimpleNamespace) -> None:
    asked = outcome_request(cast.episode)

    assert cast.patient.post(reverse("portal:questions-decline", args=[asked.pk])).url == reverse("portal:today")
    asked.refresh_from_db()
    assert asked.state == "declined"
    assert (
        "You left these questions out"
        in cast.patient.get(reverse("portal:questions", args=[asked.pk])).content.decode()
    )


def test_other_peoples_questions_do_not_exist(cast: SimpleNamespace) -> None:
    foreign = outcome_request(EpisodeFactory())

    for name in ("portal:questions", "portal:questions-decline"):
        assert cast.patient.post(reverse(name, args=[foreign.pk]), GOOD).status_code == 404
    foreign.refresh_from_db()
    assert foreign.state == "open"


# --- the staff side -------------------------------------------------------------------------------------------------


def in_treatment(episode: Episode, days: int = 30) -> None:
    """A signed assessment and a running plan, days ago."""
    began = timezone.localdate() - timedelta(days=days)
    assessment = AssessmentFactory(episode=episode, assessed_on=began)
    FindingFactory(assessment=assessment, path="pain.nprs_worst_24h", number=8)
    PsfsActivityFactory(assessment=assessment, position=1, activity="Lifting", score=3)
    signed_assessment(assessment)
    by = episode.practitioner.user
    plan = Plan.objects.create(episode=episode, state="active", current_phase=1, created_by=by)
    PhaseProgress.objects.create(plan=plan, number=1, entered_on=began, decided_by=by)


def test_the_overview_tells_the_change_in_words_and_in_a_picture(
    cast: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    in_treatment(cast.episode)
    outcome_response(cast.episode, "nprs")
    outcome_response(cast.episode, "groc")
    cast.physio.get(reverse("staff:outcomes", args=[cast.episode.pk]))

    with django_assert_max_num_queries(22):
        page = cast.physio.get(reverse("staff:outcomes", args=[cast.episode.pk])).content.decode()

    assert "Better by 2 points: as much as the smallest difference that matters (2)." in page
    assert "Better by 2 points: less than the smallest difference that matters (3)." in page  # rating of change
    assert "Asked once; a change shows with the next answers." in page  # activities
    assert 'id="chart-nprs-title"' in page
    assert "Relief" in page


def test_an_episode_without_values_says_what_comes(cast: SimpleNamespace) -> None:
    instrument_row()

    page = cast.physio.get(reverse("staff:outcomes", args=[cast.episode.pk])).content.decode()

    assert "Nothing measured yet" in page
    assert "Ask now" in page


def test_asking_and_filling_in_together(cast: SimpleNamespace) -> None:
    instrument_row()
    url = reverse("staff:outcome-ask", args=[cast.episode.pk])

    assert cast.physio.post(url, {"instrument": "nprs"}).url == reverse("staff:outcomes", args=[cast.episode.pk])
    here = cast.physio.post(url, {"instrument": "nprs", "here": "1"})
    asked = OutcomeRequest.objects.get()
    assert here.url == reverse("staff:outcome-fill", args=[asked.pk])
    assert cast.physio.get(here.url).status_code == 200
    assert cast.physio.post(here.url, GOOD).status_code == 302
    response = OutcomeResponse.objects.get()
    assert (response.filled_by, response.recorded_by) == ("clinician", cast.episode.practitioner.user)
    assert response.score == 6


@pytest.mark.parametrize(
    ("instrument", "status", "words"),
    [
        ("", 422, "Choose what to ask."),
        ("oswestry", 422, "Choose what to ask."),
        ("psfs", 409, "The assessment names no activities yet."),
    ],
)
def test_what_cannot_be_asked_is_said(cast: SimpleNamespace, instrument: str, status: int, words: str) -> None:
    instrument_row()

    answer = cast.physio.post(reverse("staff:outcome-ask", args=[cast.episode.pk]), {"instrument": instrument})

    assert (answer.status_code, words in answer.content.decode()) == (status, True)
    assert not OutcomeRequest.objects.exists()


@pytest.mark.parametrize(("change", "status"), [({"worst": "11"}, 422), ({"best": ""}, 422)])
def test_filling_in_wrongly_keeps_what_was_typed(cast: SimpleNamespace, change: dict[str, str], status: int) -> None:
    asked = outcome_request(cast.episode)

    answer = cast.physio.post(reverse("staff:outcome-fill", args=[asked.pk]), {**GOOD, **change})

    assert answer.status_code == status
    assert 'name="now" value="3" checked' in answer.content.decode()
    assert not OutcomeResponse.objects.exists()


def test_a_correction_is_prefilled_and_needs_a_reason(cast: SimpleNamespace) -> None:
    response = outcome_response(cast.episode, "nprs")
    url = reverse("staff:outcome-correct", args=[response.pk])

    assert 'name="worst" value="6" checked' in cast.physio.get(url).content.decode()
    refused = cast.physio.post(url, {**GOOD, "worst": "8", "reason": " "})
    assert (refused.status_code, OutcomeResponse.objects.count()) == (422, 1)
    assert 'name="worst" value="8" checked' in refused.content.decode()
    assert cast.physio.post(url, {**GOOD, "worst": "8", "reason": "Slip of the finger"}).status_code == 302
    page = cast.physio.get(reverse("staff:outcomes", args=[cast.episode.pk])).content.decode()
    assert "Slip of the finger" in page
    again = cast.physio.post(url, {**GOOD, "reason": "Again"})
    assert (again.status_code, OutcomeResponse.objects.count()) == (409, 2)


def test_leaving_out(cast: SimpleNamespace) -> None:
    asked = outcome_request(cast.episode)

    cast.physio.post(reverse("staff:outcome-leave-out", args=[asked.pk]))

    asked.refresh_from_db()
    assert asked.state == "declined"
