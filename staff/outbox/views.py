"""The outbox for staff: what was sent, what was held back and why, and the doubtful ones to settle."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from clinic.access import require
from clinic.audit import note_seen
from clinic.errors import DomainError
from clinic.models import Role
from clinic.permissions import Permission
from reminders import actions
from reminders.access import message_for
from reminders.models import Channel, OutboxMessage, State
from reminders.readers import health
from reminders.switch import read_switch, turn
from staff.headers import staff_user
from staff.outbox.filters import filters_of
from staff.outbox.rows import kinds_for, lines_for

ROWS_A_PAGE = 40


@require_safe
def message_list(request: HttpRequest) -> HttpResponse:
    """Doubtful and failed messages on top, then the newest; narrowed by state, kind, channel and patient."""
    user = staff_user(request)
    require(user, Permission.MESSAGES_VIEW)
    filters = filters_of(request.GET, user)
    rows = filters.narrow(OutboxMessage.objects.visible_to(user)).for_list()
    page = Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
    note_seen(row.patient_id for row in page)
    is_manager = user.role == Role.MANAGER
    context: dict[str, Any] = {
        "page_obj": page,
        "lines": lines_for(user, page),
        "filters": filters,
        "tabs": filters.tabs(),
        "query": filters.link().removeprefix("?"),
        "states": State.choices,
        "kinds": kinds_for(user),
        "channels": Channel.choices,
        "switch": read_switch(),
        "health": health(now=timezone.now()) if is_manager else None,
        "may_switch": is_manager,
        "now": timezone.now(),
    }
    return render(request, "staff/outbox/list.html", context)


@require_POST
def message_settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide what became of a doubtful or failed message."""
    require(request.user, Permission.MESSAGES_SETTLE)
    message = message_for(request.user, pk)
    try:
        settled = actions.settle(message, request.POST.get("outcome", ""), by=staff_user(request), now=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"Message to {message.patient.display_name}: {settled.get_state_display().lower()}.")
    return redirect(f"{reverse('staff:messages')}?show=open")


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
