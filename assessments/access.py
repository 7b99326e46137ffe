"""The door to assessments."""

from __future__ import annotations

from typing import Literal

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from assessments.models import Assessment
from clinic.access import Purpose, patient_for
from clinic.models import User

Fetch = Literal["rows", "counts", "head"]


def assessment_for(
    user: User | AnonymousUser, pk: int, *, to: Purpose = "clinical", fetch: Fetch = "rows"
) -> Assessment:
    """The assessment; 404 outside the user's patients, 403 when the role may not.

    ``fetch``: all its rows at once; only the counts, for a page that shows one section; or only the head, for a save.
    """
    wanted = {
        "rows": Assessment.objects.for_chart,
        "counts": Assessment.objects.for_page,
        "head": Assessment.objects.with_people,
    }
    assessment: Assessment | None = wanted[fetch]().filter(pk=pk).first()
    if assessment is None:
        raise Http404("No such assessment.")
    patient_for(user, assessment.episode.patient_id, to=to)
    return assessment
