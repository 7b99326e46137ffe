"""The assessment page: one page with a section rail, saved as one types."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments.access import assessment_for
from assessments.actions import deny_flags, sign, start_assessment
from assessments.answering import told_by
from assessments.changes import Change, ConditionChange, Overtaken, Saved
from assessments.chart import Chart, figures_of
from assessments.cosigning import may_cosign, student_behind
from assessments.models import Assessment
from assessments.readout import reading, row_reading, summarise
from assessments.vocabulary import ACTION_LABELS, DISPOSITIONS, RED_FLAGS, VOCABULARY
from clinic.access import episode_for
from clinic.actions import first_message, record_consent
from clinic.anatomy import REGION_CHOICES, SIDE_CHOICES
from clinic.errors import Conflict, DomainError, ManyProblems
from clinic.models import Answer
from clinic.permissions import Permission, may
from plans.actions import Preview, preview_causes
from plans.actions.facts import clear_flag, save_changes
from plans.actions.holds import facts_may_change
from plans.actions.lifecycle import submit_for_cosignature
from staff.assessments.amend import amendments_of
from staff.assessments.board import Board
from staff.assessments.entries import Typed, element_id
from staff.assessments.posted import base_revision, changes_from
from staff.assessments.rail import rail
from staff.assessments.record import record_of
from staff.assessments.sections import BY_KEY, SECTIONS, Section
from staff.assessments.sections.review import may_sign
from staff.headers import header_for, staff_user

FIRST = SECTIONS[0].key
_PATH = re.compile(r"\b[a-z]+\.[a-z0-9_]+")
_FLAG = re.compile(r"\bred flag ([a-z0-9_]+)")


def _section(key: str) -> Section:
    section = BY_KEY.get(key)
    if section is None:
        raise Http404("No such section.")
    return section


def _board(request: HttpRequest, pk: int, *, typed: Typed | None = None) -> Board:
    """The board of a draft for one who may write it: counts only, the sections fetch their rows."""
    assessment = assessment_for(request.user, pk, to="treat", fetch="counts")
    show_all = request.GET.get("all") == "1"
    return Board(assessment, timezone.localdate(), show_all=show_all, typed=typed or Typed())


def _page(request: HttpRequest, board: Board, section: Section, *, status: int = 200) -> HttpResponse:
    assessment = board.assessment
    url = reverse("staff:assessment-edit", args=[assessment.pk])
    patient = assessment.episode.patient
    context: dict[str, Any] = {
        "assessment": assessment,
        "header": header_for(request, patient),
        "crumbs": [
            {"label": patient.display_name, "url": reverse("staff:patient-detail", args=[patient.pk])},
            {
                "label": assessment.episode.complaint,
                "url": reverse("staff:episode-detail", args=[assessment.episode_id]),
            },
            {"label": assessment.get_kind_display(), "url": ""},
        ],
        "sections": rail(board, section.key, url),
        "all_sections": SECTIONS,
        "region_choices": REGION_CHOICES,
        "side_choices": SIDE_CHOICES,
        "url": url,
        "draft_key": _draft_key(staff_user(request).pk, assessment.pk),
        "problems": [{"id": element_id(name), "message": message} for name, message in board.typed.problems.items()],
        **_section_context(request, board, section),
    }
    return render(request, "staff/assessments/edit.html", context, status=status)


def _draft_key(user_id: int, assessment_id: int) -> str:
    """The key under which this user's browser keeps what is not saved yet: 256 bits, base64."""
    digest = salted_hmac("assessments.drafts", f"{user_id}:{assessment_id}", algorithm="sha256").digest()
    return b64encode(digest).decode()


def _section_context(request: HttpRequest, board: Board, section: Section) -> dict[str, Any]:
    position = SECTIONS.index(section)
    return {
        "section": section,
        "next": SECTIONS[position + 1] if position + 1 < len(SECTIONS) else None,
        "assessment": board.assessment,
        "show_all": board.show_all,
        "may_sign": section.key == "review" and may_sign(request.user, board),
        "is_student": section.key == "review" and student_behind(staff_user(request)) is not None,
        **section.build(board),
    }


