"""What is held now, and what was, for pages and for whoever treats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, QuerySet

from plans.models import ItemHold, Override, OverrideRefusal, Plan

_ITEM = ("technique_item__technique", "technique_item__phase", "exercise_item__exercise", "exercise_item__phase")


def holds_of(plan: Plan, *, released: int = 10) -> list[ItemHold]:
    """The open holds of a plan, then the last that were released; one query."""
    rows = ItemHold.objects.filter(plan=plan).select_related(*_ITEM, "released_by", "opened_by")
    found = list(rows.order_by("released_at", "pk"))  # open ones have no release time: the database sorts them last
    ended = [hold for hold in found if hold.released_at is not None]
    return [*(hold for hold in found if hold.released_at is None), *reversed(ended[-released:])]


@dataclass(frozen=True, slots=True)
class Held:
    """Items of one plan that nobody does now, by primary key."""

    exercises: frozenset[int] = frozenset()
    techniques: frozenset[int] = frozenset()


def held_items(plan_id: int) -> Held:
    """What is held now; one query."""
    rows = ItemHold.objects.filter(plan=plan_id, released_at__isnull=True)
    pairs = list(rows.values_list("exercise_item_id", "technique_item_id"))
    return Held(
        frozenset(exercise for exercise, _ in pairs if exercise),
        frozenset(technique for _, technique in pairs if technique),
    )


# --- Counted for those who watch over the rules ----------------------------------------------------------------------


def overrides_since(since: datetime) -> QuerySet[Override]:
    """Overrides of drafts and signed versions, newest first."""
    rows = Override.objects.filter(at__gte=since).select_related("by__user", "patient", "version")
    return rows.order_by("-at", "-pk")


def releases_since(since: datetime) -> QuerySet[ItemHold]:
    """Held items that were released with an override, newest first."""
    rows = ItemHold.objects.filter(release=ItemHold.Release.OVERRIDE, released_at__gte=since)
    return rows.select_related("released_by", "plan__episode__patient").order_by("-released_at", "-pk")


def refusals_since(since: datetime) -> QuerySet[OverrideRefusal]:
    """Refused overrides, newest first."""
    rows = OverrideRefusal.objects.filter(at__gte=since).select_related("by", "patient")
    return rows.order_by("-at", "-pk")


def counts_per_rule(since: datetime) -> list[dict[str, object]]:
    """Per rule: overrides, releases with override, refused attempts, people, the last time; the most first."""
    found: dict[str, dict[str, object]] = {}
    total: dict[str, int] = {}
    sources = (
        ("overrides", overrides_since(since), "at", "by"),
        ("releases", releases_since(since), "released_at", "released_by"),
        ("refused", refusals_since(since), "at", "by"),
    )
    for name, rows, when, who in sources:
        grouped = (
            rows.order_by().values("rule").annotate(n=Count("pk"), last=Max(when), people=Count(who, distinct=True))
        )
        for row in grouped:
            entry = found.setdefault(row["rule"], {"rule": row["rule"], "overrides": 0, "releases": 0, "refused": 0})
            entry[name] = row["n"]
            entry["people"] = max(int(str(entry.get("people", 0))), row["people"])
            entry["last"] = max(filter(None, (entry.get("last"), row["last"])))
            total[row["rule"]] = total.get(row["rule"], 0) + row["n"]
    return sorted(found.values(), key=lambda entry: (-total[str(entry["rule"])], str(entry["rule"])))
