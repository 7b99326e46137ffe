"""The record of a discharge, built from data: what changed, which goals were met, which causes remain, what goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from assessments.vocabulary import VOCABULARY, value_label
from exercises.models import Prescription
from plans.actions.drafting import ask_engine, usable_knowledge
from plans.course.measures import Measure, measures_of, signed_assessments
from plans.engine.facts import Options
from plans.engine.knowledge import Knowledge
from plans.engine.operators import compare
from plans.facts import facts_for
from plans.models import Plan, PlanCause, PlanGoal, PlanVersion
from plans.visits.measures import NOW, SPASMS_WEEK, WORST
from plans.wording import exercise_dose, finding_label, goal_sentence

# Phases reference, section 3.1: two points of pain (Farrar 2001); spasms halved (convention, verify).
PAIN, PAIN_POINTS = (NOW, WORST, "pain.nprs_avg_week"), 2
SPASMS_SHARE = 0.5
ALWAYS = (NOW, WORST, SPASMS_WEEK, "func.psfs_avg")
FLARE_TOPIC, WARNING_TOPIC = "ed_flare_plan", "ed_warning_signs"
DOSE_FIELDS = ("sets", "reps", "hold_s", "duration_min", "per_day", "days_per_week", "rpe_low", "rpe_high", "rest_s")
CALMING_SHOWN = 3
TREATED = ("selected", "secondary")  # what the plan was built on; the others were only shown


def build_record(version: PlanVersion, *, today: date) -> dict[str, Any]:
    """Everything that the discharge states, as plain data. ``version`` (signed) comes with its page rows."""
    knowledge = usable_knowledge()
    latest = _latest(measures_of(version.plan))
    return {
        "outcomes": list(_outcomes(version, latest)),
        "goals": [_goal(goal, version, latest) for goal in version.goals.all()],
        "causes": list(_causes(version, today=today)),
        "programme": list(_programme(version.plan)),
        "warnings": list(_messages(knowledge, WARNING_TOPIC)),
    }


def flare_plan_draft(version: PlanVersion) -> str:
    """The flare-up plan to start from, in plain words: the calming exercises of this plan, then the usual steps."""
    first = next((phase for phase in version.phases.all() if phase.number == 1), None)
    names = [item.exercise.name for item in first.planexercises.all()][:CALMING_SHOWN] if first else []
    lines = [line.replace("phase-1", "calming") for line in _messages(usable_knowledge(), FLARE_TOPIC)]
    if names:
        lines.insert(1, f"Your calming exercises: {', '.join(names)}.")
    return "\n".join(lines)


def _messages(knowledge: Knowledge, topic: str) -> tuple[str, ...]:
    found = knowledge.education.get(topic)
    return tuple(found.messages) if found else ()


# --- Outcomes and goals ----------------------------------------------------------------------------------------------


def _latest(measures: Iterable[Measure]) -> dict[tuple[str, str], Measure]:
    return {(m.metric, m.side): m for m in measures}  # oldest first: the last one stays


def _outcomes(version: PlanVersion, latest: Mapping[tuple[str, str], Measure]) -> Iterator[dict[str, Any]]:
    wanted = dict.fromkeys([(path, "") for path in ALWAYS] + [(g.metric, g.side) for g in version.goals.all()])
    for metric, side in wanted:
        baseline, end = baseline_of(version, metric, side), latest.get((metric, side))
        if baseline is None and end is None:
            continue
        yield _outcome(metric, side, baseline, end, version.assessment.assessed_on)


def _outcome(metric: str, side: str, baseline: Any, end: Measure | None, begun: date) -> dict[str, Any]:
    last = end.value if end else None
    change = last - baseline if _is_number(last) and _is_number(baseline) else None
    return {
        "metric": metric,
        "label": finding_label(metric),
        "side": side,
        "baseline": _said(metric, baseline),
        "baseline_on": begun.isoformat(),
        "end": _said(metric, last),
        "end_on": end.day.isoformat() if end else "",
        "change": None if change is None else round(change, 1),
        "meaningful": meaningful(metric, change, baseline if _is_number(baseline) else None),
    }


def meaningful(metric: str, change: float | None, baseline: float | None = None) -> bool | None:
    """True for an improvement that matters; None when it was not measured again or no threshold is known."""
    spec = VOCABULARY.get(metric)
    if change is None or spec is None:
        return None
    if metric in PAIN:
        return -change >= PAIN_POINTS
    if metric == SPASMS_WEEK:
        return None if not baseline else -change >= baseline * SPASMS_SHARE
    if spec.meaningful_change is None:
        return None
    better = -change if spec.worse == "high" else change
    return better >= float(spec.meaningful_change)


def baseline_of(version: PlanVersion, metric: str, side: str) -> Any:
    """The value with which the plan began; None when it was not assessed."""
    row = version.facts["findings"].get(metric)
    readings = row["readings"] if row else []
    return next((r["value"] for r in readings if not side or r["side"] in (side, "")), None)


def _goal(goal: PlanGoal, version: PlanVersion, latest: Mapping[tuple[str, str], Measure]) -> dict[str, Any]:
    end = latest.get((goal.metric, goal.side)) or latest.get((goal.metric, ""))
    text = goal_sentence(goal.metric, goal.op, goal.target, goal.side, goal.by)
    return {"text": text, "met": _met(goal, version, end), "value": _said(goal.metric, end.value) if end else ""}


def _met(goal: PlanGoal, version: PlanVersion, end: Measure | None) -> bool | None:
    if end is None:
        return None
    if not goal.op.startswith("change"):
        return compare(end.value, goal.op, goal.target)
    start = baseline_of(version, goal.metric, goal.side)
    if not (_is_number(end.value) and _is_number(start)):
        return None
    return compare(end.value - start, goal.op.removeprefix("change"), goal.target)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _said(metric: str, value: Any) -> str:
    """A value as it stands in a table: a strength grade without its description."""
    if value is None:
        return ""
    value = round(value, 1) if isinstance(value, float) else value
    text = value_label(metric, value) if metric in VOCABULARY else str(value)
    return text.partition(" - ")[0] if metric.startswith("mmt.") else text


# --- Causes and programme --------------------------------------------------------------------------------------------


def _causes(version: PlanVersion, *, today: date) -> Iterator[dict[str, str]]:
    now = _labels_now(version, today=today)
    for cause in version.causes.all():
        if cause.decision != PlanCause.Decision.REJECTED and cause.state in TREATED:
            yield {"title": cause.title, "was": cause.label, "state": _cause_state(cause, now)}


def _cause_state(cause: PlanCause, now: Mapping[str, str] | None) -> str:
    if now is None:
        return "not_retested"
    label = now.get(cause.key)
    return "corrected" if label is None else "weaker" if label == "possible" else "remaining"


def _labels_now(version: PlanVersion, *, today: date) -> dict[str, str] | None:
    """What the engine makes of the last signed reassessment; None without one."""
    first = version.plan.versions.order_by("number").values_list("assessment_id", flat=True).first()
    last = next(reversed(list(signed_assessments(version.plan))), None)
    if last is None or last.pk == first:
        return None
    facts = facts_for(last, practitioner=version.plan.episode.practitioner, today=today)
    answer = ask_engine(facts, usable_knowledge(), options=Options(), today=today)
    return {cause.key: cause.label for cause in answer.causes}


def running_programme(plan: Plan) -> Any:
    """The prescriptions of this plan that are not over."""
    return (
        Prescription.objects.filter(planned__item__phase__version__plan=plan, ends_on__isnull=True)
        .exclude(state=Prescription.State.STOPPED)
        .select_related("exercise")
        .order_by("position", "id")
    )


def _programme(plan: Plan) -> Iterator[dict[str, str]]:
    for row in running_programme(plan):
        dose = {name: getattr(row, name) for name in DOSE_FIELDS}
        yield {"name": row.exercise.name, "dose": exercise_dose(dose)}
