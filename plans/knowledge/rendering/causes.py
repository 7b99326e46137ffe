"""Contributing factors with evidence and weights, phases with criteria and ceilings, education."""

from __future__ import annotations

from collections.abc import Iterator

from plans.knowledge import schema
from plans.knowledge.crosscheck import Parsed
from plans.knowledge.rendering.words import VERIFY, table, test_says, words

EFFECT = {
    "treat": "full plan",
    "limit": "limited, co-managed",
    "block_region": "blocks the region until the referral is answered",
    "block": "no treatment plan",
}


def factors(parsed: Parsed) -> Iterator[str]:
    """Each factor: evidence with weights, thresholds, what the plan then holds."""
    yield "## Contributing factors"
    yield ""
    yield "Of each required group one must be true; the weights of all true items are added up. What was not assessed"
    yield "counts nothing. Weights and thresholds are expert-consensus start values:" + VERIFY + "."
    for cause in parsed.root_causes.root_causes:
        yield ""
        yield f"### {cause.label}"
        yield ""
        levels = cause.evidence.thresholds
        yield f"`{cause.key}`, {cause.category.replace('_', ' ')}; {EFFECT[cause.plan_effect]}. " + (
            f"Possible from {levels.possible:g}, probable {levels.probable:g}, strong {levels.strong:g}. "
            f"{cause.explanation}"
        )
        yield ""
        yield from _evidence(cause.evidence)
        yield from _treatment(cause)


def _evidence(evidence: schema.Evidence) -> Iterator[str]:
    for number, group in enumerate(evidence.required, start=1):
        yield f"- required {number}: {_items(group.any_of, ' or ')}"
    if evidence.supporting:
        yield f"- for: {_items(evidence.supporting, '; ')}"
    if evidence.against:
        yield f"- against: {_items(evidence.against, '; ')}"


def _items(items: list[schema.EvidenceItem], between: str) -> str:
    return between.join(f"{test_says(item)} ({item.weight:+g})" for item in items)


def _treatment(cause: schema.RootCause) -> Iterator[str]:
    for phase in (1, 2, 3):
        found = [*cause.techniques.of(phase), *cause.exercises.of(phase)]
        if found:
            yield f"- phase {phase}: {words(found)}"
    for goal in cause.goals:
        yield f"- goal by {goal.by.replace('_', ' ')}: {goal.metric} {goal.op} {goal.target}"
    if cause.referral.level != "none" or cause.referral.rule:
        yield f"- referral ({cause.referral.level}): {cause.referral.rule}"


def phases(parsed: Parsed) -> Iterator[str]:
    """Ceilings and criteria of the three phases."""
    yield "## Phases"
    for phase in parsed.phases.phases:
        yield ""
        yield f"### Phase {phase.number}: {phase.name}"
        yield ""
        yield f"{phase.aim[0].upper()}{phase.aim[1:]}."
        yield ""
        yield from table(
            ("exercises at most", "minutes a day", "effort (RPE)", "usual duration", "visits", "passive share"),
            [
                (
                    phase.exercise_ceiling,
                    phase.home_minutes,
                    f"{phase.rpe[0]}-{phase.rpe[1]}",
                    phase.usual_duration,
                    phase.visits,
                    phase.passive_share,
                )
            ],
        )
        yield ""
        yield from table(("criterion", "kind", "met when", "only for", "basis"), map(_criterion, phase.exit))


def _criterion(row: schema.Criterion) -> tuple[object, ...]:
    kind = row.kind + ("" if row.waivable else ", never waived")
    only = words(row.cause_categories) + (" when it is a goal" if row.when_goal else "")
    return f"{row.label} (`{row.key}`){VERIFY if row.verify else ''}", kind, row.text, only, row.basis


def topics(parsed: Parsed) -> Iterator[str]:
    """Education: what is attached when."""
    yield "## Education"
    yield ""
    rows = ((f"{t.title} (`{t.key}`)", t.attach_when, words(t.phases), t.safety) for t in parsed.education.topics)
    yield from table(("topic", "attached when", "phases", "safety"), rows)
