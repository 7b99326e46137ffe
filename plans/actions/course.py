"""What a person does with a review: decide, waive a gate that stands still, record what was measured at the visit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from assessments.actions import start_assessment
from assessments.models import Assessment
from assessments.vocabulary import ValueProblem
from clinic.anatomy import SIDE_CHOICES
from clinic.errors import Conflict, Invalid, ManyProblems, Refused
from clinic.models import User
from plans.actions.guards import licensed, stated
from plans.actions.phases import move_to_phase
from plans.actions.review import RULES
from plans.actions.worklist import close_alerts
from plans.course.fields import checked, metric_label
from plans.course.running import Course, read_course
from plans.engine.evaluate import evaluate
from plans.engine.progress import make_record
from plans.engine.standing import NEVER_WAIVED, RETESTS_APART_DAYS, WEEKS_IN_PHASE_DAYS, Standing, standing_gates
from plans.models import CriterionWaiver, Observation, PhaseReview, Plan, ReviewDecision

Choice = ReviewDecision.Choice
OBSERVE_DAYS_BACK = 14
NOTE_MAX = 300


# --- Decide -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def decide(
    review: PhaseReview, by: User, *, choice: str, reason: str = "", to: int | None = None, today: date
) -> ReviewDecision:
    """Carry out one of the four decisions on the latest review of a plan.

    Advance and step back move the patient; reassess begins a reassessment (or finds the one in progress); hold changes
    nothing. A decision other than the recommended one needs a reason and is marked. Raises Conflict when the review is
    no longer the latest or was decided, Refused without a licence, after a stop, or while a safety gate is open.
    """
    plan = Plan.objects.select_for_update().select_related("episode__patient", "episode__practitioner__user").get(
        pk=review.plan_id
    )  # fmt: skip
    practitioner = licensed(by, today=today)
    _still_open(review, plan)
    if choice not in Choice.values:
        raise Invalid("choice", "Choose one of the four decisions.", field="choice")
    target = _target(review, choice, to)
    against = choice != recommended(review) or (choice == Choice.REGRESS and target != review.to_phase)
    why = stated(reason) if against else " ".join(reason.split())[:NOTE_MAX]
    if choice == Choice.ADVANCE:
        _may_advance(review)
    try:
        decision = ReviewDecision.objects.create(
            review=review, choice=choice, to_phase=target, reason=why, against=against, by=practitioner
        )
    except IntegrityError as error:
        raise Conflict("decided", "Somebody has decided on this review already.") from error
    _carry_out(review, plan, by, choice, target, why, today)
    outcome = f"Decided: {decision.get_choice_display()}"
    for rule, _ in RULES.values():
        close_alerts(plan.episode.patient, rule, key=f"plan:{plan.pk}", outcome=outcome)
    return decision


def recommended(review: PhaseReview) -> str:
    """The decision that the verdict recommends."""
    return Choice.REASSESS if review.verdict == PhaseReview.Verdict.STOP else review.verdict


def _still_open(review: PhaseReview, plan: Plan) -> None:
    latest = PhaseReview.objects.filter(plan=plan).latest_first().values_list("pk", flat=True).first()
    if latest != review.pk or plan.current_phase != review.phase or plan.state != Plan.State.ACTIVE:
        raise Conflict("review_old", "There is a newer review of this plan. Open it and decide on that one.")
    if ReviewDecision.objects.filter(review=review).exists():
        raise Conflict("decided", "Somebody has decided on this review already. Judge anew to decide again.")


def _target(review: PhaseReview, choice: str, to: int | None) -> int | None:
    if choice == Choice.ADVANCE:
        return review.phase + 1
    if choice != Choice.REGRESS:
        return None
    target = to or review.to_phase or review.phase - 1
    if not 1 <= target < review.phase:
        raise Invalid("to", "Choose an earlier phase to step back to.", field="to")
    return target


def _may_advance(review: PhaseReview) -> None:
    """The safety gates hold against everybody: nothing advances over them."""
    if review.verdict == PhaseReview.Verdict.STOP:
        raise Refused("stopped", "A new sign or red flag stops the plan. Re-examine first.", field="choice")
    open_gates = [c["text"] for c in review.criteria if c["key"] in NEVER_WAIVED and not c["met"]]
    if open_gates:
        said = "; ".join(open_gates)
        raise Refused("safety_gate", f"No phase begins while this is open: {said}.", field="choice")


def _carry_out(
    review: PhaseReview, plan: Plan, by: User, choice: str, target: int | None, why: str, today: date
) -> None:
    if choice == Choice.REASSESS:
        if not plan.episode.assessments.exclude(state=Assessment.State.SIGNED).exists():
            start_assessment(plan.episode, by, kind=Assessment.Kind.REASSESSMENT, today=today, copy_forward=True)
    elif target is not None and target <= 3:
        move_to_phase(plan, by, to=target, reason=why or _because(review), today=today)


def _because(review: PhaseReview) -> str:
    text = review.reasons[0]["text"] if review.reasons else review.get_verdict_display()
    return f"Phase review: {text}"[:NOTE_MAX]


# --- Waive ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def waive(plan: Plan, by: User, *, key: str, reason: str, today: date) -> CriterionWaiver:
    """Waive a gate that has stood still on two retests two weeks apart, four weeks into the phase at the earliest.

    Holds for this stay in the phase. Raises Refused for a safety gate, one that moves, or without a licence.
    """
    practitioner = licensed(by, today=today)
    why = stated(reason)
    if key in NEVER_WAIVED:
        raise Refused("never_waived", "The neurological screen and the red flags are never waived.", field="reason")
    course = read_course(plan, today=today)
    if course is None:
        raise Conflict("no_phase", "No phase is running.")
    if key in course.waivers:
        raise Conflict("waived", "This gate is waived already.")
    standing = next((entry for entry in standing_now(course, today) if entry.key == key), None)
    if standing is None:
        weeks = WEEKS_IN_PHASE_DAYS // 7
        raise Refused(
            "not_standing",
            f"A gate may be waived when it has not moved on two retests {RETESTS_APART_DAYS} days apart, "
            f"at least {weeks} weeks into the phase.",
            field="reason",
        )
    evidence = {
        "metric": standing.metric,
        "retests": [[s.day.isoformat(), s.value] for s in (standing.earlier, standing.later)],
    }
    return CriterionWaiver.objects.create(stay=course.stay, key=key, reason=why, evidence=evidence, by=practitioner)


def standing_now(course: Course, today: date) -> tuple[Standing, ...]:
    """The gates of the running phase that may be waived today."""
    record = make_record(course.phase, course.logs, course.scores, today)
    return standing_gates(record, evaluate(course.phase, course.logs, course.scores, today).criteria)


# --- Observe ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing measured or checked at a visit; ``field`` names the input it came from."""

    metric: str
    value: object
    side: str = ""
    field: str = ""


