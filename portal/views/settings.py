"""Settings: reminders, language and clock, log-out. Each section of the page posts to its own address."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinic.actions import update_patient
from clinic.errors import DomainError
from clinic.locality import speaking_to
from clinic.models import Consent
from portal.forms import PersonalForm, ReminderForm
from portal.pages import Visitor, page, portal_page
from portal.problems import attach
from reminders.actions import set_contact_rules, set_preference
from reminders.models import Kind
from reminders.readers import ReminderSettings, settings_for


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
    """Change which messages come, and when."""
    form = ReminderForm(request.POST)
    if form.is_valid() and _reminders_saved(visitor, form):
        messages.success(request, _("Saved."))
        return redirect("portal:settings")
    return _page(request, visitor, reminder_form=form)


def _page(request: HttpRequest, visitor: Visitor, **forms: Any) -> HttpResponse:
    stored = settings_for(visitor.patient)
    consents = Consent.objects.filter(patient=visitor.patient, kind=Consent.Kind.MESSAGES, withdrawn_on__isnull=True)
    context = {
        "form": PersonalForm(instance=visitor.patient),
        "reminder_form": ReminderForm(initial=_initial(stored)),
        "may_be_written": consents.exists(),
        **forms,
    }
    failed = any(form.is_bound and form.errors for form in forms.values())
    return page(request, visitor, "portal/settings.html", context, status=422 if failed else 200)


def _initial(stored: ReminderSettings) -> dict[str, Any]:
    """The stored choice as the form shows it: the days that have a time, and the first two times of the week."""
    exercises = stored.kinds[Kind.EXERCISES]
    times = sorted({at for of_day in exercises.times.values() for at in of_day})
    return {
        "exercises": exercises.enabled,
        "days": [str(day) for day in exercises.times],
        "times": times[0] if times else None,
        "second": times[1] if len(times) > 1 else None,
        "visits": stored.kinds[Kind.APPOINTMENT].enabled,
        "quiet_from": stored.quiet_from,
        "quiet_until": stored.quiet_until,
    }


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
    patient, by, data = visitor.patient, visitor.user, form.cleaned_data
    cap = settings_for(patient).daily_cap
    try:
        with transaction.atomic():
            set_contact_rules(patient, data["quiet_from"], quiet_until=data["quiet_until"], daily_cap=cap, by=by)
            for kind, wanted, times in (
                (Kind.EXERCISES, data["exercises"], form.chosen_times() if data["exercises"] else None),
                (Kind.APPOINTMENT, data["visits"], None),
            ):
                set_preference(patient, kind, enabled=wanted, times=times, by=by, now=visitor.now)
    except DomainError as error:
        attach(form, error)
        return False
    return True
