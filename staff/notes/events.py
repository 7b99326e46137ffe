"""Adverse events: record one with a note, review it later."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic.errors import DomainError
from plans.access import event_for, note_for
from plans.actions.adverse import record_adverse_event, review_adverse_event
from plans.models import AdverseEvent, TreatmentNote
from staff.forms import add_problems
from staff.headers import header_for, staff_user


class EventForm(forms.Form):
    """What happened, after what, how bad, what was done."""

    row = forms.ChoiceField(
        label="After which technique", error_messages={"required": "Choose the technique: it is then held."}
    )
    what = forms.CharField(label="What happened", max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    severity = forms.ChoiceField(label="How severe", choices=AdverseEvent.Severity.choices, widget=forms.RadioSelect)
    action = forms.CharField(label="What was done", max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, note: TreatmentNote, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = {str(row.pk): row for row in note.notetechniques.all()}
        choices = [(key, row.technique.name) for key, row in self.rows.items()]
        self.fields["row"].choices = [("", "Choose"), *choices, ("none", "None of these")]  # type: ignore[attr-defined]


class ReviewForm(forms.Form):
    """Why the technique may be used again."""

    reason = forms.CharField(label="What the review found", max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


@require_http_methods(["GET", "HEAD", "POST"])
def event_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Record an adverse event; its technique is held until somebody reviews it."""
    note = note_for(request.user, pk, to="treat")
    form = EventForm(note, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            record_adverse_event(
                note,
                staff_user(request),
                row=form.rows.get(data["row"]),
                what=data["what"],
                severity=data["severity"],
                action=data["action"],
            )
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, "Recorded. The technique is held until it is reviewed.")
            return redirect("staff:note-edit", pk=pk)
    return _form_page(request, note, form, heading="Adverse event", submit="Record it")


@require_http_methods(["GET", "HEAD", "POST"])
def event_review(request: HttpRequest, pk: int) -> HttpResponse:
    """Judge an adverse event and release its technique."""
    event = event_for(request.user, pk)
    note = note_for(request.user, event.note_id, to="treat")
    if event.reviewed_at is not None:
        return redirect("staff:note-detail", pk=note.pk)
    form = ReviewForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            review_adverse_event(
                event, staff_user(request), reason=form.cleaned_data["reason"], today=timezone.localdate()
            )
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, "Reviewed. The technique may be used again.")
            return redirect("staff:note-detail", pk=note.pk)
    return _form_page(request, note, form, heading="Review the adverse event", submit="Close the review", event=event)


def _form_page(
    request: HttpRequest,
    note: TreatmentNote,
    form: forms.Form,
    *,
    heading: str,
    submit: str,
    event: AdverseEvent | None = None,
) -> HttpResponse:
    episode = note.plan.episode
    context = {
        "note": note,
        "form": form,
        "event": event,
        "heading": heading,
        "submit": submit,
        "header": header_for(request, episode.patient),
        "crumbs": [
            {"label": episode.complaint, "url": reverse("staff:episode-detail", args=[episode.pk])},
            {"label": "Visit note", "url": reverse("staff:note-detail", args=[note.pk])},
            {"label": heading, "url": ""},
        ],
        "nav": "patient-list",
    }
    return render(request, "staff/notes/event.html", context, status=422 if form.errors else 200)
