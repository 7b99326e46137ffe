"""A personal log-in link to hand out: shown once, as an address and as a code to point a telephone at."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from clinic.access import patient_for
from clinic.errors import DomainError
from clinic.links import INVITATION, make_link
from plans.documents.typeset import qr_svg
from staff.headers import header_for, staff_user


@never_cache
@require_POST
def login_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the link and show it, this once; a new one may be made at any time."""
    patient = patient_for(request.user, pk, to="edit")
    now = timezone.now()
    if patient.user is None:
        messages.error(request, "This patient has no log-in yet: add an e-mail address first.")
        return redirect("staff:patient-detail", pk=pk)
    try:
        token = make_link(patient.user, now=now, by=staff_user(request))
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("staff:patient-detail", pk=pk)
    link = request.build_absolute_uri(reverse("link-enter", args=[token]))
    context = {
        "patient": patient,
        "header": header_for(request, patient),
        "link": link,
        "code": qr_svg(link),
        "until": now + INVITATION,
        "crumbs": [
            {"label": patient.display_name, "url": reverse("staff:patient-detail", args=[pk])},
            {"label": "Personal link", "url": ""},
        ],
        "nav": "patient-list",
    }
    return render(request, "staff/patients/link.html", context)
