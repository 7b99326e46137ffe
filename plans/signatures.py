"""Verification of everything that is signed, from assessments to plans: one reader per kind of signature."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import Model

from assessments.content import amendment_hashes
from assessments.content import content_hashes as assessment_hashes
from assessments.models import Assessment
from clinic.hashing import content_hash
from clinic.models import Signature
from clinic.signatures import Broken, Kind, Reader, Report, first_unsigned, verify
from plans.actions.discharge import discharge_content
from plans.actions.notes import note_content
from plans.actions.signing import signed_content
from plans.governance.signoff import sign_off_hashes
from plans.models import Discharge, PlanVersion, TreatmentNote

BATCH = 50


def plan_hashes(ids: Iterable[int]) -> dict[int, str]:
    """The hash of each signed version as it reads now; drafts and missing ones are left out."""
    wanted = list(ids)
    found: dict[int, str] = {}
    for start in range(0, len(wanted), BATCH):
        versions = PlanVersion.objects.for_page().filter(pk__in=wanted[start : start + BATCH])
        found.update({v.pk: content_hash(signed_content(v)) for v in versions.exclude(state=PlanVersion.State.DRAFT)})
    return found


def note_hashes(ids: Iterable[int]) -> dict[int, str]:
    """The hash of each signed treatment note as it reads now; drafts and missing ones are left out."""
    notes = TreatmentNote.objects.for_page().filter(pk__in=list(ids), state=TreatmentNote.State.SIGNED)
    return {note.pk: content_hash(note_content(note)) for note in notes}


def discharge_hashes(ids: Iterable[int]) -> dict[int, str]:
    """The hash of each discharge as it reads now; missing ones are left out."""
    rows = Discharge.objects.filter(pk__in=list(ids))
    return {row.pk: content_hash(discharge_content(row)) for row in rows}


READERS: Mapping[str, Reader] = {
    Kind.ASSESSMENT: assessment_hashes,
    Kind.AMENDMENT: amendment_hashes,
    Kind.PLAN_VERSION: plan_hashes,
    Kind.TREATMENT_NOTE: note_hashes,
    Kind.DISCHARGE: discharge_hashes,
    Kind.KNOWLEDGE: sign_off_hashes,
}


# Rows that may not be signed without a link: they keep ``signed_at``, and ``state`` unless they are born signed.
SIGNED: Mapping[str, type[Model]] = {
    Kind.ASSESSMENT: Assessment,
    Kind.PLAN_VERSION: PlanVersion,
    Kind.TREATMENT_NOTE: TreatmentNote,
    Kind.DISCHARGE: Discharge,
}


def verify_signatures() -> Report:
    """Verify the chain, what it binds, and that nothing was signed past it since it began."""
    report = verify(READERS)
    past = _signed_past_the_chain() if report.holds else None
    return Report(report.links, report.latest, past) if past else report


def _signed_past_the_chain() -> Broken | None:
    first = Signature.objects.order_by("number").first()
    if first is None:
        return None
    for kind, model in SIGNED.items():
        rows = model._default_manager.filter(signed_at__gte=first.signed_at)
        if kind != Kind.DISCHARGE:
            rows = rows.exclude(state="draft")
        past = first_unsigned(kind, rows)
        if past is not None:
            return Broken(0, kind, past, "it is signed but has no link in the chain")
    return None
