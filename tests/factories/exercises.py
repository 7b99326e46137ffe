"""Factories of exercises, prescriptions and logs. Every name is invented."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import uuid4

import factory
from factory.django import DjangoModelFactory

from exercises.models import Exercise, HomePause, Prescription, SessionLog
from tests.factories.clinic import EpisodeFactory, PatientFactory


class ExerciseFactory(DjangoModelFactory[Exercise]):
    class Meta:
        model = Exercise
        django_get_or_create = ("key",)

    key = factory.Sequence(lambda n: f"pelvic_tilt_{n}")
    name = factory.Sequence(lambda n: f"Pelvic tilt {n}")
    kind = "mobility"
    technique = "ex_mobility_rom"
    region = "lumbar"
    target_muscles = ["lumbar_erectors", "obliques"]
    position = "supine"
    equipment = ["none"]
    setting = ["home", "clinic"]
    phases = [1, 2]
    cues = ["Knees bent, breathe out as the back flattens", "Stay in the easy middle range"]
    common_error = "Pushing hard through the feet"
    stop_if = "Sharp pain or leg symptoms"


class PrescriptionFactory(DjangoModelFactory[Prescription]):
    """Eight repetitions, held two seconds, once a day, from 1 November 2026."""

    class Meta:
        model = Prescription

    episode = factory.SubFactory(EpisodeFactory)
    patient = factory.SelfAttribute("episode.patient")
    exercise = factory.SubFactory(ExerciseFactory)
    side = ""
    phase = 1
    sets = 1
    reps = 8
    hold_s = 2
    per_day = 1
    days_per_week = 7
    why = "Your low back has tightened up; this lets it move again."
    starts_on = date(2026, 11, 1)
    prescribed_by = factory.SelfAttribute("episode.practitioner.user")


class SessionLogFactory(DjangoModelFactory[SessionLog]):
    class Meta:
        model = SessionLog

    client_id = factory.LazyFunction(uuid4)
    prescription = factory.SubFactory(PrescriptionFactory)
    patient = factory.SelfAttribute("prescription.patient")
    on = date(2026, 11, 23)
    bout = 1
    state = SessionLog.State.DONE
    acted_at = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
    recorded_by = factory.SelfAttribute("prescription.patient.user")


class HomePauseFactory(DjangoModelFactory[HomePause]):
    """A week's holiday that lies far ahead; entered by the patient."""

    class Meta:
        model = HomePause

    patient = factory.SubFactory(PatientFactory)
    starts_on = date(2027, 1, 4)
    ends_on = date(2027, 1, 10)
    reason = HomePause.Reason.HOLIDAY
    by = factory.SelfAttribute("patient.user")
