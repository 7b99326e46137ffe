"""Treatment notes in tests."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone

from clinic.models import Practitioner
from plans.models import (
    AdverseEvent,
    Discharge,
    NoteTechnique,
    Plan,
    PlanTechnique,
    PlanVersion,
    TreatmentNote,
    VisitMeasure,
)
from tests.factories.plans import TODAY


def bare_note(version: PlanVersion, *, on: date = TODAY, **columns: Any) -> TreatmentNote:
    """A draft note with one planned technique and one measure, written as rows."""
    note = TreatmentNote.objects.create(
        plan=version.plan,
        version=version,
        phase=version.plan.current_phase or version.start_phase or 1,
        visit_on=on,
        author=version.created_by,
        **columns,
    )
    item = PlanTechnique.objects.filter(phase__version=version, is_alternative=False).first()
    if item is not None:
        NoteTechnique.objects.create(
            note=note, technique=item.technique, planned=item, region=item.region, side=item.side, parameters=item.dose
        )
    VisitMeasure.objects.create(note=note, metric="pain.nprs_worst_24h", value=5, day=on)
    return note


def earlier_version(version: PlanVersion) -> PlanVersion:
    """A version of a course of care before this one, so that notes do not hang on a draft that may be replaced."""
    before = Plan.objects.create(
        episode=version.plan.episode, state=Plan.State.COMPLETED, created_by=version.created_by
    )
    columns = ("assessment", "disposition", "start_phase", "knowledge_revision", "facts", "facts_hash", "draft")
    copied = {name: getattr(version, name) for name in columns}
    return PlanVersion.objects.create(plan=before, number=1, created_by=version.created_by, **copied)


def lock(note: TreatmentNote) -> TreatmentNote:
    """Sign without the checks of the action."""
    TreatmentNote.objects.filter(pk=note.pk).update(
        state=TreatmentNote.State.SIGNED,
        signed_at=timezone.now(),
        signed_by=Practitioner.objects.get(user=note.author),
        content_hash="0" * 64,
    )
    found: TreatmentNote = TreatmentNote.objects.for_page().get(pk=note.pk)
    return found


def event_of(note: TreatmentNote) -> AdverseEvent:
    """An adverse event after the first technique of a note."""
    row = note.notetechniques.first()
    return AdverseEvent.objects.create(
        note=note,
        plan=note.plan,
        technique=row.technique if row else None,
        what="Bruise",
        severity="mild",
        action="Cold pack",
        reported_by=note.author,
    )


def discharge_of(note: TreatmentNote) -> Discharge:
    """A signed discharge of the plan of a note, written as a row."""
    return Discharge.objects.create(
        plan=note.plan,
        kind=Discharge.Kind.SELF_MANAGE,
        home=Discharge.Home.KEEP,
        record={"outcomes": [], "goals": [], "causes": [], "programme": [], "warnings": ["Fever with back pain"]},
        flare_plan="Two gentle days, then one step easier.",
        letter_consent=False,
        discharged_on=note.visit_on,
        signed_by=Practitioner.objects.get(user=note.author),
        signed_at=timezone.now(),
        content_hash="0" * 64,
    )
