"""Plans in tests: knowledge rows, and the written case vignettes as rows of the database."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.utils import timezone
from factory.django import DjangoModelFactory

from assessments.models import Assessment, Finding, PsfsActivity, RedFlagAnswer, SymptomRegion
from assessments.scoring import norm_of_range
from clinic.models import Answer, Condition, ConditionSite, Consent, Credential, Episode, Patient, PatientCondition
from clinic.models import Practitioner as PractitionerRow
from exercises.models import Exercise
from plans.actions import draft_plan, sign
from plans.actions.holds import settle
from plans.documents.letter import write_letter
from plans.knowledge.rows.revision import knowledge_in_force
from plans.models import EducationTopic, KnowledgeSignOff, Letter, PhaseReview, PlanVersion, Technique
from tests.factories.clinic import EpisodeFactory, PatientFactory, PhysioFactory, PractitionerFactory

TODAY = date(2026, 11, 24)
CASES = Path(__file__).parent.parent / "cases"
OWN_ROWS = ("hist.age_years", "hist.sex_at_birth", "hist.symptom_regions", "func.psfs_avg")


class PhaseReviewFactory(DjangoModelFactory[PhaseReview]):
    """A stored review; give ``plan`` and ``version``."""

    class Meta:
        model = PhaseReview

    phase = 1
    day = TODAY
    trigger = "on_demand"
    verdict = "hold"
    evidence_hash = "0"


@cache
def case_data(name: str) -> dict[str, Any]:
    """The YAML of a case: ``case_data("case_01")``."""
    data: dict[str, Any] = yaml.safe_load((CASES / f"{name}.yaml").read_text(encoding="utf-8"))
    return data


def sign_off_knowledge() -> None:
    """A clinical lead has signed off the knowledge in force; without that no plan is signed."""
    revision = knowledge_in_force().revision
    if KnowledgeSignOff.objects.filter(revision=revision).exists():
        return
    KnowledgeSignOff.objects.create(
        revision=revision,
        content_hash="0" * 64,
        by=PractitionerFactory(is_clinical_lead=True),
        statement="Signed off for the test.",
        verify_note="Accepted for the test.",
    )


def make_knowledge() -> None:
    """The rows that plans point to (techniques, exercises, topics, conditions), signed off by a clinical lead."""
    knowledge = knowledge_in_force()
    sign_off_knowledge()
    if Technique.objects.exists():
        return
    Technique.objects.bulk_create(
        Technique(key=t.key, category=t.category, name=t.name, phases=list(t.phases), aim=t.aim[:300])
        for t in knowledge.techniques.values()
    )
    EducationTopic.objects.bulk_create(
        EducationTopic(key=t.key, title=t.title, messages=list(t.messages), phases=list(t.phases))
        for t in knowledge.education.values()
    )
    Condition.objects.bulk_create(
        Condition(key=c.key, label=c.label[:160], kind=c.kind, ask=c.ask[:300]) for c in knowledge.conditions.values()
    )
    Exercise.objects.bulk_create(
        Exercise(
            key=e.key,
            name=e.name,
            kind=e.kind,
            technique=e.technique,
            region=e.region,
            target_muscles=list(e.target_muscles),
            position=e.position,
            equipment=list(e.equipment),
            setting=list(e.setting),
            phases=list(e.phases),
            cues=list(e.cues),
            order=order,
        )
        for order, e in enumerate(knowledge.exercises.values())
    )
    rows = {row.key: row for row in Exercise.objects.all()}
    for exercise in knowledge.exercises.values():
        row = rows[exercise.key]
        row.progression = rows.get(exercise.progression or "")
        row.regression = rows.get(exercise.regression or "")
    Exercise.objects.bulk_update(rows.values(), ["progression", "regression"])


def case_assessment(name: str, *, signed: bool = True, **patient: Any) -> Assessment:
    """The assessment of a case with everything around it: patient, episode, conditions, consents, credentials."""
    make_knowledge()
    data = case_data(name)
    episode = _episode(data, patient)
    author = episode.practitioner.user
    assessment = Assessment.objects.create(episode=episode, author=author, assessed_on=TODAY)
    SymptomRegion.objects.bulk_create(
        SymptomRegion(assessment=assessment, region=r["key"], side=r.get("side") or "", position=i)
        for i, r in enumerate(data["regions"])
    )
    Finding.objects.bulk_create(
        _finding(assessment, path, value) for path, value in data["findings"].items() if path not in OWN_ROWS
    )
    _activities(assessment, data["findings"].get("func.psfs_avg"))
    _flags(assessment, data)
    return signed_assessment(assessment) if signed else _fresh(assessment)


def signed_assessment(assessment: Assessment) -> Assessment:
    """Sign without the checks of the signing action: these tests are about plans."""
    Assessment.objects.filter(pk=assessment.pk).update(
        state=Assessment.State.SIGNED, signed_by=assessment.author, signed_at=timezone.now()
    )
    return _fresh(assessment)


def case_draft(name: str = "case_01", **patient: Any) -> PlanVersion:
    """A drafted plan of a case, by the practitioner of its episode; the facts it rests on are no news any more."""
    assessment = case_assessment(name, **patient)
    settle(assessment.episode.patient, None, today=TODAY)
    return page_version(draft_plan(assessment, assessment.author, today=TODAY))


def case_signed(name: str = "case_01", **patient: Any) -> PlanVersion:
    """A signed plan of a case."""
    version = case_draft(name, **patient)
    return page_version(sign(version, version.created_by, today=TODAY))


def page_version(version: PlanVersion) -> PlanVersion:
    """The version as its page reads it."""
    found: PlanVersion = PlanVersion.objects.for_page().get(pk=version.pk)
    return found


def _fresh(assessment: Assessment) -> Assessment:
    found: Assessment = Assessment.objects.for_chart().get(pk=assessment.pk)
    return found


def _episode(data: dict[str, Any], patient: dict[str, Any]) -> Episode:
    findings = data["findings"]
    lead = PractitionerRow.objects.get(user=PhysioFactory())
    for key in data["practitioner"]:
        if key != "registered_physio":
            Credential.objects.create(practitioner=lead, kind=key, valid_until=date(2099, 12, 31))
    born = date(TODAY.year - findings["hist.age_years"], 1, 5)
    person = PatientFactory(date_of_birth=born, sex_at_birth=findings["hist.sex_at_birth"], **patient)
    _consents(person, data, lead)
    _conditions(person, data, lead)
    episode: Episode = EpisodeFactory(patient=person, practitioner=lead)
    return episode


def _consents(patient: Patient, data: dict[str, Any], lead: PractitionerRow) -> None:
    kinds = [Consent.Kind.TREATMENT]
    kinds += [Consent.Kind.NEEDLING] if data["consent"].get("needling_signed") else []
    kinds += [Consent.Kind.THRUST] if data["consent"].get("thrust_signed") else []
    guardian = patient.is_minor(TODAY)
    for kind in kinds:
        Consent.objects.create(
            patient=patient, kind=kind, signed_on=TODAY, signed_by="Signed", by_guardian=guardian, recorded_by=lead.user
        )


def _conditions(patient: Patient, data: dict[str, Any], lead: PractitionerRow) -> None:
    places = data.get("condition_regions", {})
    rows = PatientCondition.objects.bulk_create(
        PatientCondition(
            patient=patient,
            condition=condition,
            answer=Answer.YES if condition.key in data["conditions"] else Answer.NO,
            recorded_by=lead.user,
        )
        for condition in Condition.objects.all()
    )
    ConditionSite.objects.bulk_create(
        ConditionSite(patient_condition=row, region=region)
        for row in rows
        for region in places.get(row.condition.key, [])
    )


def _finding(assessment: Assessment, path: str, value: Any) -> Finding:
    if path.startswith("rompct."):
        movement = path.partition(".")[2]
        degrees = value * (norm_of_range(movement) or 0) / 100
        return Finding(assessment=assessment, path=f"rom.{movement}", mode="active", number=round(degrees, 2))
    column = (
        "truth"
        if isinstance(value, bool)
        else "number"
        if isinstance(value, (int, float))
        else "choices"
        if isinstance(value, list)
        else "text"
    )
    return Finding(assessment=assessment, path=path, **{column: value})


def _activities(assessment: Assessment, mean: float | None) -> None:
    total = round(3 * (mean or 0))
    for position in range(3) if mean is not None else ():
        score = total // 3 + (1 if position < total % 3 else 0)
        PsfsActivity.objects.create(
            assessment=assessment, position=position + 1, activity=f"Activity {position + 1}", score=score
        )


def _flags(assessment: Assessment, data: dict[str, Any]) -> None:
    RedFlagAnswer.objects.bulk_create(
        RedFlagAnswer(assessment=assessment, flag=key, answer=Answer.YES if key in data["flags"] else Answer.NO)
        for key in knowledge_in_force().red_flags
    )


def case_letter(version: PlanVersion) -> Letter:
    """A referral letter about the assessment of a version, by the practitioner of its episode."""
    by = version.plan.episode.practitioner.user
    return write_letter(version, by, recipient="Dr A. Example", knowledge=knowledge_in_force(), today=TODAY)