@require_POST
def assessment_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Start an assessment, or go on with the one in progress. A reassessment begins with the last findings."""
    episode = episode_for(request.user, pk, to="treat")
    copy = request.POST.get("start") != "blank"
    try:
        assessment = start_assessment(episode, staff_user(request), today=timezone.localdate(), copy_forward=copy)
    except Conflict as error:
        draft = episode.assessments.filter(state=Assessment.State.DRAFT).first()
        if error.code != "draft_exists" or draft is None:
            messages.error(request, error.message)
            return redirect("staff:episode-detail", pk=pk)
        assessment = draft
    return redirect("staff:assessment-edit", pk=assessment.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def assessment_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The page. A plain POST saves the section that is open, for browsers without scripts."""
    section = _section(request.GET.get("section", FIRST))
    board = _board(request, pk)
    if board.assessment.state != Assessment.State.DRAFT:
        return redirect("staff:assessment-detail", pk=pk)
    if request.method != "POST":
        return _page(request, board, section)
    try:
        saved = _save(request, board.assessment, changes_from(request.POST))
    except DomainError as error:
        messages.error(request, first_message(error))
        return _page(request, board, section, status=422)
    if not saved.problems and not saved.conflicts:
        messages.success(request, f"{section.label} saved.")
        following = request.POST.get("then") or section.key
        return redirect(f"{request.path}?section={following if following in BY_KEY else section.key}")
    typed = Typed(
        request.POST,
        {problem.name: problem.message for problem in saved.problems},
        {conflict.name: _overtaken(conflict) for conflict in saved.conflicts},
    )
    return _page(request, _board(request, pk, typed=typed), section, status=422)


def _save(request: HttpRequest, assessment: Assessment, changes: list[Change]) -> Saved:
    """Save what was posted. “All asked and denied” denies the open questions that were on the screen."""
    revision = base_revision(request.POST)
    user, today = staff_user(request), timezone.localdate()
    if "deny_conditions" in request.POST:
        changes = [_denied(change) for change in changes]
    if "deny_all" in request.POST:
        listed = [name.removeprefix("g:") for name in request.POST.getlist("group") if name.startswith("g:")]
        saved = save_changes(assessment, changes, by=user, revision=revision, today=today)
        return (
            saved if saved.problems else deny_flags(assessment, listed, by=user, revision=saved.revision, today=today)
        )
    return save_changes(assessment, changes, by=user, revision=revision, today=today)


def _overtaken(conflict: Overtaken) -> str:
    return f"Changed elsewhere to “{conflict.theirs}”. Yours is not saved; enter it again to replace it."


def _denied(change: Change) -> Change:
    """A condition question that was on the screen and open becomes a no."""
    if isinstance(change, ConditionChange) and change.answer == Answer.NOT_ASKED:
        return ConditionChange(change.condition, Answer.NO, seen=change.seen)
    return change


@require_POST
def assessment_save(request: HttpRequest, pk: int) -> HttpResponse:
    """Autosave: the changed fields in, their readouts out as JSON. Refused fields are named, the others are kept."""
    assessment = assessment_for(request.user, pk, to="treat", fetch="head")
    try:
        changes = changes_from(request.POST)
        saved = _save(request, assessment, changes)
    except Conflict as error:
        return JsonResponse({"code": error.code, "message": error.message}, status=409)
    except DomainError as error:
        return JsonResponse({"code": error.code, "message": first_message(error)}, status=400)
    return JsonResponse(_answer(assessment, saved, changes))


