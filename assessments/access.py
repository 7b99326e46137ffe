"""The door to assessments."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from assessments.models import Assessment
from clinic.access import Purpose, patient_for
from clinic.models import User


def assessment_for(user: User | AnonymousUser, pk: int, *, to: Purpose = "clinical") -> Assessment:
    """The assessment with all its rows; 404 outside the user's patients, 403 when the role may not."""
    assessment = Assessment.objects.for_chart().filter(pk=pk).first()
    if assessment is None:
        raise Http404("No such assessment.")
    patient_for(user, assessment.episode.patient_id, to=to)
    return assessment
