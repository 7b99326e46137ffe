"""The door to appointments."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from clinic.access import NEEDED, Purpose, require
from clinic.audit import note_seen
from clinic.models import User
from scheduling.models import Appointment


def appointment_for(user: User | AnonymousUser, pk: int, *, to: Purpose = "book") -> Appointment:
    """The appointment with patient, practitioner and room; 404 outside the user's scope, 403 when the role may not."""
    found = Appointment.objects.visible_to(user).for_diary().filter(pk=pk).first()
    if found is None:
        raise Http404("No such appointment.")
    require(user, NEEDED[to])
    note_seen([found.patient_id])
    appointment: Appointment = found
    return appointment