def _answer(assessment: Assessment, saved: Saved, changes: list[Change]) -> dict[str, Any]:
    touched = [name for name in saved.written if name.startswith("f:")]
    chart = figures_of(assessment, today=timezone.localdate(), findings=saved.findings)
    return {
        "revision": saved.revision,
        "saved_at": timezone.localtime().strftime("%H:%M"),
        "written": saved.written,
        "problems": [{"name": p.name, "code": p.code, "message": p.message} for p in saved.problems],
        "conflicts": [
            {"name": c.name, "mark": c.mark, "message": f"Changed elsewhere to “{c.theirs}”. Yours is not saved yet."}
            for c in saved.conflicts
        ],
        "marks": {change.name: told_by(change) for change in changes if isinstance(change, ConditionChange)},
        "elsewhere": saved.elsewhere,
        **(_readouts(chart, touched) if touched else {}),
    }


def _readouts(chart: Chart, names: list[str]) -> dict[str, dict[str, str]]:
    """The small print under the touched figures, both sides of their rows, as the page draws it."""
    cells: dict[str, str] = {}
    rows: dict[str, str] = {}
    for path in dict.fromkeys(name.split(":")[1] for name in names):
        for where, side, mode in chart.places(path) or [(path, "", "")]:
            html = render_to_string("staff/assessments/_reading.html", {"reading": reading(chart, where, side, mode)})
            cells[f"f:{where}:{side}:{mode}"] = html
        rows[path] = render_to_string("staff/assessments/_row_reading.html", {"reading": row_reading(chart, path)})
    for name in names:
        cells.setdefault(name, "")
    return {"cells": cells, "rows": rows}


