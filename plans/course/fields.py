"""How a metric of a criterion is named, asked and checked. Pure: the vocabulary's words and limits, no database."""

from __future__ import annotations

from dataclasses import dataclass

from assessments.scoring import rompct
from assessments.vocabulary import VOCABULARY, ValueProblem, VocabularyField, check_value, value_label
from plans.engine.facts import FindingValue
from plans.engine.gate import ADHERENCE, EPISODES
from plans.wording import OPERATORS, figure, finding_label, lowered

# What only a person can see at the visit: key of check.<what> -> the words beside the tick.
CHECKS = {
    "check.basic_function": "Walks 10 min, sits 20 min and changes position with pain of 4 or less (what applies)",
    "check.neuro_unchanged": "Neurological screen unchanged or better",
    "check.flags_clear": "Short red-flag list asked today: nothing that blocks, nothing new",
    "check.shows_exercises": "Shows the home exercises correctly",
    "check.reduced_load": "Usual work or sport at reduced load: pain of 2 or less, settled by the next day",
    "check.flare_plan": "Explains the written flare plan back",
    # For a criterion whose plan names nothing to measure (see running.criterion_of).
    "check.p2_strength": "Target muscles 4+ or better, pain on testing 2 or less, sides within 10 %",
    "check.p2_endurance": "Target endurance at least 80 % of the norm, or no longer flagged",
    "check.p2_control": "Movement fault absent in 5 of 5 repetitions",
    "check.p2_habits": "The habit behind it has changed: breaks, fluids, warm-up, lifting or load",
    "check.new_red_flag": "New red flag",
    "check.new_neuro_sign": "New neurological sign",
}
# Asked at every review, whatever the criteria: they stop the plan (phases reference, section 4).
ALWAYS = ("check.new_red_flag", "check.new_neuro_sign")
EPISODES_MAX = 99
RANGE = "rompct."


@dataclass(frozen=True, slots=True)
class MetricField:
    """One metric as a form asks for it. kind: number, choice or yesno; unit and limits are those of what is typed
    (degrees for a range, whose metric is per cent of the norm)."""

    metric: str
    label: str
    kind: str
    unit: str = ""
    sided: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    help: str = ""


def field_for(metric: str) -> MetricField | None:
    """How the metric is asked; None when it is computed (adherence) or unknown."""
    if metric in CHECKS:
        return MetricField(metric, CHECKS[metric], "yesno")
    if metric == EPISODES:
        return MetricField(metric, "Spasm or cramp episodes in the last 2 weeks", "number", help=f"0 to {EPISODES_MAX}")
    typed = _typed(metric)
    if metric == ADHERENCE or typed is None:
        return None
    return MetricField(
        metric, metric_label(metric), _kind(typed), _unit(typed), typed.sided, _choices(typed), typed.test
    )


def _typed(metric: str) -> VocabularyField | None:
    """The vocabulary's field of what is typed: degrees for a percentage of range."""
    return VOCABULARY.get(f"rom.{metric.removeprefix(RANGE)}" if metric.startswith(RANGE) else metric)


def _kind(field: VocabularyField) -> str:
    if field.type == "bool":
        return "yesno"
    return "choice" if field.choices and field.type in ("enum", "grade") else "number"


def _unit(field: VocabularyField) -> str:
    return {"deg": "°"}.get(field.unit, field.unit)


def _choices(field: VocabularyField) -> tuple[tuple[str, str], ...]:
    return tuple((str(choice.value), choice.label) for choice in field.choices)


def checked(metric: str, raw: object, *, age: int) -> FindingValue:
    """The typed value of what was entered. Raises ValueProblem (with the field's limits) when it cannot be."""
    if metric in CHECKS:
        return _yes_no(metric, raw)
    if metric == EPISODES:
        return _episodes(raw)
    if field_for(metric) is None:
        raise ValueProblem(metric, f"“{metric}” is not measured here.")
    if metric.startswith(RANGE):
        movement = metric.removeprefix(RANGE)
        degrees = check_value(f"rom.{movement}", raw)
        share = rompct(movement, float(degrees), age) if isinstance(degrees, (int, float)) else None
        if share is None:
            raise ValueProblem(metric, "This range has no norm to compare with.")
        return round(share, 1)
    return check_value(metric, raw)


def _yes_no(metric: str, raw: object) -> bool:
    if raw in (True, "yes", "true"):
        return True
    if raw in (False, "no", "false"):
        return False
    raise ValueProblem(metric, f"{CHECKS[metric]}: answer yes or no.")


def _episodes(raw: object) -> int:
    try:
        number = int(str(raw).strip())
    except ValueError:
        raise ValueProblem(EPISODES, "Episodes must be a whole number.") from None
    if not 0 <= number <= EPISODES_MAX:
        raise ValueProblem(EPISODES, f"Episodes must be between 0 and {EPISODES_MAX}.")
    return number


# --- Words ----------------------------------------------------------------------------------------------------------


def metric_label(metric: str) -> str:
    """Name of a metric for people: "Lumbar flexion, % of norm", "Strength of gluteus maximus"."""
    if metric in CHECKS:
        return CHECKS[metric]
    if metric == EPISODES:
        return "Spasm or cramp episodes in 2 weeks"
    if metric == ADHERENCE:
        return "Home programme done, last 14 days"
    if metric.startswith(RANGE):
        typed = _typed(metric)
        return metric if typed is None else f"{typed.label.partition(',')[0]}, range"
    return finding_label(metric)


def shown_value(metric: str, value: object) -> str:
    """A value as people read it, with its unit."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if metric.startswith(RANGE) or metric == ADHERENCE:
        return f"{float(value):.0f} %" if isinstance(value, (int, float)) else str(value)
    if metric == EPISODES:
        return figure(value)
    if metric in ("pain.nprs_worst_24h", "func.psfs_avg"):
        return f"{figure(value)} of 10"
    if metric == "func.groc" and isinstance(value, (int, float)):
        return f"{value:+g} of 7"
    return value_label(metric, value).partition(" - ")[0]


def shown_target(metric: str, target: str) -> str:
    """ "at least 4+", "at most 4 of 10", "low or moderate", "yes" from ``op operand``."""
    op, _, operand = target.partition(" ")
    if op == "in":
        return " or ".join(lowered(shown_value(metric, part.strip())) for part in operand.split(","))
    if operand.lower() in ("true", "false"):
        return "yes" if operand.lower() == "true" else "no"
    try:
        value: object = float(operand)
    except ValueError:
        value = operand
    return f"{OPERATORS.get(op, op)} {shown_value(metric, value)}".strip()
