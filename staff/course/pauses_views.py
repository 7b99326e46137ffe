"""Pauses of a patient's home programme, entered or ended by staff on the progress page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from clinic.access import episode_for
from clinic.errors import DomainError
from exercises.models import HomePause
from exercises.pauses import add_pause, end_pause
from staff.course.progress_views import progress_page
from staff.forms import add_problems
from staff.headers import staff_user


class PauseForm(forms.Form):
    """Days on which the patient does no exercises."""

    starts_on = forms.DateField(label="First day", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    ends_on = forms.DateField(label="Last day", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    reason = forms.ChoiceField(label="Reason", choices=HomePause.Reason.choices)
    note = forms.CharField(label="Note", required=False, max_length=200)


@require_POST
def home_pause_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter a pause; a refusal shows the page again with everything typed."""
    episode = episode_for(request.user, pk, to="treat")
    form = PauseForm(request.POST)
    if form.is_valid():
        values: dict[str, Any] = form.cleaned_data
        try:
            add_pause(episode.patient, by=staff_user(request), now=timezone.now(), **values)
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, "The pause is noted.")
            return redirect("staff:episode-progress", pk=episode.pk)
    return progress_page(request, episode, pause_form=form, status=422)


@require_POST
def home_pause_end(request: HttpRequest, pk: int, pause_pk: int) -> HttpResponse:
    """End a pause today."""
    episode = episode_for(request.user, pk, to="treat")
    pause = HomePause.objects.filter(patient=episode.patient_id, pk=pause_pk).select_related("patient").first()
    if pause is None:
        raise Http404("No such pause.")
    try:
        end_pause(pause, by=staff_user(request), now=timezone.now())
    except DomainError as error:
        messages.warning(request, error.message)
    else:
        messages.success(request, "The exercises go on today.")
    return redirect("staff:episode-progress", pk=episode.pk)