@require_safe
def assessment_section(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """One section as a fragment, for the page that is open."""
    section = _section(key)
    board = _board(request, pk)
    return render(request, "staff/assessments/_section.html", _section_context(request, board, section))


@require_safe
def assessment_summary(request: HttpRequest, pk: int) -> HttpResponse:
    """The column that grows: red flags, emerging causes, what is found, what is missing. With fresh rail marks."""
    assessment = assessment_for(request.user, pk, to="treat", fetch="counts")
    board = Board(assessment, timezone.localdate())
    url = reverse("staff:assessment-edit", args=[pk])
    preview = _preview(assessment)
    context = {
        "assessment": assessment,
        "summary": summarise(board.chart, board.sheet),
        "preview": preview,
        "flags": _raised(board, preview),
        "contradictions": [_in_words(text) for text in preview.contradictions] if preview else [],
        "unasked": len(board.sheet.flags_open) + len(board.sheet.conditions_open),
        "carried": len(board.chart.carried) + board.chart.carried_rows,
        "sections": rail(board, request.GET.get("section", FIRST), url),
        "url": url,
    }
    return render(request, "staff/assessments/_summary.html", context)


def _preview(assessment: Assessment) -> Preview | None:
    """What the engine makes of it so far; nothing when it cannot tell yet (no knowledge, too little)."""
    try:
        return preview_causes(assessment, today=timezone.localdate())
    except DomainError:
        return None


def _in_words(text: str) -> str:
    """The engine names fields and flags by their keys; a person reads their labels."""
    text = _PATH.sub(lambda found: VOCABULARY[found[0]].label if found[0] in VOCABULARY else found[0], text)
    return _FLAG.sub(lambda found: f"“{RED_FLAGS[found[1]].label}”" if found[1] in RED_FLAGS else found[0], text)


def _raised(board: Board, preview: Preview | None) -> list[dict[str, str]]:
    """Every true red flag, answered or following from findings, with what it asks for."""
    found = {flag.key: flag.contradiction for flag in preview.flags if flag.state == "true"} if preview else {}
    keys = dict.fromkeys((*board.sheet.flags_yes, *found))
    return [
        {
            "label": RED_FLAGS[key].label,
            "text": f"{DISPOSITIONS[RED_FLAGS[key].disposition].label}. {ACTION_LABELS[RED_FLAGS[key].action]}."
            + (" Follows from a finding although the answer was no." if found.get(key) else ""),
        }
        for key in keys
        if key in RED_FLAGS
    ]


def _draft_url(assessment: Assessment) -> str:
    """Where a plan is drafted from this assessment; empty while the planning pages are not installed."""
    try:
        return reverse("staff:plan-draft-new", args=[assessment.pk])
    except NoReverseMatch:
        return ""


@require_http_methods(["GET", "HEAD", "POST"])
def assessment_sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign and lock. Open questions come back with the page, to be confirmed one by one. GET leads to the review."""
    assessment = assessment_for(request.user, pk, to="treat", fetch="head")
    if request.method != "POST":
        return redirect(f"{reverse('staff:assessment-edit', args=[pk])}?section=review")
    user = staff_user(request)
    is_student = student_behind(user) is not None
    act = submit_for_cosignature if is_student else sign
    try:
        with facts_may_change(assessment.episode.patient, by=user, today=timezone.localdate()):
            act(assessment, by=user, today=timezone.localdate(), confirmed=request.POST.getlist("confirmed"))
    except ManyProblems as error:
        for problem in error.problems:
            messages.error(request, problem.message)
        return redirect(f"{reverse('staff:assessment-edit', args=[pk])}?section=review")
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(f"{reverse('staff:assessment-edit', args=[pk])}?section=review")
    done = "Signed as a student. It waits for your supervisor's co-signature."
    messages.success(request, done if is_student else "Assessment signed.")
    return redirect("staff:assessment-detail", pk=pk)


@require_POST
def assessment_consent(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a consent on file that the patient, or for a child the guardian, signs during the assessment, today."""
    assessment = assessment_for(request.user, pk, to="treat", fetch="head")
    patient, today = assessment.episode.patient, timezone.localdate()
    minor = patient.is_minor(today)
    try:
        with facts_may_change(patient, by=staff_user(request), today=today):
            record_consent(
                patient,
                kind=request.POST.get("kind", ""),
                signed_on=today,
                signed_by=patient.guardian_name if minor else patient.display_name,
                by=staff_user(request),
                today=today,
                by_guardian=minor,
            )
    except DomainError as error:
        messages.error(request, first_message(error))
    return redirect(f"{reverse('staff:assessment-edit', args=[pk])}?section=conditions")


@require_POST
def assessment_flag_clear(request: HttpRequest, pk: int) -> HttpResponse:
    """Clear a red flag with reason and source; it stays on the record."""
    assessment = assessment_for(request.user, pk, to="treat", fetch="head")
    try:
        clear_flag(
            assessment,
            request.POST.get("flag", ""),
            by=staff_user(request),
            reason=request.POST.get("reason", ""),
            source=request.POST.get("source", ""),
            today=timezone.localdate(),
        )
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Red flag cleared. It stays on the record and is asked again at the next visit.")
    if assessment.state == Assessment.State.SIGNED:
        return redirect("staff:assessment-detail", pk=pk)
    return redirect(f"{reverse('staff:assessment-edit', args=[pk])}?section=flags")


@require_safe
def assessment_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The record, read-only and printable: signed, or as far as the draft is."""
    assessment = assessment_for(request.user, pk, to="clinical")
    board = Board(assessment, timezone.localdate())
    context = {
        "assessment": assessment,
        "header": header_for(request, assessment.episode.patient),
        "record": record_of(board),
        "draft_url": _draft_url(assessment),
        "summary": summarise(board.chart, board.sheet),
        "may_treat": may(request.user, Permission.CLINICAL_EDIT),
        "may_cosign": assessment.state == Assessment.State.COSIGN
        and may_cosign(assessment, staff_user(request), board.today),
        "amendments": amendments_of(assessment) if assessment.state == Assessment.State.SIGNED else [],
        "crumbs": [
            {
                "label": assessment.episode.complaint,
                "url": reverse("staff:episode-detail", args=[assessment.episode_id]),
            },
            {"label": assessment.get_kind_display(), "url": ""},
        ],
    }
    return render(request, "staff/assessments/detail.html", context)
