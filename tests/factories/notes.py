"""Treatment notes in tests."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone

from clinic.models import Practitioner
from plans.models import NoteTechnique, PlanTechnique, PlanVersion, TreatmentNote, VisitMeasure
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
