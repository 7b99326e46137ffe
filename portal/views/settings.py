"""Settings: reminders, language and clock, log-out. Each section of the page posts to its own address."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinic.actions import update_patient
from clinic.errors import DomainError
from clinic.locality import speaking_to
from clinic.models import Consent
from portal.forms import PersonalForm
from portal.pages import Visitor, page, portal_page
from portal.problems import attach
from portal.reminder_forms import PauseForm, ReminderForm, reminder_initial
from reminders.actions import change_settings, pause_messages, resume_messages
from reminders.facts import fluids_barred
from reminders.readers import settings_for


@require_http_methods(["GET", "POST"])
@portal_page
def settings(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The page; a POST changes language and time zone."""
    form = PersonalForm(request.POST or None, instance=copy(visitor.patient))
    if request.method == "POST" and form.is_valid() and _saved(visitor, form):
        with speaking_to(visitor.patient):
            messages.success(request, _("Saved."))
        return redirect("portal:settings")
    return _page(request, visitor, form=form)


@require_POST
@portal_page
def reminders(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Change which messages come, by which way, and when."""
    form = ReminderForm(request.POST, with_fluids=not fluids_barred([visitor.patient.pk]))
    if form.is_valid() and _reminders_saved(visitor, form):
        messages.success(request, _("Saved."))
        return redirect("portal:settings")
    return _page(request, visitor, reminder_form=form)


@require_POST
@portal_page
def pause(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Pause messages from one day to another, or resume them."""
    if "resume" in request.POST:
        resume_messages(visitor.patient)
        messages.success(request, _("You get messages again."))
        return redirect("portal:settings")
    form = PauseForm(request.POST)
    if form.is_valid():
        try:
            first, last = form.cleaned_data["paused_from"], form.cleaned_data["paused_until"]
            pause_messages(visitor.patient, first, last, today=visitor.today)
        except DomainError as error:
            attach(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("portal:settings")
    return _page(request, visitor, pause_form=form)


def _page(request: HttpRequest, visitor: Visitor, **forms: Any) -> HttpResponse:
    stored = settings_for(visitor.patient)
    consents = Consent.objects.filter(patient=visitor.patient, kind=Consent.Kind.MESSAGES, withdrawn_on__isnull=True)
    with_fluids = not fluids_barred([visitor.patient.pk])
    context = {
        "form": PersonalForm(instance=visitor.patient),
        "reminder_form": ReminderForm(initial=reminder_initial(stored), with_fluids=with_fluids),
        "pause_form": PauseForm(initial={"paused_from": visitor.today}),
        "may_be_written": consents.exists(),
        "stored": stored,
        "pause_ahead": stored.pause_ahead(visitor.today),
        "is_paused": stored.is_paused(visitor.today),
        **forms,
    }
    failed = any(form.is_bound and form.errors for form in forms.values())
    return page(request, visitor, "portal/settings.html", context, status=422 if failed else 200)


def _saved(visitor: Visitor, form: PersonalForm) -> bool:
    """Store language and clock; a refusal is shown at its field."""
    try:
        update_patient(visitor.patient, form.cleaned_data, today=visitor.today)
    except DomainError as error:
        attach(form, error)
        return False
    return True


def _reminders_saved(visitor: Visitor, form: ReminderForm) -> bool:
    """Store everything or nothing; switched off, the times stay as they were."""
    try:
        change_settings(visitor.patient, form.choices(), by=visitor.user, now=visitor.now)
    except DomainError as error:
        attach(form, error)
        return False
    return True
