"""Two patients, their carers and a stranger; the table replays one patient's ids as everybody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clinic.models import Consent, User
from plans.actions.holds import settle
from plans.actions.worklist import raise_alert
from plans.models import ItemHold, KnowledgeChange, PlanExercise, PlanPhase
from tests.factories.clinic import FrontDeskFactory, ManagerFactory, PatientFactory, PractitionerFactory
from tests.factories.diary import DiaryEntryFactory
from tests.factories.exercises import HomePauseFactory, PrescriptionFactory, SessionLogFactory
from tests.factories.notes import bare_note, discharge_of, earlier_version, event_of
from tests.factories.outcomes import outcome_request, outcome_response
from tests.factories.people import asked_by, change_report, proxy_of
from tests.factories.plans import TODAY, PhaseReviewFactory, case_draft, case_letter
from tests.factories.reminders import MessageFactory, notice
from tests.factories.scheduling import AppointmentFactory


@dataclass(slots=True)
class World:
    """``users`` by actor (None is anonymous); ``ids`` of the rows that belong to the one patient."""

    users: dict[str, User | None]
    ids: dict[str, Any]


def build_world() -> World:
    """Everything that the table's addresses need, around one patient with a drafted plan."""
    version = case_draft("case_01")
    episode = version.plan.episode
    practitioner, patient = episode.practitioner, episode.patient
    prescription = PrescriptionFactory(
        episode=episode, exercise=version.phases.all()[0].planexercises.all()[0].exercise
    )
    phase = version.phases.all()[0]
    users: dict[str, User | None] = {
        "anonymous": None,
        "physio": practitioner.user,
        "stranger": PractitionerFactory().user,
        "desk": FrontDeskFactory(),
        "manager": ManagerFactory(),
        "patient": patient.user,
        "other": PatientFactory().user,
    }
    settle(patient, None, today=TODAY)
    earlier = earlier_version(version)
    note = bare_note(earlier)
    # A hold in a version that is not replaced while the table asks for a new draft.
    kept = PlanExercise.objects.create(
        phase=PlanPhase.objects.create(version=earlier, number=1, aim="Synthetic"), exercise=prescription.exercise
    )
    ids = {
        "patient": patient.pk,
        "episode": episode.pk,
        "assessment": version.assessment_id,
        "consent": patient.consents.get(kind=Consent.Kind.NEEDLING).pk,
        "version": version.pk,
        "plan": version.plan_id,
        "phase": phase.pk,
        "hold": ItemHold.objects.create(
            plan=earlier.plan, exercise_item=kept, key="glute_set", verdict="blocked_absolute"
        ).pk,
        "cause": version.causes.all()[0].pk,
        "exercise_item": phase.planexercises.all()[0].pk,
        "technique_item": phase.plantechniques.all()[0].pk,
        "prescription": prescription.pk,
        "home_pause": HomePauseFactory(patient=patient).pk,
        "log": SessionLogFactory(prescription=prescription).pk,
        "review": PhaseReviewFactory(plan=note.plan, version=note.version).pk,
        "visit": AppointmentFactory(patient=patient, practitioner=practitioner).pk,
        "note": note.pk,
        "event": event_of(note).pk,
        "discharge": discharge_of(note).pk,
        "message": MessageFactory(patient=patient).pk,
        "notice": notice(patient, "plan_changed").pk,
        "letter": case_letter(version).pk,
        "alert": raise_alert(patient, "not_logged", text="No log for 49 hours").pk,
        "proxy": proxy_of(patient).pk,
        "asked": asked_by(patient).pk,
        "told": change_report(patient).pk,
        "knowledge_change": KnowledgeChange.objects.create(reason="Synthetic", proposed_by=ManagerFactory()).pk,
        "outcome_request": outcome_request(episode).pk,
        "diary_entry": DiaryEntryFactory(patient=episode.patient).pk,
        "outcome_response": outcome_response(episode).pk,
    }
    return World(users, ids)
