"""Discharge: the record is signed, the plan is completed and the episode closed. Reopened only by a new episode."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from clinic.errors import Conflict, DomainError, Invalid, ManyProblems
from clinic.hashing import content_hash
from clinic.models import Episode, User
from clinic.signatures import Kind, append
from exercises.actions import stop
from plans.actions.guards import licensed
from plans.actions.review import RULES
from plans.actions.worklist import close_alerts, raise_alert
from plans.discharge.record import build_record, running_programme
from plans.models import Alert, Discharge, PhaseProgress, PhaseReview, Plan, PlanVersion, TreatmentNote

TEXT_MAX = 3000
FOLLOW_UP_MAX_DAYS = 400


@dataclass(frozen=True, slots=True)
class DischargeWish:
    """What the person decides; ``letter_consent`` None means that nobody asked."""

    kind: str
    home: str
    flare_plan: str
    summary: str = ""
    follow_up_on: date | None = None
    letter_consent: bool | None = None


def dischargeable(plan: Plan) -> PlanVersion:
    """The signed version of a running plan, with its page rows. Raises Conflict when there is nothing to end."""
    version: PlanVersion | None = (
        PlanVersion.objects.for_page().filter(plan=plan, state=PlanVersion.State.SIGNED).first()
    )
    if version is None or plan.state != Plan.State.ACTIVE:
        raise Conflict("not_running", "Only a running plan can be ended.")
    return version


@transaction.atomic
def discharge(plan: Plan, by: User, *, wish: DischargeWish, today: date) -> Discharge:
    """Sign the discharge. Raises ManyProblems, each naming its field; then nothing is written."""
    locked = Plan.objects.select_for_update(of=("self",)).select_related("episode__patient").get(pk=plan.pk)
    version = dischargeable(locked)
    practitioner = licensed(by, today=today)
    problems = _problems(locked, wish, today=today)
    if problems:
        raise ManyProblems("cannot_discharge", "The discharge was not signed.", tuple(problems))
    row = Discharge(
        plan=locked,
        kind=wish.kind,
        home=wish.home,
        record=build_record(version, today=today),
        summary=wish.summary.strip(),
        flare_plan=wish.flare_plan.strip(),
        follow_up_on=wish.follow_up_on,
        letter_consent=bool(wish.letter_consent),
        discharged_on=today,
        signed_by=practitioner,
        signed_at=timezone.now(),
    )
    row.content_hash = content_hash(discharge_content(row))
    row.save(force_insert=True)
    append(Kind.DISCHARGE, row.pk, row.content_hash, by=by, at=row.signed_at)
    _close(locked, row, by, today=today)
    return row


def _problems(plan: Plan, wish: DischargeWish, *, today: date) -> list[DomainError]:
    found: list[DomainError] = []
    if TreatmentNote.objects.filter(plan=plan, state=TreatmentNote.State.DRAFT).exists():
        found.append(Conflict("note_open", "A visit note of this plan is still open. Sign or drop it first."))
    if plan.versions.filter(state=PlanVersion.State.DRAFT).exists():
        found.append(Conflict("draft_open", "The next version of the plan is still a draft. Sign it first."))
    if wish.kind not in Discharge.Kind.values:
        found.append(Invalid("kind", "Choose how the course of care ended.", field="kind"))
    if wish.home not in Discharge.Home.values:
        found.append(Invalid("home", "Choose whether the home programme goes on.", field="home"))
    if wish.letter_consent is None:
        found.append(Invalid("letter", "Ask whether a letter may be sent.", field="letter_consent"))
    if len(wish.flare_plan.strip()) < 10:
        found.append(Invalid("flare", "Write what to do if it comes back.", field="flare_plan"))
    for name in ("flare_plan", "summary"):
        if len(getattr(wish, name)) > TEXT_MAX:
            found.append(Invalid("long", f"Keep this under {TEXT_MAX} characters.", field=name))
    if wish.follow_up_on and not today <= wish.follow_up_on <= today + timedelta(days=FOLLOW_UP_MAX_DAYS):
        message = f"Choose a day from today on, at most {FOLLOW_UP_MAX_DAYS} days ahead."
        found.append(Invalid("follow_up", message, field="follow_up_on"))
    return found


def _close(plan: Plan, row: Discharge, by: User, *, today: date) -> None:
    if row.home == Discharge.Home.END:
        stop(running_programme(plan), on=today)
    PhaseProgress.objects.filter(plan=plan, left_on__isnull=True).update(left_on=today)
    plan.state = Plan.State.COMPLETED
    plan.save(update_fields=["state"])
    Episode.objects.filter(pk=plan.episode_id).update(state=Episode.State.CLOSED, closed_on=today)
    for verdict, (rule, _) in RULES.items():
        if verdict != PhaseReview.Verdict.STOP:  # an examination that is due stays due
            close_alerts(plan.episode.patient, rule, key=f"plan:{plan.pk}", outcome="The course of care has ended.")
    if row.follow_up_on:
        _remind(plan, row.follow_up_on)


def _remind(plan: Plan, day: date) -> None:
    """On the worklist when the day has come."""
    alert = raise_alert(
        plan.episode.patient,
        "follow_up",
        key=f"plan:{plan.pk}",
        text=f"Follow-up after discharge was planned for {day:%d %b %Y}.",
        suggestion="Ask how it goes; open a new episode when it came back.",
        severity=Alert.Severity.LOW,
        plan=plan,
    )
    alert.state = Alert.State.SNOOZED
    alert.snoozed_until = datetime.combine(day, time(6), tzinfo=timezone.get_current_timezone())
    alert.save(update_fields=["state", "snoozed_until"])


def discharge_content(row: Discharge) -> dict[str, Any]:
    """What the signature binds, as plain data."""
    return {
        "plan": row.plan_id,
        "kind": row.kind,
        "home": row.home,
        "record": row.record,
        "summary": row.summary,
        "flare_plan": row.flare_plan,
        "follow_up_on": row.follow_up_on.isoformat() if row.follow_up_on else None,
        "letter_consent": row.letter_consent,
        "discharged_on": row.discharged_on.isoformat(),
    }
