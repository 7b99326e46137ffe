"""The whole demo clinic: who is treated for what, since when, and how far they have come."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from clinic.actions import register_patient
from clinic.models import Episode, Patient, Practitioner, User
from config.demo.chart import Case, case_keys, read_case
from config.demo.course import Outline, advance, assess, begin, home_logs, plan
from config.demo.diary import Diary, seed_rooms_and_hours
from config.demo.letters import seed_letters
from config.demo.outcomes import seed_outcomes
from config.demo.people import FAMILY, GIVEN_F, GIVEN_M, seed_clinic, seed_staff
from config.demo.reassessed import reassess
from config.demo.stories import tell
from config.demo.visits import end_course, write_visits
from exercises.models import SessionLog
from plans.governance.signoff import awaits_review, last_sign_off, sign_off
from plans.knowledge.rows.revision import knowledge_in_force
from plans.models import Discharge, PlanVersion
from plans.outcomes.reviews import raise_reviews
from scheduling.models import Kind
from scheduling.outcomes import ask

SEED = 20261124
# Case archetypes for the patients beyond the eight, by how often a clinic sees them.
ARCHETYPES = ("CASE-01", "CASE-02", "CASE-02", "CASE-05", "CASE-03", "CASE-04", "CASE-01", "CASE-06")
STAGES = (
    *("phase1", "phase2", "phase3", "phase2", "phase1", "phase2", "phase3", "phase2"),
    *("phase2", "drafted", "phase3", "phase2", "assessing"),
)
DAYS_BEHIND = {"phase1": (2, 12), "phase2": (17, 38), "phase3": (45, 56), "drafted": (0, 2), "assessing": (0, 1)}
COMPLAINTS = {
    "CASE-01": "Back seized up while lifting",
    "CASE-02": "Knot between neck and shoulder blade",
    "CASE-03": "Calf cramps at night",
    "CASE-04": "Hamstring cramps late in matches",
    "CASE-05": "Low back tight after gardening",
    "CASE-06": "Low back and pelvis, 26 weeks pregnant",
    "CASE-07": "Severe back pain, both legs",
    "CASE-08": "Calf and shin pain when running",
}
FIRST_EIGHT = {
    "CASE-01": ("Marcus", "Whitfield", "phase1", 4),
    "CASE-02": ("Ingrid", "Dahl", "phase2", 20),
    "CASE-03": ("Margaret", "Hollis", "phase1", 9),
    "CASE-04": ("Deniz", "Aydin", "phase2", 24),
    "CASE-05": ("Walter", "Brandt", "phase2", 18),
    "CASE-06": ("Nadia", "Rahman", "phase1", 6),
    "CASE-07": ("Gareth", "Pugh", "drafted", 0),
    "CASE-08": ("Elin", "Forsberg", "drafted", 0),
}
MORE = 52


@dataclass(slots=True)
class Seeding:
    """What the steps share."""

    today: date
    dice: random.Random
    desk: User
    practitioners: list[Practitioner]
    diary: Diary
    say: Callable[[str], None]
    count: int = 0
    courses: list[tuple[Episode, Outline]] = field(default_factory=list)


def seed(say: Callable[[str], None]) -> int:
    """Fill an empty clinic; returns how many patients were made. A clinic that has patients is left alone."""
    today = timezone.localdate()
    seed_clinic()
    staff = seed_staff(today)
    _sign_off_knowledge(today)
    if Patient.objects.exists():
        return 0
    practitioners = [user.practitioner for user in staff[:3]]
    rooms = seed_rooms_and_hours(practitioners)
    dice = random.Random(SEED)  # noqa: S311 - the same demo clinic every time
    diary = Diary(
        by=staff[3],
        now=timezone.now(),
        dice=dice,
        rooms={who.pk: room for who, room in zip(practitioners, rooms, strict=True)},
    )
    work = Seeding(today, dice, staff[3], practitioners, diary, say)
    for key in case_keys():
        given, family, stage, days = FIRST_EIGHT[key]
        _patient(work, read_case(key), given, family, stage, days, adjust={})
    reassess(Patient.objects.get(given_name="Ingrid", family_name="Dahl"), today)
    for number in range(MORE):
        _further_patient(work, number)
    _new_arrivals(work)
    diary.save()
    seed_outcomes(work.courses, today, dice)
    ask(now=timezone.now())
    raise_reviews(now=timezone.now())
    seed_letters(today, dice)
    return work.count


def _sign_off_knowledge(today: date) -> None:
    """The demo's clinical lead signs off what is loaded, so that its plans can be signed; a clinic reviews instead."""
    lead = Practitioner.objects.select_related("user").filter(is_clinical_lead=True).first()
    if lead is None or last_sign_off() is not None or not awaits_review():
        return
    sign_off(
        lead.user,
        revision=int(knowledge_in_force().revision),
        statement="Synthetic sign-off of the demo clinic; nobody reviewed this.",
        verify_note="Synthetic: the figures marked verify are the shipped ones.",
        today=today,
    )


