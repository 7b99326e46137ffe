"""The door to messages."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from clinic.access import require
from clinic.audit import note_seen
from clinic.models import User
from clinic.permissions import Permission
from reminders.models import OutboxMessage


def message_for(user: User | AnonymousUser, pk: int) -> OutboxMessage:
    """The message with its patient; 403 for roles that do not see messages, 404 outside the user's patients."""
    require(user, Permission.MESSAGES_VIEW)
    found: OutboxMessage | None = OutboxMessage.objects.visible_to(user).select_related("patient").filter(pk=pk).first()
    if found is None:
        raise Http404("No such message.")
    note_seen([found.patient_id])
    return found
