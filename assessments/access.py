"""The door to assessments."""

from __future__ import annotations

from typing import Literal

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef
from django.http import Http404

from assessments.models import Assessment
from clinic.access import NEEDED, Purpose, require
from clinic.audit import note_seen
from clinic.models import Patient, User

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
    visible = Patient.objects.visible_to(user).filter(pk=OuterRef("episode__patient"))
    # As clinic.access.patient_for decides, in the same query: every autosave passes here.
    assessment: Assessment | None = wanted[fetch]().filter(Exists(visible), pk=pk).first()
    if assessment is None:
        raise Http404("No such assessment.")
    require(user, NEEDED[to])
    note_seen([assessment.episode.patient_id])
    return assessment
