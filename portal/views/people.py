"""Whom I look after, and who looks after me."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinic.access import require
from clinic.audit import note_seen
from clinic.errors import DomainError
from clinic.locality import patient_today, speaking_to
from clinic.models import Clinic, Patient, Proxy, User
from clinic.permissions import Permission
from clinic.proxies import end, grant, last_day, live_proxies
from portal.forms import ProxyForm
from portal.problems import attach


@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """Everybody whose portal this log-in may open; a patient of age also says here who looks after them."""
    user, own = _who(request)
    if own is None:
        return _page(request, user, None, None)
    with speaking_to(own):
        form = ProxyForm(request.POST if request.method == "POST" else None, latest=last_day(own, patient_today(own)))
        if request.method == "POST" and form.is_valid() and _granted(user, own, form):
            messages.success(request, _("Saved. This person logs in with their own e-mail address."))
            return redirect("portal:people")
        return _page(request, user, own, form)


@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """End a right: one's own to somebody's record, or somebody's to one's own."""
    user, own = _who(request)
    found = Proxy.objects.select_related("patient").filter(pk=pk).first()
    if found is None or (found.user_id != user.pk and (own is None or found.patient_id != own.pk)):
        raise Http404("No such right.")
    note_seen([found.patient_id])
    end(found, user, now=timezone.now())
    return redirect("portal:people")


def _who(request: HttpRequest) -> tuple[User, Patient | None]:
    require(request.user, Permission.OWN_RECORD)
    user = cast(User, request.user)
    return user, Patient.objects.filter(user=user).first()


def _granted(user: User, own: Patient, form: ProxyForm) -> bool:
    try:
        grant(own, user, consent_by=own.display_name, today=patient_today(own), **form.cleaned_data)
    except DomainError as error:
        attach(form, error)
        return False
    return True


def _page(request: HttpRequest, user: User, own: Patient | None, form: ProxyForm | None) -> HttpResponse:
    looked_after = live_proxies(user)
    open_rows = Proxy.objects.filter(patient=own, revoked_at__isnull=True).select_related("user") if own else []
    note_seen([row.patient_id for row in looked_after] + ([own.pk] if own else []))
    clinic = Clinic.objects.first()
    context = {
        "looked_after": looked_after,
        "proxies": [row for row in open_rows if own and row.is_live(patient_today(own))],
        "own": own,
        "form": form,
        "clinic": clinic,
        "clinic_name": clinic.name if clinic else "",
    }
    response = render(request, "portal/people.html", context, status=422 if form and form.errors else 200)
    response["Content-Language"] = get_language() or settings.LANGUAGE_CODE
    return response
