"""What a supervisor does with a student's assessment: co-sign it, or send it back with a note."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from assessments.access import assessment_for
from clinic.actions import first_message
from clinic.errors import DomainError
from plans.actions.lifecycle import cosign_assessment, return_assessment
from staff.headers import staff_user


@require_POST
def assessment_cosign(request: HttpRequest, pk: int) -> HttpResponse:
    """Co-sign."""
    assessment = assessment_for(request.user, pk, to="treat", fetch="head")
    try:
        cosign_assessment(assessment, by=staff_user(request), today=timezone.localdate())
    except DomainError as error:
        messages.error(request, first_message(error))
    else:
        messages.success(request, "Co-signed. The assessment is signed and does not change any more.")
    return redirect("staff:assessment-detail", pk=pk)


@require_POST
def assessment_return(request: HttpRequest, pk: int) -> HttpResponse:
    """Send it back; the note stays with the draft until it is signed again."""
    assessment = assessment_for(request.user, pk, to="treat", fetch="head")
    try:
        return_assessment(
            assessment, by=staff_user(request), note=request.POST.get("note", ""), today=timezone.localdate()
        )
    except DomainError as error:
        messages.error(request, first_message(error))
    else:
        messages.success(request, "Sent back to the student.")
    return redirect("staff:assessment-detail", pk=pk)
