"""Factories of assessments and their rows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from assessments.models import (
    Assessment,
    Finding,
    FlagClearance,
    PainMark,
    PsfsActivity,
    RedFlagAnswer,
    Surgery,
    SymptomRegion,
)
from clinic.models import Answer
from tests.factories.clinic import EpisodeFactory


class AssessmentFactory(DjangoModelFactory[Assessment]):
    """A draft; ``author`` is the practitioner of the episode."""

    class Meta:
        model = Assessment

    episode = factory.SubFactory(EpisodeFactory)
    author = factory.LazyAttribute(lambda assessment: assessment.episode.practitioner.user)
    assessed_on = date(2026, 11, 20)


class FindingFactory(DjangoModelFactory[Finding]):
    class Meta:
        model = Finding

    assessment = factory.SubFactory(AssessmentFactory)
    path = "pain.nprs_current"
    number = Decimal(6)


class SymptomRegionFactory(DjangoModelFactory[SymptomRegion]):
    class Meta:
        model = SymptomRegion

    assessment = factory.SubFactory(AssessmentFactory)
    region = "lumbar"
    side = "right"


class PainMarkFactory(DjangoModelFactory[PainMark]):
    class Meta:
        model = PainMark

    assessment = factory.SubFactory(AssessmentFactory)
    view = "back"
    x = 540
    y = 420
    region = "lumbar"
    side = "right"
    depth = "deep"
    quality = "cramping"
    nprs = 6


class PsfsActivityFactory(DjangoModelFactory[PsfsActivity]):
    class Meta:
        model = PsfsActivity

    assessment = factory.SubFactory(AssessmentFactory)
    position = factory.Sequence(lambda n: n % 5 + 1)
    activity = "Lifting a box"
    score = 3


class SurgeryFactory(DjangoModelFactory[Surgery]):
    class Meta:
        model = Surgery

    assessment = factory.SubFactory(AssessmentFactory)
    procedure = "Knee arthroscopy"
    region = "knee"
    side = "left"
    performed_on = date(2020, 5, 6)


class RedFlagAnswerFactory(DjangoModelFactory[RedFlagAnswer]):
    class Meta:
        model = RedFlagAnswer

    assessment = factory.SubFactory(AssessmentFactory)
    flag = "ces_bladder"
    answer = Answer.NO


class FlagClearanceFactory(DjangoModelFactory[FlagClearance]):
    class Meta:
        model = FlagClearance

    assessment = factory.SubFactory(AssessmentFactory)
    episode = factory.SelfAttribute("assessment.episode")
    flag = "dvt"
    reason = "Scan negative"
    source = "Ultrasound report of 18 Nov"
    cleared_by = factory.SelfAttribute("assessment.author")
