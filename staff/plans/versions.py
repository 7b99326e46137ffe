"""What changed between two versions of a plan."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from plans.access import version_for
from plans.actions.drafting import usable_knowledge
from plans.contents import compare
from plans.difference import Change, Difference
from plans.models import PlanVersion
from staff.headers import header_for
from staff.plans.views import plan_crumbs

SYMBOLS = {"added": "plus", "removed": "minus", "swapped": "arrows-exchange", "changed": "pencil"}
HEADINGS = {
    "exercise": "At home",
    "technique": "In the clinic",
    "criterion": "Criteria",
    "topic": "To explain",
    "lock": "Phase",
    "order": "Order",
    "cause": "Contributing factors",
    "goal": "Goals",
    "words": "Words for the patient",
    "basis": "What it rests on",
}


@require_safe
def plan_changes(request: HttpRequest, pk: int) -> HttpResponse:
    """One version against another of the same plan (``?against=``), the one before it unless asked."""
    version = version_for(request.user, pk)
    others = list(PlanVersion.objects.filter(plan=version.plan).exclude(pk=pk).order_by("-number"))
    wanted = request.GET.get("against", "")
    other = next((row for row in others if str(row.pk) == wanted), None)
    if wanted and other is None:
        raise Http404("No such version of this plan.")
    other = other or next((row for row in others if row.number < version.number), None)
    shown: Difference | None = None
    if other is not None:
        pair = sorted((version_for(request.user, other.pk), version), key=lambda row: row.number)
        shown = compare(pair[0], pair[1], usable_knowledge())
    context = {
        "version": version,
        "other": other,
        "versions": others,
        "older": min(version.number, other.number) if other else None,
        "newer": max(version.number, other.number) if other else None,
        "difference": shown,
        "phases": [(p.number, _grouped(p.changes)) for p in shown.phases if p.changes] if shown else [],
        "others": _grouped(shown.others) if shown else [],
        "patient": version.plan.episode.patient,
        "header": header_for(request, version.plan.episode.patient),
        "crumbs": plan_crumbs(version, ("Changes", "")),
        "nav": "patient-list",
    }
    return render(request, "staff/plans/changes.html", context)


def _grouped(changes: tuple[Change, ...]) -> list[tuple[str, list[tuple[str, Change]]]]:
    """By what they are about, in the order of the headings, each with its icon."""
    groups: dict[str, list[tuple[str, Change]]] = {}
    for change in changes:
        groups.setdefault(change.item, []).append((SYMBOLS[change.kind], change))
    return [(HEADINGS[item], groups[item]) for item in HEADINGS if item in groups]
