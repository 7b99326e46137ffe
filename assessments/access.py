"""The doors to assessments and outcome measures."""

from __future__ import annotations

from typing import Literal

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef
from django.http import Http404

from assessments.models import Assessment, DiaryEntry, OutcomeRequest, OutcomeResponse
from clinic.access import NEEDED, Purpose, patient_for, require
from clinic.audit import note_seen
from clinic.models import Patient, User

Fetch = Literal["rows", "counts", "head"]


def assessment_for(
    user: User | AnonymousUser, pk: int, *, to: Purpose = "clinical", fetch: Fetch = "rows"
) -> Assessment:
    """The assessment; 404 outside the user's patients, 403 when the role may not.

    ``fetch``: all its rows at once; only the counts, for a page that shows one section; or only the head, for a save.
    """
    wanted = {
        "rows": Assessment.objects.for_chart,
        "counts": Assessment.objects.for_page,
        "head": Assessment.objects.with_patient,
    }
    visible = Patient.objects.visible_to(user).filter(pk=OuterRef("episode__patient"))
    # As clinic.access.patient_for decides, in the same query: every autosave passes here.
    assessment: Assessment | None = wanted[fetch]().filter(Exists(visible), pk=pk).first()
    if assessment is None:
        raise Http404("No such assessment.")
    require(user, NEEDED[to])
    note_seen([assessment.episode.patient_id])
    return assessment


def request_for(user: User | AnonymousUser, pk: int, *, to: Purpose = "clinical") -> OutcomeRequest:
    """Outcome questions; 404 outside the user's patients, 403 when the role may not."""
    request = OutcomeRequest.objects.select_related("instrument", "episode__patient").filter(pk=pk).first()
    if request is None:
        raise Http404("No such questions.")
    patient_for(user, request.episode.patient_id, to=to)
    return request


def response_for(user: User | AnonymousUser, pk: int, *, to: Purpose = "clinical") -> OutcomeResponse:
    """Outcome answers; the same two answers as ``request_for``."""
    related = ("instrument", "episode__patient", "request")
    response = OutcomeResponse.objects.select_related(*related).filter(pk=pk).first()
    if response is None:
        raise Http404("No such answers.")
    patient_for(user, response.episode.patient_id, to=to)
    return response


def own_request(patient: Patient, pk: int) -> OutcomeRequest:
    """Questions to this patient; 404 for everybody else's."""
    rows = OutcomeRequest.objects.select_related("instrument", "episode__patient")
    found: OutcomeRequest | None = rows.filter(pk=pk, episode__patient=patient).first()
    if found is None:
        raise Http404("No such questions.")
    return found


def own_entry(patient: Patient, pk: int) -> DiaryEntry:
    """A diary entry of this very patient that was not taken back; 404 for any other."""
    entry = DiaryEntry.objects.standing().filter(patient=patient, pk=pk).first()
    if entry is None:
        raise Http404("No such entry.")
    entry.patient = patient
    return entry
