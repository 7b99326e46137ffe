"""Open plans that use rows of the knowledge: who is touched by a change, and how."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q

from clinic.models import User
from plans.governance.differences import RowChange
from plans.models import Plan, PlanCause, PlanEducation, PlanExercise, PlanTechnique, PlanVersion

OPEN_PLANS = (Plan.State.DRAFT, Plan.State.ACTIVE)
OPEN_VERSIONS = (PlanVersion.State.DRAFT, PlanVersion.State.SIGNED)
Use = tuple[int, str]  # id of the version, what it uses


@dataclass(frozen=True, slots=True)
class AffectedPlan:
    """A version of an open plan and every way in which it uses what changes."""

    version: PlanVersion
    uses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Affected:
    """The plans that the reader may see, how many more there are, and each use with its number of plans."""

    plans: tuple[AffectedPlan, ...]
    hidden: int
    by_use: tuple[tuple[str, int], ...] = ()


def affected_plans(changes: Iterable[RowChange], user: User) -> Affected:
    """Drafts and signed versions of open plans that use a changed row; at most seven queries."""
    uses = _collect(changes)
    versions = PlanVersion.objects.filter(pk__in=uses, plan__in=Plan.objects.visible_to(user))
    shown = versions.select_related("plan__episode__patient").order_by("plan_id", "pk")
    found = tuple(AffectedPlan(version, tuple(uses[version.pk])) for version in shown.defer("draft", "facts"))
    by_use = Counter(use for texts in uses.values() for use in texts)
    return Affected(found, len(uses) - len(found), tuple(by_use.most_common()))


def signed_uses(changes: Iterable[RowChange]) -> list[tuple[PlanVersion, list[str]]]:
    """Signed versions in force that use a changed row, whoever treats the patient: for telling the right people."""
    uses = _collect(changes)
    versions = PlanVersion.objects.filter(pk__in=uses, state=PlanVersion.State.SIGNED)
    rows = versions.select_related("plan__episode__patient").defer("draft", "facts")
    return [(version, uses[version.pk]) for version in rows]


def _collect(changes: Iterable[RowChange]) -> dict[int, list[str]]:
    by_place: dict[str, dict[str, RowChange]] = defaultdict(dict)
    for change in changes:
        by_place[change.where][change.key] = change
    uses: dict[int, list[str]] = defaultdict(list)
    for version_id, text in _uses(by_place):
        if text not in uses[version_id]:
            uses[version_id].append(text)
    return uses


def _uses(changes: dict[str, dict[str, RowChange]]) -> Iterator[Use]:
    yield from _techniques(changes["techniques.techniques"])
    yield from _exercises(changes["exercises.exercises"])
    yield from _topics(changes["education.topics"])
    yield from _causes(changes["root_causes.root_causes"])
    yield from _restrictions(changes["techniques.region_restrictions"])
    yield from _facts("conditions", changes["conditions.conditions"])
    yield from _facts("flags", changes["red_flags.red_flags"])
    yield from _phases(changes["phases.phases"])


def _how(change: RowChange) -> str:
    if change.action != "changed":
        return change.action
    fields = list(dict.fromkeys(field.label for field in change.fields))
    return f"{', '.join(fields[:3])}{' and more' if len(fields) > 3 else ''} changed"


def _open(prefix: str) -> Q:
    return Q(**{f"{prefix}state__in": OPEN_VERSIONS, f"{prefix}plan__state__in": OPEN_PLANS})


def _techniques(changes: dict[str, RowChange]) -> Iterator[Use]:
    rows = PlanTechnique.objects.filter(_open("phase__version__"), technique__key__in=changes, is_alternative=False)
    for version, key, phase in rows.values_list("phase__version_id", "technique__key", "phase__number"):
        yield version, f"Technique {changes[key].name} in phase {phase}: {_how(changes[key])}"


def _exercises(changes: dict[str, RowChange]) -> Iterator[Use]:
    rows = PlanExercise.objects.filter(_open("phase__version__"), exercise__key__in=changes)
    for version, key, phase in rows.values_list("phase__version_id", "exercise__key", "phase__number"):
        yield version, f"Exercise {changes[key].name} in phase {phase}: {_how(changes[key])}"


def _topics(changes: dict[str, RowChange]) -> Iterator[Use]:
    rows = PlanEducation.objects.filter(_open("phase__version__"), topic__key__in=changes)
    for version, key in rows.values_list("phase__version_id", "topic__key"):
        yield version, f"Education {changes[key].name}: {_how(changes[key])}"


def _causes(changes: dict[str, RowChange]) -> Iterator[Use]:
    rows = PlanCause.objects.filter(_open("version__"), key__in=changes).exclude(decision=PlanCause.Decision.REJECTED)
    for version, key in rows.values_list("version_id", "key"):
        yield version, f"Contributing factor {changes[key].name}: {_how(changes[key])}"


def _restrictions(changes: dict[str, RowChange]) -> Iterator[Use]:
    for change in changes.values():
        entries = [entry for entry in (change.before, change.after) if entry is not None]
        techniques = {key for entry in entries for key in entry["techniques"]}
        regions = {key for entry in entries for key in entry["regions"]}
        rows = PlanTechnique.objects.filter(
            _open("phase__version__"), technique__key__in=techniques, region__in=[*regions, ""], is_alternative=False
        )
        for version, name in rows.values_list("phase__version_id", "technique__name"):
            yield version, f"{name} at a restricted region ({change.name}): {_how(change)}"


def _facts(part: str, changes: dict[str, RowChange]) -> Iterator[Use]:
    """Conditions and red flags that hold for the patient, as the version's own snapshot has them."""
    for change in changes.values():
        rows = PlanVersion.objects.filter(_open(""), **{f"facts__{part}__{change.key}__state": "true"})
        for version in rows.values_list("pk", flat=True):
            yield version, f"The patient has {change.name}: {_how(change)}"


def _phases(changes: dict[str, RowChange]) -> Iterator[Use]:
    rows = PlanVersion.objects.filter(_open(""), phases__number__in=[int(key) for key in changes])
    for version, number in rows.values_list("pk", "phases__number").distinct():
        change = changes[str(number)]
        yield version, f"Phase {number}, {change.name}: {_how(change)}"
