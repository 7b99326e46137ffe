"""Treatment notes: one page for a visit, saved as one types, signed and then read only."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.access import episode_for
from clinic.actions import first_message
from clinic.anatomy import REGION_CHOICES, SIDE_CHOICES
from clinic.errors import Conflict, DomainError, ManyProblems
from clinic.permissions import Permission, may
from plans.access import note_for
from plans.actions.drafting import usable_knowledge
from plans.actions.notes import (
    SavedNote,
    add_addendum,
    add_note_technique,
    drop_note,
    note_questions,
    save_note,
    sign_note,
    start_note,
)
from plans.models import Plan, TreatmentNote
from plans.visits.limits import PASSIVE
from plans.visits.questions import question
from staff.headers import header_for, staff_user
from staff.notes.page import (
    NOT_DONE,
    RESPONSES,
    Typed,
    build_page,
    carried_names,
    exercise_line,
    measure_lines,
    question_views,
    standing_of,
    technique_lines,
)


def _crumbs(note: TreatmentNote, label: str) -> list[dict[str, str]]:
    episode = note.plan.episode
    return [
        {"label": episode.patient.display_name, "url": reverse("staff:patient-detail", args=[episode.patient_id])},
        {"label": episode.complaint, "url": reverse("staff:episode-detail", args=[episode.pk])},
        {"label": label, "url": ""},
    ]


def _shared(request: HttpRequest, note: TreatmentNote, label: str) -> dict[str, Any]:
    patient = note.plan.episode.patient
    return {
        "note": note,
        "patient": patient,
        "header": header_for(request, patient),
        "crumbs": _crumbs(note, label),
        "nav": "patient-list",
        "may_treat": may(request.user, Permission.CLINICAL_EDIT),
        "mine": note.author_id == request.user.pk,
    }


@require_POST
def note_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin today's note of the running plan, or go on with the draft."""
    episode = episode_for(request.user, pk, to="treat")
    plan = Plan.objects.filter(episode=episode).order_by("-created_at").first()
    try:
        if plan is None:
            raise Conflict("no_plan", "Draft and sign a plan first; then visits can be recorded.")
        note = start_note(plan, staff_user(request), today=timezone.localdate())
    except DomainError as error:
        messages.error(request, first_message(error))
        return redirect("staff:episode-detail", pk=pk)
    return redirect("staff:note-edit", pk=note.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def note_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The open note. A plain POST saves it, for browsers without scripts."""
    note = note_for(request.user, pk, to="treat")
    if note.state != TreatmentNote.State.DRAFT or note.author_id != request.user.pk:
        return redirect("staff:note-detail", pk=pk)
    if request.method != "POST":
        return _page(request, note)
    try:
        saved = _save(request, note)
    except Conflict as error:
        messages.error(request, f"{error.message} Send this page again to put yours in its place.")
        return _page(request, note_for(request.user, pk, to="treat"), typed=_typed(request), status=409)
    if saved.problems:
        fresh = note_for(request.user, pk, to="treat")
        return _page(request, fresh, typed=_typed(request, saved), status=422)
    messages.success(request, "Saved.")
    return redirect("staff:note-edit", pk=pk)


def _typed(request: HttpRequest, saved: SavedNote | None = None) -> Typed:
    return Typed(dict(request.POST.lists()), saved.problems if saved else {})


def _revision(request: HttpRequest) -> int:
    text = request.POST.get("revision", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _save(request: HttpRequest, note: TreatmentNote) -> SavedNote:
    fields: dict[str, list[str]] = {name: [str(v) for v in values] for name, values in request.POST.lists()}
    if "deny_rest" in fields:
        for name in request.POST.getlist("questions"):
            if fields.get(name, ["not_asked"])[-1] == "not_asked":
                fields[name] = ["no"]
    return save_note(note, staff_user(request), revision=_revision(request), fields=fields, today=timezone.localdate())


def _page(
    request: HttpRequest,
    note: TreatmentNote,
    *,
    typed: Typed | None = None,
    refused: tuple[DomainError, ...] = (),
    status: int = 200,
) -> HttpResponse:
    today, questions = timezone.localdate(), note_questions(note)
    page = build_page(note, questions, today=today, typed=typed)
    context = {
        **_shared(request, note, "Visit note"),
        "page": page,
        "raised": page.raised,
        "standing": standing_of(note, staff_user(request), questions, today=today),
        "refused": refused,
        "today": today,
        "not_done_reasons": NOT_DONE,
        "responses": RESPONSES,
        "region_choices": REGION_CHOICES,
        "side_choices": SIDE_CHOICES,
        "technique_choices": _technique_choices(),
    }
    return render(request, "staff/notes/edit.html", context, status=status)


def _technique_choices() -> list[tuple[str, str]]:
    kinds = (*PASSIVE, "support")
    return [(t.key, t.name) for t in usable_knowledge().techniques.values() if t.category in kinds]


@require_POST
def note_save(request: HttpRequest, pk: int) -> HttpResponse:
    """Autosave: the fields in; what is still carried, what was raised and what stands in the way out, as JSON."""
    note = note_for(request.user, pk, to="treat", fetch="head")
    try:
        saved = _save(request, note)
    except Conflict as error:
        revision = TreatmentNote.objects.filter(pk=pk).values_list("revision", flat=True).first()
        return JsonResponse({"code": error.code, "message": error.message, "revision": revision}, status=409)
    except DomainError as error:
        return JsonResponse({"code": error.code, "message": first_message(error)}, status=400)
    return JsonResponse(_answer(request, saved), status=422 if saved.problems else 200)


def _answer(request: HttpRequest, saved: SavedNote) -> dict[str, Any]:
    standing = standing_of(saved.note, staff_user(request), saved.questions, today=timezone.localdate())
    raised = [view for view in question_views(saved.note, saved.questions) if view.answer == "yes"]
    return {
        "revision": saved.revision,
        "errors": {name: [message] for name, message in saved.problems.items()},
        "carried": carried_names(saved.note),
        "standing": render_to_string("staff/notes/_standing.html", {"standing": standing}, request),
        "raised": render_to_string("staff/notes/_raised.html", {"raised": raised}, request),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def note_sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Save what is on the page, then sign and lock; what stands in the way comes back with the page."""
    note = note_for(request.user, pk, to="treat")
    if request.method != "POST":
        return redirect("staff:note-edit", pk=pk)
    try:
        saved = _save(request, note)
        if saved.problems:
            return _page(request, note_for(request.user, pk, to="treat"), typed=_typed(request, saved), status=422)
        confirmed = request.POST.get("confirm_carried") == "1"
        sign_note(note, staff_user(request), today=timezone.localdate(), confirm_carried=confirmed)
    except ManyProblems as error:
        fresh = note_for(request.user, pk, to="treat")
        return _page(request, fresh, typed=_typed(request), refused=error.problems, status=409)
    except Conflict as error:
        messages.error(request, f"{error.message} Send this page again to put yours in its place.")
        return _page(request, note_for(request.user, pk, to="treat"), typed=_typed(request), status=409)
    except DomainError as error:
        messages.error(request, first_message(error))
        return redirect("staff:note-edit", pk=pk)
    messages.success(request, "Signed and locked.")
    return redirect("staff:note-detail", pk=pk)


@require_POST
def note_technique(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a technique that the plan does not hold."""
    note = note_for(request.user, pk, to="treat")
    data = request.POST
    try:
        row = add_note_technique(
            note,
            staff_user(request),
            key=data.get("key", ""),
            region=data.get("region", ""),
            side=data.get("side", ""),
            today=timezone.localdate(),
        )
    except DomainError as error:
        messages.error(request, first_message(error))
        return redirect(f"{reverse('staff:note-edit', args=[pk])}#techniques")
    return redirect(f"{reverse('staff:note-edit', args=[pk])}#row-t-{row.pk}")


@require_POST
def note_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw an open draft away."""
    note = note_for(request.user, pk, to="treat")
    episode = note.plan.episode_id
    try:
        drop_note(note, staff_user(request))
    except DomainError as error:
        messages.error(request, first_message(error))
        return redirect("staff:note-detail", pk=pk)
    messages.success(request, "The draft is gone.")
    return redirect("staff:episode-detail", pk=episode)


# --- Read only -------------------------------------------------------------------------------------------------------


@require_safe
def note_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The note, read-only and printable."""
    return _detail(request, note_for(request.user, pk))


def _detail(request: HttpRequest, note: TreatmentNote, *, status: int = 200, **extra: Any) -> HttpResponse:
    context = {
        **_shared(request, note, f"Visit note, {_day(note.visit_on)}"),
        "techniques": technique_lines(note),
        "exercises": [(row, exercise_line(row)) for row in note.noteexercises.all()],
        "measures": measure_lines(note),
        "raised": [question(row.flag) for row in note.flags.all() if row.answer == "yes"],
        "answered": sum(row.answer == "no" for row in note.flags.all()),
        **extra,
    }
    return render(request, "staff/notes/detail.html", context, status=status)


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


@require_POST
def note_addendum(request: HttpRequest, pk: int) -> HttpResponse:
    """Add to a signed note."""
    note = note_for(request.user, pk, to="treat")
    text = request.POST.get("text", "")
    try:
        add_addendum(note, staff_user(request), text=text, today=timezone.localdate())
    except DomainError as error:
        return _detail(request, note, status=422, addendum_text=text, addendum_problem=first_message(error))
    messages.success(request, "Added, with your name and the time.")
    return redirect("staff:note-detail", pk=pk)
