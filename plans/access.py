"""The doors to plans."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from clinic.access import Purpose, patient_for
from clinic.models import User
from plans.models import Plan, PlanVersion


def plan_for(user: User | AnonymousUser, pk: int, *, to: Purpose = "clinical") -> Plan:
    """The plan; 404 outside the user's patients, 403 when the role may not."""
    plan = Plan.objects.select_related("episode__patient", "episode__practitioner__user").filter(pk=pk).first()
    if plan is None:
        raise Http404("No such plan.")
    patient_for(user, plan.episode.patient_id, to=to)
    return plan


def version_for(user: User | AnonymousUser, pk: int, *, to: Purpose = "clinical") -> PlanVersion:
    """A plan version with all that its page shows; the same two answers as :func:`plan_for`."""
    version = PlanVersion.objects.for_page().filter(pk=pk).first()
    if version is None:
        raise Http404("No such plan version.")
    patient_for(user, version.plan.episode.patient_id, to=to)
    return version
