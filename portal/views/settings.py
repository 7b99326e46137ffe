"""Settings: language and clock, reminders, log-out."""

from __future__ import annotations

from copy import copy

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinic.actions import update_patient
from clinic.errors import DomainError
from portal.forms import PersonalForm
from portal.pages import Visitor, page, portal_page, speaking_to
from portal.problems import attach


@require_http_methods(["GET", "POST"])
@portal_page
def settings(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Language and time zone; each other section of the page posts to its own address."""
    form = PersonalForm(request.POST or None, instance=copy(visitor.patient))
    if request.method == "POST" and form.is_valid() and _saved(visitor, form):
        with speaking_to(visitor.patient):
            messages.success(request, _("Saved."))
        return redirect("portal:settings")
    return page(request, visitor, "portal/settings.html", {"form": form}, status=422 if form.errors else 200)


def _saved(visitor: Visitor, form: PersonalForm) -> bool:
    """Store language and clock; a refusal is shown at its field."""
    try:
        update_patient(visitor.patient, form.cleaned_data, today=visitor.today)
    except DomainError as error:
        attach(form, error)
        return False
    return True
