"""What is said to the patient about the plan, and what the patient does not want."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from clinic.errors import Invalid
from clinic.models import Patient, User
from plans.actions.guards import locked_draft, record
from plans.models import DECLINABLE, Declined, PlanVersion

SUMMARY_MAX = 2000


@transaction.atomic
def set_summary(version: PlanVersion, by: User, *, text: str) -> None:
    """The words that stand above the plan in the patient's portal. Raises Invalid when they are too long."""
    draft = locked_draft(version.pk)
    words = "\n".join(line.strip() for line in text.replace("\r\n", "\n").strip().split("\n"))
    if len(words) > SUMMARY_MAX or "\x00" in words:
        raise Invalid("summary_long", f"Keep this under {SUMMARY_MAX} letters.", field="summary")
    before = draft.summary_for_patient
    if words == before:
        return
    draft.summary_for_patient = words
    draft.save(update_fields=["summary_for_patient"])
    record(draft, by, "summary", "summary", before=before, after=words, reason="Words for the patient")


def declined_families(patient: Patient) -> tuple[str, ...]:
    """Keys of the families of techniques that the patient does not want."""
    return tuple(Declined.objects.filter(patient=patient).values_list("family", flat=True))


@transaction.atomic
def set_declined(patient: Patient, by: User, *, families: Collection[str]) -> bool:
    """Record which families of techniques the patient does not want; True when that is new.

    A fact like any other: drafts that rest on the facts before have to be checked again.
    """
    unknown = set(families) - {key for key, _ in DECLINABLE}
    if unknown:
        raise Invalid("family", "Choose from the families of techniques.", field="families")
    present = set(declined_families(patient))
    Declined.objects.filter(patient=patient).exclude(family__in=families).delete()
    new = [key for key in families if key not in present]
    Declined.objects.bulk_create(Declined(patient=patient, family=key, recorded_by=by) for key in new)
    return present != set(families)
