"""The door to assessments."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from assessments.models import Assessment
from clinic.access import Purpose, patient_for
from clinic.models import User


def assessment_for(
    user: User | AnonymousUser, pk: int, *, to: Purpose = "clinical", with_rows: bool = True
) -> Assessment:
    """The assessment; 404 outside the user's patients, 403 when the role may not.

    ``with_rows`` fetches all its rows at once; a page that shows one section fetches its own and the counts.
    """
    rows = Assessment.objects.for_chart() if with_rows else Assessment.objects.for_page()
    assessment: Assessment | None = rows.filter(pk=pk).first()
    if assessment is None:
        raise Http404("No such assessment.")
    patient_for(user, assessment.episode.patient_id, to=to)
    return assessment
