"""The doors to plans."""

from __future__ import annotations

from typing import Literal

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from clinic.access import Purpose, patient_for
from clinic.models import Patient, User
from plans.models import (
    AdverseEvent,
    ChangeReport,
    Discharge,
    ItemHold,
    PatientQuestion,
    PhaseReview,
    Plan,
    PlanCause,
    PlanExercise,
    PlanPhase,
    PlanTechnique,
    PlanVersion,
    TreatmentNote,
)

PATIENT = "version__plan__episode__patient"


def plan_for(user: User | AnonymousUser, pk: int, *, to: Purpose = "clinical") -> Plan:
    """The plan; 404 outside the user's patients, 403 when the role may not."""
    plan = Plan.objects.select_related("episode__patient", "episode__practitioner__user").filter(pk=pk).first()
    if plan is None:
        raise Http404("No such plan.")
    patient_for(user, plan.episode.patient_id, to=to)
    return plan


def version_for(user: User | AnonymousUser, pk: int, *, to: Purpose = "clinical") -> PlanVersion:
    """A plan version with all that its page shows; the same two answers as :func:`plan_for`."""
    owner = PlanVersion.objects.filter(pk=pk).values_list("plan__episode__patient_id", flat=True).first()
    if owner is None:
        raise Http404("No such plan version.")
    patient_for(user, owner, to=to)
    version: PlanVersion = PlanVersion.objects.for_page().get(pk=pk)
    return version


def phase_for(user: User | AnonymousUser, pk: int, *, to: Purpose = "treat") -> PlanPhase:
    """A phase of a version; the same two answers."""
    phase = PlanPhase.objects.select_related(PATIENT).filter(pk=pk).first()
    if phase is None:
        raise Http404("No such phase.")
    patient_for(user, phase.version.plan.episode.patient_id, to=to)
    return phase


def review_for(user: User | AnonymousUser, pk: int, *, to: Purpose = "clinical") -> PhaseReview:
    """A phase review; the same two answers."""
    review = PhaseReview.objects.select_related("plan__episode").filter(pk=pk).first()
    if review is None:
        raise Http404("No such review.")
    patient_for(user, review.plan.episode.patient_id, to=to)
    return review


def cause_for(user: User | AnonymousUser, pk: int, *, to: Purpose = "treat") -> PlanCause:
    """A ranked cause of a version; the same two answers."""
    cause = PlanCause.objects.select_related(PATIENT).filter(pk=pk).first()
    if cause is None:
        raise Http404("No such cause.")
    patient_for(user, cause.version.plan.episode.patient_id, to=to)
    return cause


def item_for(user: User | AnonymousUser, kind: str, pk: int, *, to: Purpose = "treat") -> PlanTechnique | PlanExercise:
    """A technique or exercise of a phase; the same two answers."""
    item = _item(kind, pk)
    if item is None:
        raise Http404("No such item.")
    patient_for(user, item.phase.version.plan.episode.patient_id, to=to)
    return item


def _item(kind: str, pk: int) -> PlanTechnique | PlanExercise | None:
    if kind == "technique":
        return PlanTechnique.objects.select_related("technique", f"phase__{PATIENT}").filter(pk=pk).first()
    if kind == "exercise":
        steps = ("exercise__progression", "exercise__regression")
        return PlanExercise.objects.select_related("exercise", *steps, f"phase__{PATIENT}").filter(pk=pk).first()
    return None


def note_for(
    user: User | AnonymousUser, pk: int, *, to: Purpose = "clinical", fetch: Literal["page", "head"] = "page"
) -> TreatmentNote:
    """A treatment note with all that its page shows, or its own row alone; the same two answers."""
    owner = TreatmentNote.objects.filter(pk=pk).values_list("plan__episode__patient_id", flat=True).first()
    if owner is None:
        raise Http404("No such note.")
    patient_for(user, owner, to=to)
    rows = TreatmentNote.objects.for_page() if fetch == "page" else TreatmentNote.objects.all()
    note: TreatmentNote = rows.get(pk=pk)
    return note


def event_for(user: User | AnonymousUser, pk: int, *, to: Purpose = "treat") -> AdverseEvent:
    """An adverse event; the same two answers."""
    event = AdverseEvent.objects.select_related("plan__episode__patient", "technique").filter(pk=pk).first()
    if event is None:
        raise Http404("No such adverse event.")
    patient_for(user, event.plan.episode.patient_id, to=to)
    return event


def discharge_for(user: User | AnonymousUser, pk: int, *, to: Purpose = "clinical") -> Discharge:
    """A signed discharge; the same two answers."""
    row: Discharge | None = Discharge.objects.for_page().filter(pk=pk).first()
    if row is None:
        raise Http404("No such discharge.")
    patient_for(user, row.plan.episode.patient_id, to=to)
    return row


def hold_for(user: User | AnonymousUser, pk: int, *, to: Purpose = "clinical") -> ItemHold:
    """A hold of a plan's item; the same two answers as :func:`plan_for`."""
    items = ("technique_item__phase", "exercise_item__phase")
    hold = ItemHold.objects.select_related("plan__episode__patient", *items).filter(pk=pk).first()
    if hold is None:
        raise Http404("No such hold.")
    patient_for(user, hold.plan.episode.patient_id, to=to)
    return hold


def report_for(user: User | AnonymousUser, pk: int, *, to: Purpose = "treat") -> ChangeReport:
    """What a patient told has changed; the same two answers."""
    report = ChangeReport.objects.select_related("patient", "by", "look__by__user").filter(pk=pk).first()
    if report is None:
        raise Http404("No such report.")
    patient_for(user, report.patient_id, to=to)
    return report


def own_report(patient: Patient, pk: int) -> ChangeReport:
    """A report of the patient at hand; 404 for anybody else's."""
    report = ChangeReport.objects.filter(patient=patient, pk=pk).first()
    if report is None:
        raise Http404("No such report.")
    return report


def question_for(user: User | AnonymousUser, pk: int, *, to: Purpose = "treat") -> PatientQuestion:
    """A question of a patient; the same two answers."""
    question = PatientQuestion.objects.for_page().filter(pk=pk).first()
    if question is None:
        raise Http404("No such question.")
    patient_for(user, question.patient_id, to=to)
    return question


def own_question(patient: Patient, pk: int) -> PatientQuestion:
    """A question of the patient at hand; 404 for anybody else's."""
    question = PatientQuestion.objects.filter(patient=patient, pk=pk).first()
    if question is None:
        raise Http404("No such question.")
    return question