@transaction.atomic
def observe(
    plan: Plan, by: User, *, seen: Sequence[Seen], day: date, note: str = "", today: date
) -> tuple[Observation, ...]:
    """Record what was measured on a day. Raises ManyProblems that name each field; then nothing is recorded."""
    licensed(by, today=today)
    stay = plan.progress.filter(left_on__isnull=True).first()
    if stay is None:
        raise Conflict("no_phase", "No phase is running: sign the plan first.")
    if day > today:
        raise Invalid("future_day", "That day has not come yet.", field="day")
    if day < max(stay.entered_on, today - timedelta(days=OBSERVE_DAYS_BACK)):
        raise Invalid(
            "too_old", f"Only days of this phase, at most {OBSERVE_DAYS_BACK} days back, can be filled in.", field="day"
        )
    if not seen:
        raise Invalid("nothing", "Enter at least one measurement or answer.")
    text = " ".join(note.split())[:NOTE_MAX]
    age = plan.episode.patient.age(day)
    rows = [_observation(plan, by, entry, day, text, age) for entry in seen]
    problems = tuple(row for row in rows if isinstance(row, Invalid))
    if problems:
        raise ManyProblems("invalid", "Please check the marked fields.", problems)
    return tuple(Observation.objects.bulk_create([row for row in rows if isinstance(row, Observation)]))


def _observation(plan: Plan, by: User, seen: Seen, day: date, note: str, age: int) -> Observation | Invalid:
    try:
        value = checked(seen.metric, seen.value, age=age)
    except ValueProblem as problem:
        return Invalid("value", problem.message, field=seen.field or seen.metric)
    if seen.side not in dict(SIDE_CHOICES) and seen.side:
        return Invalid("side", f"{metric_label(seen.metric)}: choose left or right.", field=seen.field or seen.metric)
    stored = list(value) if isinstance(value, tuple) else value
    return Observation(
        plan=plan, metric=seen.metric, side=seen.side, value=stored, day=day, note=note, by=by, at=timezone.now()
    )
