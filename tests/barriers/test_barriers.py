"""The barrier loop: when it asks, where each answer leads, and that nothing changes by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from clinic.errors import Conflict, Invalid, Refused
from exercises.adherence import DayState, Figure
from exercises.daily import settle_days
from exercises.models import Prescription
from plans.barriers.actions import answer, ask_barriers, decline, suggested_minute
from plans.barriers.rules import ROUTES, reminder_minute, short_week
from plans.engine.titrate import HomeDose, HomeExercise, PainDay, Proposal, Session, propose
from plans.models import Alert, BarrierQuestion, Plan
from portal.barriers import ANSWERS, SYMBOLS, TIPS
from tests.course.helpers import running_plan
from tests.factories.clinic import PatientFactory
from tests.factories.exercises import HomePauseFactory, SessionLogFactory

TODAY = date(2026, 11, 24)


def week(*states: DayState) -> list[Figure]:
    """Seven days up to yesterday, the last one yesterday."""
    first = TODAY - timedelta(days=7)
    worth = {DayState.DONE: 1.0, DayState.PART: 0.5}
    asked = {DayState.REST: 0, DayState.PAUSED: 0}
    return [
        Figure(1, first + timedelta(days=n), state, asked.get(state, 1), worth.get(state, 0.0))
        for n, state in enumerate(states)
    ]


DONE, SILENT, PAUSED, REST = DayState.DONE, DayState.NOT_LOGGED, DayState.PAUSED, DayState.REST


@pytest.mark.parametrize(
    ("figures", "began", "percent"),
    [
        pytest.param(week(*[SILENT] * 7), 30, 0, id="a silent week"),
        pytest.param(week(*[DONE] * 4, *[SILENT] * 3), 30, 57, id="under the limit"),
        pytest.param(week(*[DONE] * 3, *[SILENT] * 2, REST, REST), 30, None, id="exactly at it"),
        pytest.param(week(*[DONE] * 7), 30, None, id="all done"),
        pytest.param(week(*[SILENT] * 7), 7, 0, id="the first whole week is over"),
        pytest.param(week(*[SILENT] * 7), 6, None, id="the first week"),
        pytest.param(week(*[SILENT] * 7), None, None, id="nothing was ever asked"),
        pytest.param(week(*[SILENT] * 6, PAUSED), 30, None, id="a paused day"),
        pytest.param(week(*[SILENT] * 6), 30, None, id="a day that is not written"),
        pytest.param(week(*[REST] * 7), 30, None, id="nothing asked for"),
    ],
)
def test_when_the_question_is_asked(figures: list[Figure], began: int | None, percent: int | None) -> None:
    first = None if began is None else TODAY - timedelta(days=began)
    assert short_week(figures, threshold=60, first_asked=first, today=TODAY) == percent


def test_every_answer_leads_somewhere_and_has_its_words() -> None:
    assert {key: (r.severity, r.proposal, r.link) for key, r in ROUTES.items()} == {
        "pain": ("high", "cut", "changed"),
        "time": ("low", "cut", ""),
        "forgot": ("low", "", "reminders"),
        "unsure": ("normal", "", "exercises"),
        "easy": ("low", "progress", ""),
        "equipment": ("normal", "", ""),
    }
    assert set(ROUTES) == set(ANSWERS) == set(SYMBOLS) == set(TIPS) == set(BarrierQuestion.Answer.values)


@pytest.mark.parametrize(("minutes", "at"), [([], 1110), ([1085], 1080), ([420, 1085, 1100], 1080), ([0], 0)])
def test_a_reminder_is_suggested_when_they_usually_log(minutes: list[int], at: int) -> None:
    assert reminder_minute(minutes) == at


DOSE = HomeDose(sets=3, reps=10, per_day=1, days_per_week=7, rpe_low=3, rpe_high=5)


def proposal(said: str, *, sessions: int, pain: int | None = 1, days: int = 10) -> Proposal:
    logged = tuple(Session(TODAY - timedelta(days=n + 1), "done", pain) for n in range(sessions))
    exercise = HomeExercise(
        "x", DOSE, TODAY - timedelta(days=days), logged, days, {"reps": 20, "sets": 4}, {}, said=said
    )
    levels = [PainDay(s.day, float(pain)) for s in logged if pain is not None]
    return propose([exercise], levels, usual=3, stopped=False, today=TODAY)[0]


@pytest.mark.parametrize(
    ("said", "sessions", "pain", "days", "kind"),
    [
        ("", 3, 1, 10, "hold"),
        ("time", 3, 1, 10, "cut"),
        ("pain", 3, 1, 10, "cut"),
        ("time", 0, None, 10, "cut"),
        ("easy", 3, 1, 10, "progress"),
        ("easy", 2, 1, 10, "hold"),  # three answers about pain are still needed
        ("easy", 3, 1, 6, "hold"),  # and a week at the dose
        ("forgot", 3, 1, 10, "hold"),
    ],
)
def test_what_was_said_becomes_a_proposal(said: str, sessions: int, pain: int | None, days: int, kind: str) -> None:
    found = proposal(said, sessions=sessions, pain=pain, days=days)
    assert found.kind == kind
    if kind == "cut":
        assert found.dose is not None
        assert found.dose.load <= 0.7 * DOSE.load
        assert "the patient says" in found.reasons[0].text


# --- With rows ------------------------------------------------------------------------------------------------------


@pytest.fixture
def plan(db: None) -> Plan:
    """A running plan whose exercises have been asked for a month, in silence; the days are written."""
    found = running_plan()
    today = now().date()
    Prescription.objects.filter(episode=found.episode).update(starts_on=today - timedelta(days=30), ends_on=None)
    settle_days(now())
    return found


def now() -> datetime:
    return datetime.now(tz=UTC)


def test_a_short_week_asks_once_in_that_week(plan: Plan) -> None:
    assert ask_barriers(now()) == 1
    assert ask_barriers(now()) == 0
    question = BarrierQuestion.objects.get()
    assert (question.percent, question.state, (question.expires_on - question.asked_on).days) == (0, "open", 6)
    assert ask_barriers(now() + timedelta(days=6)) == 0
    settle_days(now() + timedelta(days=7))
    assert ask_barriers(now() + timedelta(days=7)) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        BarrierQuestion.objects.create(
            patient=question.patient, plan=plan, asked_on=question.asked_on + timedelta(days=3), percent=10,
            expires_on=question.asked_on + timedelta(days=9),
        )  # fmt: skip


@pytest.mark.parametrize("why", ["away", "held", "declined"])
def test_nobody_is_asked_when_it_makes_no_sense(plan: Plan, why: str) -> None:
    patient, today = plan.episode.patient, now().date()
    if why == "away":
        HomePauseFactory(patient=patient, starts_on=today, ends_on=today)
    elif why == "held":
        row = Prescription.objects.filter(episode=plan.episode).first()
        assert row is not None
        row.pauses.create(starts_on=today, for_safety=True)
        Prescription.objects.filter(pk=row.pk).update(state="paused")
    else:
        ask_barriers(now())
        decline(BarrierQuestion.objects.get(), by=patient.user, now=now())  # type: ignore[arg-type]
    assert ask_barriers(now()) == 0


def test_pain_is_on_the_worklist_today_and_changes_no_dose(plan: Plan) -> None:
    patient = plan.episode.patient
    assert patient.user is not None
    ask_barriers(now())
    before = list(Prescription.objects.order_by("pk").values_list("pk", "reps", "state"))
    answer(BarrierQuestion.objects.get(), by=patient.user, answer="pain", now=now())
    alert = Alert.objects.get(rule="barrier")
    assert (alert.severity, alert.plan_id) == ("high", plan.pk)
    assert list(Prescription.objects.order_by("pk").values_list("pk", "reps", "state")) == before
    with pytest.raises(Conflict):
        answer(BarrierQuestion.objects.get(), by=patient.user, answer="time", now=now())


@pytest.mark.parametrize(("by", "said", "error"), [("other", "time", Refused), ("patient", "lazy", Invalid)])
def test_wrong_answers_change_nothing(plan: Plan, by: str, said: str, error: type[Exception]) -> None:
    ask_barriers(now())
    user = plan.episode.patient.user if by == "patient" else PatientFactory().user
    assert user is not None
    with pytest.raises(error):
        answer(BarrierQuestion.objects.get(), by=user, answer=said, now=now())
    assert BarrierQuestion.objects.get().state == "open"
    assert not Alert.objects.filter(rule="barrier").exists()


def test_the_page_asks_answers_and_gives_a_tip(plan: Plan, client: Client) -> None:
    patient = plan.episode.patient
    assert patient.user is not None
    client.force_login(patient.user)
    address = reverse("portal:barrier")
    assert "Nothing to ask" in client.get(address).content.decode()
    ask_barriers(now())
    assert "What got in the way" in client.get(reverse("portal:today")).content.decode()
    assert client.post(address, {"answer": "lazy"}).status_code == 422
    page = client.post(address, {"answer": "forgot"}, follow=True).content.decode()
    assert "Set a reminder, for example at" in page
    assert "What got in the way" not in client.get(reverse("portal:today")).content.decode()


def test_the_suggested_time_is_of_the_patients_own_clock(plan: Plan) -> None:
    patient = plan.episode.patient
    row = Prescription.objects.filter(episode=plan.episode).first()
    at = datetime(2026, 11, 20, 19, 10, tzinfo=UTC)
    SessionLogFactory(prescription=row, on=at.date(), acted_at=at)
    patient.time_zone = "Asia/Tokyo"
    assert suggested_minute(patient, at + timedelta(days=1)) == 4 * 60
