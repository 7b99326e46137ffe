"""A signed note does not change, whoever writes and however."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from clinic.models import Practitioner
from plans.models import AdverseEvent, NoteAddendum, NoteFlag, TreatmentNote, VisitMeasure
from tests.factories.notes import bare_note, lock
from tests.factories.plans import case_signed

pytestmark = pytest.mark.django_db

WRITES = [
    "UPDATE plans_treatmentnote SET subjective = 'changed'",
    "UPDATE plans_treatmentnote SET state = 'draft', signed_at = NULL",
    "DELETE FROM plans_treatmentnote",
    "UPDATE plans_notetechnique SET response = 'better'",
    "DELETE FROM plans_notetechnique",
    "UPDATE plans_visitmeasure SET value = 1",
    "DELETE FROM plans_visitmeasure",
    "INSERT INTO plans_noteflag (note_id, flag, answer) SELECT id, 'dvt', 'no' FROM plans_treatmentnote",
]


@pytest.mark.parametrize("statement", WRITES)
def test_raw_sql_is_refused_on_a_signed_note(statement: str) -> None:
    note = lock(bare_note(case_signed()))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    note.refresh_from_db()
    assert [note.state, note.subjective, float(note.measures.get().value)] == ["signed", "", 5]


def test_a_draft_may_change_and_be_dropped() -> None:
    note = bare_note(case_signed())
    VisitMeasure.objects.filter(note=note).update(value=3)
    NoteFlag.objects.create(note=note, flag="dvt", answer="no")
    note.delete()
    assert not TreatmentNote.objects.exists()


def test_a_note_is_not_born_signed_and_not_signed_without_a_signature() -> None:
    version = case_signed()
    lead = Practitioner.objects.get(user=version.created_by)
    with pytest.raises(IntegrityError), transaction.atomic():
        bare_note(version, state="signed", signed_at=timezone.now(), signed_by=lead, content_hash="x")
    note = bare_note(version)
    with pytest.raises(IntegrityError), transaction.atomic():
        TreatmentNote.objects.filter(pk=note.pk).update(state="signed", signed_at=timezone.now(), signed_by=lead)
    with pytest.raises(IntegrityError), transaction.atomic():
        bare_note(version)  # a second draft of the same author


@pytest.mark.hazard("H-24")
def test_an_adverse_event_is_reviewed_once_and_kept() -> None:
    note = lock(bare_note(case_signed()))
    row = note.notetechniques.get()
    event = AdverseEvent.objects.create(
        note=note, plan=note.plan, technique=row.technique, what="Bruise", severity="mild", action="Cold pack",
        reported_by=note.author,
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        AdverseEvent.objects.filter(pk=event.pk).update(what="Nothing")
    with pytest.raises(IntegrityError), transaction.atomic():
        AdverseEvent.objects.filter(pk=event.pk).delete()
    review = {"reviewed_at": timezone.now(), "reviewed_by": note.signed_by, "review_reason": "Settled in two days"}
    assert AdverseEvent.objects.filter(pk=event.pk).update(**review) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        AdverseEvent.objects.filter(pk=event.pk).update(review_reason="Other")


def test_an_addendum_is_append_only() -> None:
    note = lock(bare_note(case_signed()))
    addendum = NoteAddendum.objects.create(
        note=note, text="Phoned: well.", by=Practitioner.objects.get(user=note.author)
    )
    with pytest.raises(DatabaseError), transaction.atomic():
        NoteAddendum.objects.filter(pk=addendum.pk).update(text="Phoned: ill.")
    with pytest.raises(DatabaseError), transaction.atomic():
        addendum.delete()
