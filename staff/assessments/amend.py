"""Amending a signed assessment: the values that count now, to be corrected, with a reason and a date beside them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from assessments.access import assessment_for
from assessments.amending import Correction
from assessments.changes import ActivityChange, FindingChange, FlagChange, RegionChange
from assessments.models import Amendment, Assessment
from assessments.vocabulary import NAMESPACE_LABELS, RED_FLAGS, VOCABULARY
from clinic.anatomy import region_label
from clinic.errors import DomainError, Invalid, ManyProblems
from plans.actions.lifecycle import amend_assessment
from staff.assessments.amended import AmendmentView, view_of
from staff.assessments.board import Board
from staff.assessments.entries import Entry, Typed, element_id, entry
from staff.assessments.posted import changes_from
from staff.assessments.record import ORDER
from staff.headers import header_for, staff_user

KINDS = (FindingChange, FlagChange, ActivityChange, RegionChange)
EMPTY_LINES = 3


class Kept(Typed):
    """Everything typed comes back, not only what was refused: nothing is saved before the whole amendment is."""

    def again(self, name: str) -> bool:
        return self.data is not None and name in self.data.getlist("group")


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one namespace; ``open`` when one of them was refused."""

    label: str
    entries: list[Entry]
    open: bool


@require_http_methods(["GET", "HEAD", "POST"])
def assessment_amend(request: HttpRequest, pk: int) -> HttpResponse:
    """The form, and its signature. Corrections that change nothing are left out."""
    assessment = assessment_for(request.user, pk, to="treat")
    if assessment.state != Assessment.State.SIGNED:
        messages.error(request, "Only a signed assessment is amended.")
        return redirect("staff:assessment-detail", pk=pk)
    if request.method != "POST":
        return _page(request, assessment, Kept(), [])
    try:
        amend_assessment(
            assessment,
            _corrections(request),
            by=staff_user(request),
            reason=request.POST.get("reason", ""),
            addition=request.POST.get("addition", ""),
            today=timezone.localdate(),
        )
    except DomainError as error:
        problems = list(error.problems) if isinstance(error, ManyProblems) else [error]
        named = {problem.field: problem.message for problem in problems if problem.field}
        return _page(request, assessment, Kept(request.POST, named), problems)
    messages.success(request, "Amendment signed. The original stays on the record beside it.")
    return redirect("staff:assessment-detail", pk=pk)


def _corrections(request: HttpRequest) -> list[Correction]:
    """What the form holds: the fields of the record, and findings that were missing."""
    found: list[Correction] = [change for change in changes_from(request.POST) if isinstance(change, KINDS)]
    for number in range(EMPTY_LINES):
        path, value = request.POST.get(f"new{number}:path", ""), request.POST.get(f"new{number}:value", "")
        if not path and not value:
            continue
        if not path or not value:
            raise Invalid("missing", "Choose the finding and give its value.", field=f"new{number}:path")
        side, mode = request.POST.get(f"new{number}:side", ""), request.POST.get(f"new{number}:mode", "")
        field = VOCABULARY.get(path)
        several = field is not None and field.type in ("multi", "list")
        found.append(FindingChange(path, side, mode, [value] if several else value))
    return found


def _page(request: HttpRequest, assessment: Assessment, typed: Kept, problems: Iterable[DomainError]) -> HttpResponse:
    board = Board(assessment, timezone.localdate(), typed=typed)
    problems = list(problems)
    context: dict[str, Any] = {
        "assessment": assessment,
        "header": header_for(request, assessment.episode.patient),
        "crumbs": [
            {"label": assessment.get_kind_display(), "url": reverse("staff:assessment-detail", args=[assessment.pk])},
            {"label": "Amend", "url": ""},
        ],
        "problems": [{"id": element_id(p.field or "id-reason"), "message": p.message} for p in problems],
        "reason": _posted(typed, "reason"),
        "addition": _posted(typed, "addition"),
        "groups": _groups(board, typed),
        "flags": _flags(board, typed),
        "activities": _activities(board, typed),
        "regions": [(region_label(r.region), r.side, f"r:{r.region}:{r.side}") for r in board.now.regions],
        "new_lines": _new_lines(typed),
        "paths": _paths(),
        "amendments": amendments_of(assessment),
    }
    return render(request, "staff/assessments/amend.html", context, status=422 if problems else 200)


def _posted(typed: Kept, name: str) -> str:
    return typed.data.get(name, "") if typed.data is not None else ""


def _groups(board: Board, typed: Kept) -> list[Group]:
    by_namespace: dict[str, list[Entry]] = {}
    for path, side, mode in sorted(board.chart.values, key=lambda place: (list(VOCABULARY).index(place[0]), place[1])):
        made = entry(board.chart, path, side, mode, typed=typed)
        made.carried, made.help = None, ""
        by_namespace.setdefault(path.partition(".")[0], []).append(made)
    return [
        Group(NAMESPACE_LABELS[name], by_namespace[name], any(e.error for e in by_namespace[name]))
        for name in ORDER
        if name in by_namespace
    ]


def _flags(board: Board, typed: Kept) -> list[dict[str, Any]]:
    answers = {row.flag: str(row.answer) for row in board.now.flags}
    rows = []
    for key, item in RED_FLAGS.items():
        name = f"g:{key}"
        posted = typed.data.get(name) if typed.data is not None and typed.again(name) else None
        answer = posted or answers.get(key, "not_asked")
        rows.append({"name": name, "id": element_id(name), "label": item.label, "answer": answer})
    return rows


def _activities(board: Board, typed: Kept) -> list[dict[str, Any]]:
    rows = []
    for row in board.now.activities:
        name, data = f"a:{row.position}", typed.data
        texts = (row.activity, "" if row.score is None else str(row.score))
        if data is not None and typed.again(name):
            texts = (data.get(f"{name}:activity", ""), data.get(f"{name}:score", ""))
        error = typed.problems.get(name, "")
        rows.append({"name": name, "id": element_id(name), "activity": texts[0], "score": texts[1], "error": error})
    return rows


def _new_lines(typed: Kept) -> list[dict[str, str]]:
    parts = ("path", "side", "mode", "value")
    return [
        {"name": f"new{n}", "id": element_id(f"new{n}:path"), **{p: _posted(typed, f"new{n}:{p}") for p in parts}}
        for n in range(EMPTY_LINES)
    ]


def _paths() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every finding that may be recorded, by namespace."""
    fields = [field for field in VOCABULARY.values() if not field.derived]
    return [(NAMESPACE_LABELS[name], [(f.path, f.label) for f in fields if f.namespace == name]) for name in ORDER]


def amendments_of(assessment: Assessment) -> list[AmendmentView]:
    """The amendments as they are read, the first one first: two queries."""
    rows = Amendment.objects.filter(assessment=assessment).select_related("signed_by").prefetch_related("values")
    return [view_of(row) for row in rows]
