"""From checked documents to the frozen values of the engine. No problem can be found here any more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from assessments.vocabulary import VOCABULARY, Rule, VocabularyField
from clinic import anatomy
from plans.engine import knowledge as engine
from plans.knowledge import schema
from plans.knowledge.crosscheck import PHASES, Parsed
from plans.knowledge.stricter import stricter_lists


def build(parsed: Parsed, revision: str) -> engine.Knowledge:
    """The knowledge of these documents under this revision."""
    return engine.Knowledge(
        revision=revision,
        anatomy=build_anatomy(),
        findings={path: _finding(field) for path, field in VOCABULARY.items()},
        conditions={row.key: _condition(row) for row in parsed.conditions.conditions},
        red_flags={row.key: _red_flag(row) for row in parsed.red_flags.red_flags},
        techniques={row.key: _technique(row, parsed.techniques) for row in parsed.techniques.techniques},
        exercises={row.key: _exercise(row, parsed) for row in parsed.exercises.exercises},
        exercise_rules=_exercise_rules(parsed.exercises.meta),
        root_causes={row.key: _root_cause(row) for row in parsed.root_causes.root_causes},
        phases={row.number: _phase(row) for row in parsed.phases.phases},
        education={row.key: _topic(row) for row in parsed.education.topics},
    )


def build_anatomy() -> engine.Anatomy:
    return engine.Anatomy(
        regions=dict(anatomy.REGIONS),
        muscle_regions={muscle.key: muscle.region for muscle in anatomy.MUSCLES.values()},
        muscle_labels={muscle.key: muscle.label for muscle in anatomy.MUSCLES.values()},
        limb_chains=dict(anatomy.LIMB_CHAINS),
        rompct_prefix_regions=dict(anatomy.RANGE_PREFIXES),
    )


def _finding(field: VocabularyField) -> engine.FindingSpec:
    low, high = field.valid if field.valid is not None else (None, None)
    return engine.FindingSpec(
        path=field.path,
        label=field.label,
        value_type=field.type,
        unit=field.unit,
        choices=tuple(str(choice.value) for choice in field.choices),
        minimum=low,
        maximum=high,
        region=field.region,
        muscle=field.muscle,
        sided=field.sided,
        norm=field.norm,
        worse=field.worse or ("low" if field.namespace == "mmt" else None),
        pass_rule=_threshold(field.pass_rule),
        short_rule=_threshold(field.short_rule),
        short_side_difference=field.short_side_difference,
        flag_rules=tuple(t for rule in field.flag_rules if (t := _threshold(rule)) is not None),
        flag_side_difference_pct=field.flag_side_difference_pct,
        codes=field.codes,
    )


def _threshold(rule: Rule | None) -> engine.Threshold | None:
    if rule is None or isinstance(rule.value, tuple):
        return None
    age_min, age_max = rule.age or (None, None)
    return engine.Threshold(cast(engine.Operator, rule.op), float(rule.value), age_min, age_max, rule.sex)


def _expression(test: schema.TestOrWord) -> engine.Expression:
    if not isinstance(test, schema.Test):
        return engine.Expression("", test)
    if test.op == "is":
        return engine.Expression(test.finding, cast(engine.Operator, test.value))
    return engine.Expression(test.finding, test.op, _operand(test.value))


def _operand(value: object) -> engine.Value:
    return tuple(value) if isinstance(value, list) else cast(engine.Value, value)


def _condition(row: schema.Condition) -> engine.ConditionRule:
    return engine.ConditionRule(
        key=row.key,
        label=row.label,
        kind=row.kind,
        ask=row.ask,
        avoid_load_tags=tuple(row.avoid_load_tags),
        caution_load_tags=tuple(row.caution_load_tags),
        tag_scope=row.tag_scope,
        technique_effects=tuple(_effect(effect) for effect in row.technique_effects),
        note=row.note,
    )


def _effect(row: schema.TechniqueEffect) -> engine.TechniqueEffect:
    return engine.TechniqueEffect(
        techniques=tuple(row.techniques),
        level=row.level,
        scope=row.scope,
        override=row.override,
        reason=row.reason,
        source=row.source,
        regions=tuple(row.regions),
        modification=row.modification,
    )


def _red_flag(row: schema.RedFlag) -> engine.RedFlag:
    return engine.RedFlag(
        key=row.key,
        region=row.region,
        question=row.question,
        suspected=row.suspected,
        disposition=row.disposition,
        action=row.action,
        scope=row.scope,
        remove_techniques=tuple(row.remove_techniques),
        remove_load_tags=tuple(row.remove_load_tags),
        limits=row.limits,
        basis=row.basis,
    )


def _technique(row: schema.Technique, document: schema.TechniquesDocument) -> engine.Technique:
    return engine.Technique(
        key=row.key,
        category=row.category,
        name=row.name,
        phases=tuple(row.phases),
        aim=row.aim,
        consent=row.consent,
        credentials=tuple(row.credentials),
        dose=tuple(_dose(dose) for dose in row.dosage),
        indications=tuple(_expression(test) for test in row.indications),
        gate=tuple(_expression(test) for test in row.gate),
        equipment=tuple(row.equipment),
        effects=row.effects or "",
        aftercare=row.aftercare or "",
        evidence_note=row.evidence,
        extra_rule=row.extra_rule or "",
        restrictions=_restrictions(row.key, document.region_restrictions),
    )


def _dose(row: schema.DoseParameter) -> engine.DoseParameter:
    return engine.DoseParameter(row.parameter, row.unit, row.default, row.min, row.max, row.note)


def _restrictions(key: str, rows: Sequence[schema.RegionRestriction]) -> tuple[engine.RegionRestriction, ...]:
    return tuple(
        engine.RegionRestriction(
            region=region,
            level=row.level,
            reason=row.reason,
            source=row.source,
            override=row.override,
            credential=row.credential,
        )
        for row in rows
        if key in row.techniques
        for region in row.regions
    )


def _exercise(row: schema.Exercise, parsed: Parsed) -> engine.Exercise:
    lists = stricter_lists(row, parsed.conditions.conditions)
    return engine.Exercise(
        key=row.key,
        name=row.name,
        kind=row.kind,
        technique=row.technique,
        region=row.region,
        target_muscles=tuple(row.target_muscles),
        position=row.position,
        equipment=tuple(row.equipment),
        setting=tuple(row.setting),
        phases=tuple(row.phases),
        dosage={phase: _dosage(dose) for phase in PHASES if (dose := row.dosage.of(phase)) is not None},
        progression=row.progression,
        regression=row.regression,
        load_tags=tuple(row.load_tags),
        contraindications=lists.contraindications,
        contraindications_at_region=lists.contraindications_at_region,
        precautions=lists.precautions,
        cues=tuple(row.cues),
        common_error=row.common_error,
        stop_if=row.stop_if,
    )


def _dosage(row: schema.Dosage) -> engine.Dosage:
    return engine.Dosage(
        sets=row.sets,
        reps=row.reps,
        per_day=row.per_day,
        days_per_week=row.days_per_week,
        rpe=row.rpe,
        rest_s=row.rest_s,
        hold_s=row.hold_s,
        duration_min=row.duration_min,
    )


def _exercise_rules(meta: schema.ExercisesMeta) -> engine.ExerciseRules:
    return engine.ExerciseRules(
        equipment_everyday=tuple(meta.equipment_everyday),
        lower_limb_positions=tuple(meta.weight_bearing.lower_limb_positions),
        lower_limb_extra=tuple(meta.weight_bearing.lower_limb_extra),
        upper_limb=tuple(meta.weight_bearing.upper_limb),
        allowed_ranges=dict(meta.allowed_ranges),
        global_rules=tuple(meta.global_rules),
    )


def _items(rows: Sequence[schema.EvidenceItem]) -> tuple[engine.EvidenceItem, ...]:
    return tuple(
        engine.EvidenceItem(row.finding, cast(engine.Operator, row.op), _operand(row.value), row.weight) for row in rows
    )


def _root_cause(row: schema.RootCause) -> engine.RootCause:
    levels = row.evidence.thresholds
    return engine.RootCause(
        key=row.key,
        label=row.label,
        category=row.category,
        explanation=row.explanation,
        patient_text=row.patient_text,
        regions=tuple(row.regions),
        plan_effect=row.plan_effect,
        blocked_by_flags=tuple(row.blocked_by_flags),
        required=tuple(_items(group.any_of) for group in row.evidence.required),
        supporting=_items(row.evidence.supporting),
        against=_items(row.evidence.against),
        thresholds=engine.Thresholds(levels.possible, levels.probable, levels.strong),
        techniques={phase: tuple(row.techniques.of(phase)) for phase in PHASES},
        exercises={phase: tuple(row.exercises.of(phase)) for phase in PHASES},
        education=tuple(row.education),
        goals=tuple(engine.Goal(goal.metric, goal.op, goal.target, goal.by) for goal in row.goals),
        referral=_referral(row.referral),
    )


def _referral(row: schema.Referral) -> engine.Referral:
    if isinstance(row.now, list):
        return engine.Referral(row.level, "any_of", row.rule, tuple(_expression(test) for test in row.now))
    return engine.Referral(row.level, row.now, row.rule)


def _phase(row: schema.PhaseRules) -> engine.PhaseRules:
    return engine.PhaseRules(
        number=row.number,
        name=row.name,
        aim=row.aim,
        emphasis=row.emphasis,
        usual_duration=row.usual_duration,
        visits=row.visits,
        visit_length=row.visit_length,
        exit=tuple(_criterion(criterion) for criterion in row.exit),
        home_items_max=row.exercise_ceiling,
        home_minutes_max=row.home_minutes,
        rpe=row.rpe,
    )


def _criterion(row: schema.Criterion) -> engine.Criterion:
    return engine.Criterion(
        key=row.key,
        text=row.text,
        kind=row.kind,
        basis=row.basis,
        waivable=row.waivable,
        label=row.label,
        measures=tuple(row.measures),
        cause_categories=tuple(row.cause_categories),
    )


def _topic(row: schema.EducationTopic) -> engine.EducationTopic:
    return engine.EducationTopic(
        key=row.key,
        title=row.title,
        attach_when=row.attach_when,
        messages=tuple(row.messages),
        safety=row.safety,
        phases=tuple(row.phases),
    )
