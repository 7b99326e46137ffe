"""Judging the running phase, every night and on demand. The verdict proposes; a person decides."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from clinic.errors import Conflict
from clinic.hashing import content_hash
from clinic.models import User
from plans.actions.worklist import close_alerts, raise_alert
from plans.course.evidence import criteria_with_evidence
from plans.course.running import Course, read_course
from plans.engine.evaluate import Advance, Hold, Reassess, Regress, Verdict, evaluate
from plans.engine.progress import make_record
from plans.engine.standing import standing_gates
from plans.models import Alert, PhaseReview, Plan, ReviewDecision
from plans.snapshot import plain

log = logging.getLogger(__name__)

# Nightly reviews wait until the evening's logs are in: nobody's day ends at midnight sharp.
NIGHT_HOUR = 3
BATCH = 200
# A decision to do otherwise stands for a week before the same verdict asks again.
SETTLED_DAYS = 7
RULES: dict[str, tuple[str, str]] = {
    "advance": ("phase_ready", Alert.Severity.NORMAL),
    "regress": ("phase_regress", Alert.Severity.HIGH),
    "reassess": ("reassess", Alert.Severity.NORMAL),
    "stop": ("stop", Alert.Severity.URGENT),
}
SUGGESTIONS = {
    "advance": "Open the phase review and decide.",
    "regress": "Open the phase review; re-screen the red flags first.",
    "reassess": "Reassess before going on.",
    "stop": "Stop the plan, examine today, follow the red-flag steps.",
}


@transaction.atomic
def review_phase(plan: Plan, *, trigger: str, today: date, by: User | None = None) -> PhaseReview:
    """Judge the running phase of a plan on a day of the patient's calendar and keep the judgement with its evidence.

    Raises Conflict when no phase is running, or when tonight's review exists already (nightly only).
    """
    course = read_course(plan, today=today)
    if course is None:
        raise Conflict("no_phase", "No phase is running: sign the plan first.")
    verdict = evaluate(course.phase, course.logs, course.scores, today)
    try:
        with transaction.atomic():
            review = PhaseReview.objects.create(**_content(course, verdict, today), trigger=trigger, made_by=by)
    except IntegrityError as error:
        raise Conflict("reviewed", "Tonight's review exists already.") from error
    _tell(review, plan)
    return review


def _content(course: Course, verdict: Verdict, today: date) -> dict[str, Any]:
    record = make_record(course.phase, course.logs, course.scores, today)
    states = verdict.criteria
    return {
        "plan": course.plan,
        "version": course.version,
        "phase": course.phase.number,
        "day": today,
        "verdict": verdict_key(verdict),
        "to_phase": verdict.to if isinstance(verdict, (Advance, Regress)) else None,
        "criteria": criteria_with_evidence(course, record, states, standing_gates(record, states)),
        "reasons": [{key: plain(value) for key, value in asdict(reason).items()} for reason in verdict.reasons],
        "advice": verdict.advice[:300] if isinstance(verdict, Hold) else "",
        "evidence_hash": evidence_hash(course),
    }


def evidence_hash(course: Course) -> str:
    """Changes exactly when something that is judged changes."""
    criteria = [[row.key, row.kind, row.target] for row in course.rows]
    judged = [criteria, plain(course.logs), plain(course.scores), course.phase.sessions_per_day]
    return content_hash([*judged, sorted(course.waivers), course.phase.number, course.phase.started.isoformat()])


def verdict_key(verdict: Verdict) -> str:
    """The stored name of a verdict."""
    if isinstance(verdict, Reassess):
        return PhaseReview.Verdict.STOP if verdict.stop else PhaseReview.Verdict.REASSESS
    names = {Advance: PhaseReview.Verdict.ADVANCE, Hold: PhaseReview.Verdict.HOLD, Regress: PhaseReview.Verdict.REGRESS}
    return names[type(verdict)]


def review_after_note(plan: Plan, by: User, *, today: date) -> None:
    """Judge anew once the note of a visit is signed; a plan without a running phase has nothing to judge."""
    try:
        review_phase(plan, trigger=PhaseReview.Trigger.AFTER_NOTE, today=today, by=by)
    except Conflict as reason:
        log.info("no review of plan %s after its note: %s", plan.pk, reason.code)


# --- Telling ----------------------------------------------------------------------------------------------------------


def _tell(review: PhaseReview, plan: Plan) -> None:
    """Put the verdict on the worklist, and take off what no longer holds."""
    patient, key = plan.episode.patient, f"plan:{plan.pk}"
    for verdict, (rule, severity) in RULES.items():
        if verdict != review.verdict or _settled(review, plan):
            close_alerts(patient, rule, key=key, outcome="No longer holds, by the latest phase review.")
        else:
            raise_alert(
                patient,
                rule,
                key=key,
                text=recommendation(review)[:500],
                suggestion=SUGGESTIONS[verdict],
                severity=severity,
                plan=plan,
            )


def _settled(review: PhaseReview, plan: Plan) -> bool:
    """A person decided otherwise on the same verdict within the last week; a stop is never settled that way."""
    if review.verdict == PhaseReview.Verdict.STOP:
        return False
    last = ReviewDecision.objects.filter(review__plan=plan).select_related("review").first()
    return (
        last is not None
        and last.against
        and (last.review.verdict, last.review.phase) == (review.verdict, review.phase)
        and (review.day - last.review.day).days < SETTLED_DAYS
    )


def recommendation(review: PhaseReview) -> str:
    """The one sentence on top of the review."""
    why = str(review.reasons[0]["text"]) if review.reasons else ""
    if review.verdict == PhaseReview.Verdict.ADVANCE:
        step = "discharge" if review.to_phase == 4 else f"phase {review.to_phase}"
        return f"Ready for {step}: {why}."
    if review.verdict == PhaseReview.Verdict.REGRESS:
        return f"Step back to phase {review.to_phase}: {why}."
    if review.verdict == PhaseReview.Verdict.STOP:
        return f"Stop and re-examine today: {why}."
    if review.verdict == PhaseReview.Verdict.REASSESS:
        return f"Reassess before going on: {why}."
    return f"Stay in phase {review.phase}: {review.advice or not_ready(review.criteria)}."


def not_ready(criteria: Sequence[dict[str, Any]]) -> str:
    """ "Not ready because" in words: which gates are open, and how much support is missing."""
    gates = [c for c in criteria if c["kind"] == "gate" and not c["met"]]
    support = [c for c in criteria if c["kind"] == "support"]
    reached, needed = sum(1 for c in support if c["met"]), (len(support) + 1) // 2
    parts = []
    if gates:
        unmeasured = sum(1 for c in gates if c["met"] is None)
        count = "1 gate is open" if len(gates) == 1 else f"{len(gates)} gates are open"
        parts.append(count + (f", {unmeasured} of them not re-measured" if unmeasured else ""))
    if reached < needed:
        parts.append(f"{reached} of {needed} supporting criteria needed are met")
    return "; ".join(parts) or "nothing changed"


# --- Every night ------------------------------------------------------------------------------------------------------


def due_for_review(now: datetime, *, limit: int = BATCH) -> list[tuple[int, date]]:
    """Plans whose patient-local night has no review yet, each with that day (one query per time zone in use)."""
    active = Plan.objects.filter(state=Plan.State.ACTIVE, current_phase__isnull=False)
    zones = active.order_by().values_list("episode__patient__time_zone", flat=True).distinct()
    due: list[tuple[int, date]] = []
    for zone in sorted(zones):
        day = (now.astimezone(ZoneInfo(zone)) - timedelta(hours=NIGHT_HOUR)).date()
        done = PhaseReview.objects.filter(trigger=PhaseReview.Trigger.NIGHTLY, day=day).values("plan_id")
        rows = active.filter(episode__patient__time_zone=zone).exclude(pk__in=done).order_by("pk")
        due += [(pk, day) for pk in rows.values_list("pk", flat=True)[: limit - len(due)]]
        if len(due) >= limit:
            break
    return due


def review_nightly(now: datetime) -> int:
    """Judge every plan that is due; returns how many were. Two workers do no harm; one failure stops no other."""
    count = 0
    for pk, day in due_for_review(now):
        plan = Plan.objects.select_related("episode__patient").get(pk=pk)
        try:
            review_phase(plan, trigger=PhaseReview.Trigger.NIGHTLY, today=day)
            count += 1
        except Conflict as reason:
            log.info("no nightly review of plan %s: %s", pk, reason.code)
        except Exception:
            log.exception("the nightly review of plan %s failed", pk)
    return count
