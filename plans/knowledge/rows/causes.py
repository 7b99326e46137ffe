"""Root causes with evidence and goals, and phases with criteria, as rows."""

from __future__ import annotations

from django.db import models

from plans.knowledge import schema
from plans.knowledge.rows.codec import Codec, Fragment, replace_children
from plans.models import PhaseCriterion, PhaseRule, RootCause, RootCauseEvidence, RootCauseGoal

_TEST = ("finding", "op", "value", "weight")
_PHASES = ("phase1", "phase2", "phase3")
_FIGURES = (
    "home_items", "rpe", "passive_share_pct", "duration_days", "review_after_days", "visits_per_week", "visits_cap",
    "visit_minutes",
)  # fmt: skip


class RootCauseCodec(Codec):
    document, list_name, schema = "root_causes", "root_causes", schema.RootCause
    columns = (
        "key", "label", "category", "explanation", "patient_text", "regions", "plan_effect", "blocked_by_flags",
        "education",
    )  # fmt: skip

    def queryset(self) -> models.QuerySet[RootCause]:
        return RootCause.objects.prefetch_related("evidence", "goals")

    def fragment(self, row: RootCause) -> Fragment:
        lists = {
            name: {phase: getattr(row, f"{name}_{phase}") for phase in _PHASES} for name in ("techniques", "exercises")
        }
        goals = [{name: getattr(goal, name) for name in ("metric", "op", "target", "by")} for goal in row.goals.all()]
        now = row.referral_tests if row.referral_now == RootCause.ReferralNow.ANY_OF else row.referral_now
        referral = {"level": row.referral_level, "now": now, "rule": row.referral_rule}
        return self.read_columns(row) | lists | {"evidence": _evidence(row), "goals": goals, "referral": referral}

    def write(self, row: RootCause | None, fragment: Fragment, *, order: int, shipped_hash: str) -> RootCause:
        row = row or RootCause()
        for name, value in self.values(fragment).items():
            setattr(row, name, value)
        for name in ("techniques", "exercises"):
            for phase in _PHASES:
                setattr(row, f"{name}_{phase}", fragment[name][phase])
        for name, value in fragment["evidence"]["thresholds"].items():
            setattr(row, name, value)
        _set_referral(row, fragment["referral"])
        row.order, row.shipped_hash = order, shipped_hash
        row.save()
        replace_children(_evidence_rows(row, fragment["evidence"]), row.evidence)
        goals = [RootCauseGoal(cause=row, order=number, **goal) for number, goal in enumerate(fragment["goals"])]
        replace_children(goals, row.goals)
        return row


def _set_referral(row: RootCause, referral: Fragment) -> None:
    tests = referral["now"] if isinstance(referral["now"], list) else []
    row.referral_level, row.referral_rule, row.referral_tests = referral["level"], referral["rule"], tests
    row.referral_now = RootCause.ReferralNow.ANY_OF if tests else referral["now"]


def _evidence(row: RootCause) -> Fragment:
    groups: dict[int, list[Fragment]] = {}
    others: dict[str, list[Fragment]] = {"supporting": [], "against": []}
    for item in row.evidence.all():
        entry = {name: getattr(item, name) for name in _TEST}
        if item.kind == RootCauseEvidence.Kind.REQUIRED:
            groups.setdefault(item.group, []).append(entry)
        else:
            others[item.kind].append(entry)
    thresholds = {"possible": row.possible, "probable": row.probable, "strong": row.strong}
    return {"required": [{"any_of": groups[number]} for number in sorted(groups)], **others, "thresholds": thresholds}


def _evidence_rows(row: RootCause, evidence: Fragment) -> list[RootCauseEvidence]:
    kinds = RootCauseEvidence.Kind
    found = [
        (kinds.REQUIRED, number, item)
        for number, group in enumerate(evidence["required"], start=1)
        for item in group["any_of"]
    ]
    found += [(kinds.SUPPORTING, 0, item) for item in evidence["supporting"]]
    found += [(kinds.AGAINST, 0, item) for item in evidence["against"]]
    return [
        RootCauseEvidence(cause=row, kind=kind, group=group, order=order, **item)
        for order, (kind, group, item) in enumerate(found)
    ]


class PhaseCodec(Codec):
    document, list_name, schema = "phases", "phases", schema.PhaseRules
    key_field = "number"
    columns = (
        "number", "name", "aim", "emphasis", "usual_duration", "visits", "visit_length", "passive_share", "home",
        "exercise_ceiling", "home_minutes",
    )  # fmt: skip
    criterion_columns = (
        "key", "label", "text", "kind", "cause_categories", "when_goal", "waivable", "measures", "basis", "verify",
    )  # fmt: skip

    def queryset(self) -> models.QuerySet[PhaseRule]:
        return PhaseRule.objects.prefetch_related("criteria")

    def fragment(self, row: PhaseRule) -> Fragment:
        criteria = [{name: getattr(c, name) for name in self.criterion_columns} for c in row.criteria.all()]
        return self.read_columns(row) | dict(row.figures) | {"exit": criteria}

    def write(self, row: PhaseRule | None, fragment: Fragment, *, order: int, shipped_hash: str) -> PhaseRule:
        row = row or PhaseRule()
        for name, value in self.values(fragment).items():
            setattr(row, name, value)
        row.figures = {name: fragment[name] for name in _FIGURES}
        row.order, row.shipped_hash = order, shipped_hash
        row.save()
        criteria = [PhaseCriterion(phase=row, order=number, **entry) for number, entry in enumerate(fragment["exit"])]
        replace_children(criteria, row.criteria)
        return row
