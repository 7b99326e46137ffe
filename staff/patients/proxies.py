"""Carers and parents of a patient: who has access to the portal, given and ended by staff."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from clinic.access import patient_for
from clinic.errors import DomainError
from clinic.locality import patient_today
from clinic.models import Proxy
from clinic.proxies import end, grant, last_day
from staff.forms import add_problems
from staff.headers import header_for, staff_user


class GrantForm(forms.Form):
    """The consent is recorded with it."""

    name = forms.CharField(max_length=120)
    email = forms.EmailField(label="E-mail", max_length=254)
    relation = forms.ChoiceField(choices=Proxy.Relation.choices, widget=forms.RadioSelect)
    scopes = forms.MultipleChoiceField(label="May do", choices=Proxy.Scope.choices, widget=forms.CheckboxSelectMultiple)
    expires_on = forms.DateField(label="Until", widget=forms.DateInput(attrs={"type": "date"}))
    consent_by = forms.CharField(label="Who agreed", max_length=120, help_text="The patient, or parent or guardian.")


@require_http_methods(["GET", "HEAD", "POST"])
def proxies(request: HttpRequest, pk: int) -> HttpResponse:
    """Everybody who has or had access, and the form that gives it."""
    patient = patient_for(request.user, pk, to="edit")
    today = patient_today(patient)
    first = {"expires_on": last_day(patient, today), "consent_by": patient.display_name}
    form = GrantForm(request.POST if request.method == "POST" else None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            grant(patient, staff_user(request), today=today, **form.cleaned_data)
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, "Access given. The person logs in with a code sent to that address.")
            return redirect("staff:patient-proxies", pk=pk)
    rows = list(Proxy.objects.filter(patient=patient).select_related("user"))
    for row in rows:
        row.live = row.is_live(today)  # type: ignore[attr-defined]
    context = {"patient": patient, "proxies": rows, "form": form, "header": header_for(request, patient)}
    return render(request, "staff/patients/proxies.html", context, status=422 if form.errors else 200)


@require_POST
def proxy_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End the access at once."""
    found = Proxy.objects.filter(pk=pk).first()
    if found is None:
        raise Http404("No such right.")
    patient_for(request.user, found.patient_id, to="edit")
    end(found, staff_user(request), now=timezone.now())
    messages.success(request, "Access ended.")
    return redirect("staff:patient-proxies", pk=found.patient_id)
