"""The outbox for staff: what was sent, what was held back and why, and the doubtful ones to settle."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from clinic.access import require
from clinic.audit import note_seen
from clinic.errors import DomainError
from clinic.models import Role
from clinic.permissions import Permission
from reminders import actions
from reminders.access import message_for
from reminders.models import OutboxMessage, State
from reminders.readers import health
from reminders.switch import read_switch, turn
from staff.headers import staff_user

ROWS_A_PAGE = 40
# Groups that a person asks for, by the states they hold.
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "": ("All", ()),
    "open": ("To settle", (State.UNKNOWN, State.FAILED)),
    "coming": ("Coming", (State.PLANNED, State.CLAIMED, State.SENDING)),
    "sent": ("Sent", (State.SENT, State.DELIVERED)),
    "held": ("Not sent", (State.SUPPRESSED, State.EXPIRED, State.CANCELLED)),
}


@require_safe
def message_list(request: HttpRequest) -> HttpResponse:
    """Doubtful and failed messages on top, then the newest."""
    user = staff_user(request)
    require(user, Permission.MESSAGES_VIEW)
    group = request.GET.get("show", "")
    states = GROUPS.get(group, GROUPS[""])[1]
    rows = OutboxMessage.objects.visible_to(user).for_list()
    page = Paginator(rows.filter(state__in=states) if states else rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
    note_seen(row.patient_id for row in page)
    context: dict[str, Any] = {
        "page_obj": page,
        "tabs": _tabs(group if group in GROUPS else ""),
        "switch": read_switch(),
        "health": health(now=timezone.now()) if user.role == Role.MANAGER else None,
        "may_switch": user.role == Role.MANAGER,
        "now": timezone.now(),
    }
    return render(request, "staff/outbox/list.html", context)


def _tabs(group: str) -> list[dict[str, Any]]:
    return [{"label": label, "url": f"?show={key}", "active": key == group} for key, (label, _) in GROUPS.items()]


@require_POST
def message_settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide what became of a doubtful or failed message."""
    message = message_for(request.user, pk)
    try:
        settled = actions.settle(message, request.POST.get("outcome", ""), by=staff_user(request), now=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"Message to {message.patient.display_name}: {settled.get_state_display().lower()}.")
    return redirect("staff:messages")


@require_POST
def message_switch(request: HttpRequest) -> HttpResponse:
    """Pause or resume all sending; for the manager."""
    user = staff_user(request)
    require(user, Permission.MESSAGES_VIEW)
    if user.role != Role.MANAGER:
        raise PermissionDenied
    paused = request.POST.get("paused") == "1"
    turn(paused, by=user, why=f"Paused by {user.name}." if paused else "")
    messages.success(request, "Nothing is sent until you resume." if paused else "Messages go out again.")
    return redirect("staff:messages")