def _further_patient(work: Seeding, number: int) -> None:
    case = read_case(ARCHETYPES[number % len(ARCHETYPES)])
    stage = STAGES[number % len(STAGES)]
    low, high = DAYS_BEHIND[stage]
    female = case.findings["hist.sex_at_birth"] == "female"
    given = (GIVEN_F if female else GIVEN_M)[number * 7 % 20]
    family = FAMILY[number * 11 % len(FAMILY)]
    _patient(work, case, given, family, stage, work.dice.randint(low, high), adjust=_variation(case, work.dice))


def _variation(case: Case, dice: random.Random) -> dict[str, Any]:
    """Small differences from the archetype that keep its picture: pain, sleep, stress, minutes a day."""
    worst = max(3, min(9, case.findings["pain.nprs_worst_24h"] + dice.choice((-1, 0, 0, 1))))
    now = min(worst, max(0, case.findings["pain.nprs_current"] + dice.choice((-1, 0, 1))))
    best = min(now, case.findings["pain.nprs_best_24h"])
    return {
        "pain.nprs_worst_24h": worst,
        "pain.nprs_current": now,
        "pain.nprs_best_24h": best,
        "hist.stress_0_10": dice.randint(1, 6),
        "hist.exercise_time_min_day": dice.choice((10, 15, 20, 30)),
    }


def _patient(
    work: Seeding, case: Case, given: str, family: str, stage: str, days: int, *, adjust: dict[str, Any]
) -> None:
    begun = work.today - timedelta(days=days)
    patient = _register(work, case, given, family)
    lead = work.practitioners[work.count % 3 if adjust else 0]
    outline = Outline(case, begun, stage, work.dice.uniform(0.5, 0.97), COMPLAINTS[case.key], adjust)
    episode = begin(patient, lead, outline)
    assessment = assess(episode, outline, sign=stage != "assessing")
    if stage != "assessing":
        version = plan(assessment, outline, sign=stage != "drafted")
        _course(work, patient, version, outline)
    _visits(work, patient, lead, begun)
    work.say(f"{patient.display_name}: {case.key}, {stage}")


def _course(work: Seeding, patient: Patient, version: PlanVersion, outline: Outline) -> None:
    course = version.plan
    course.refresh_from_db()
    if course.current_phase is None:
        return
    advance(course, outline, work.today)
    work.courses.append((course.episode, outline))
    SessionLog.objects.bulk_create(home_logs(patient, outline, work.today, work.dice))
    course.refresh_from_db()
    if not outline.adjust:  # the first patients, one per case
        write_visits(course, today=work.today)
        tell(outline.case.key, course, work.today)
    elif outline.stage == "phase3" and course.current_phase == 3 and not Discharge.objects.exists():
        end_course(course, today=work.today)


def _visits(work: Seeding, patient: Patient, lead: Practitioner, begun: date) -> None:
    """Initial assessment, then twice a week, then weekly, and two or three to come."""
    day = work.diary.visit(patient, lead, begun, kind=Kind.INITIAL)
    gap = 4
    while day < work.today + timedelta(days=14):
        day = work.diary.visit(patient, lead, day + timedelta(days=gap))
        gap = 4 if day < begun + timedelta(days=14) else 7


def _register(work: Seeding, case: Case, given: str, family: str) -> Patient:
    work.count += 1
    number = work.count
    age = int(case.findings["hist.age_years"]) + (work.dice.randint(-4, 4) if number > 8 and age_may_vary(case) else 0)
    born = work.today - timedelta(days=round(age * 365.25) + work.dice.randint(20, 330))
    data = {
        "given_name": given,
        "family_name": family,
        "date_of_birth": born,
        "sex_at_birth": case.findings["hist.sex_at_birth"],
        "email": f"patient{number:02d}@demo.test",
        "phone": f"+44 7700 900{number:03d}",
        "address": f"{number} Example Road\nSampletown",
        "time_zone": "Europe/London",
        "language": "fr" if number % 13 == 5 else "en",
        "emergency_name": f"Sam {family}",
        "emergency_relation": "partner" if age >= 18 else "parent",
        "emergency_phone": f"+44 7700 901{number:03d}",
        "booking_preferences": work.dice.choice(("", "", "Mornings only", "After 16:00", "Ground floor, uses a stick")),
    }
    if age < 18:
        data |= {"guardian_name": f"Sam {family}", "guardian_phone": f"+44 7700 901{number:03d}"}
    return register_patient(data, work.desk, today=work.today, accept_similar=True)


def age_may_vary(case: Case) -> bool:
    """Where age is part of the picture (older adult, pregnancy, adolescent) it stays."""
    return case.key in ("CASE-01", "CASE-02", "CASE-05")


def _new_arrivals(work: Seeding) -> None:
    """Two people who are registered and booked, and have not been seen yet."""
    case = read_case("CASE-02")
    for given, family in (("Tobias", "Keller"), ("Amara", "Nwosu")):
        patient = _register(work, case, given, family)
        work.diary.visit(patient, work.practitioners[0], work.today + timedelta(days=1), kind=Kind.INITIAL)
