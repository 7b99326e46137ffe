"""The diary: a day in columns; book, move, cancel, check in. Nothing clinical on any of these pages."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.access import patient_for, require
from clinic.audit import note_seen
from clinic.errors import Conflict, DomainError
from clinic.models import Patient, User
from clinic.permissions import Permission, may
from plans.models import Plan
from reminders.readers import reminder_of
from scheduling import actions
from scheduling.access import appointment_for
from scheduling.errors import SlotTaken
from scheduling.models import Appointment, State
from scheduling.readers import clinic_zone, day_board, day_bounds
from scheduling.states import CANCELLABLE, MOVABLE, MOVES
from staff.diary.board import lay_out
from staff.diary.forms import CancelForm, VisitForm
from staff.headers import header_for, staff_user

Rest = ParamSpec("Rest")
View = Callable[Concatenate[HttpRequest, Rest], HttpResponse]
FOUND = 12
FARTHEST_DAYS = 3660
# How a step sounds on its button.
STEPS = {
    State.BOOKED: "Back to booked",
    State.CONFIRMED: "Confirmed",
    State.ARRIVED: "Arrived",
    State.IN_SESSION: "Session begins",
    State.COMPLETED: "Completed",
    State.DID_NOT_ATTEND: "Did not attend",
}


def on_the_clinics_clock(view: View[Rest]) -> View[Rest]:
    """A visit takes place on the clock of the clinic: read and show every time on it, whoever reads."""

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
        with timezone.override(clinic_zone()):
            return view(request, *args, **kwargs)

    return cast("View[Rest]", wrapped)


def _here() -> ZoneInfo:
    """The zone that the decorator has set."""
    zone = timezone.get_current_timezone()
    assert isinstance(zone, ZoneInfo)  # noqa: S101 - narrows the type
    return zone


def _day_asked(request: HttpRequest) -> date:
    today = timezone.localdate()
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return today
    return day if abs((day - today).days) < FARTHEST_DAYS else today


@require_safe
@on_the_clinics_clock
def diary(request: HttpRequest) -> HttpResponse:
    """One day of everybody who works on it."""
    user = staff_user(request)
    require(user, Permission.BOOKING)
    day, zone, now = _day_asked(request), _here(), timezone.now()
    columns = day_board(user, day, zone)
    board = lay_out(columns, day_bounds(day, zone), now=now, first_user=user.pk)
    note_seen(visit.appointment.patient_id for column in columns for visit in column.visits if visit.named)
    context = {
        "board": board,
        "day": day,
        "is_today": day == timezone.localdate(),
        "previous": day - timedelta(days=1),
        "next": day + timedelta(days=1),
        "may_book_then": day >= timezone.localdate(),
    }
    return render(request, "staff/diary/day.html", context)


@require_http_methods(["GET", "POST"])
@on_the_clinics_clock
def appointment_new(request: HttpRequest) -> HttpResponse:
    """Find the patient, then book. What was chosen in the diary is filled in."""
    user = staff_user(request)
    require(user, Permission.BOOKING)
    asked = request.POST.get("patient") or request.GET.get("patient", "")
    if not asked.isdecimal() or len(asked) > 18:
        return _find_patient(request, user)
    patient = patient_for(user, int(asked), to="book")
    if request.method == "POST":
        return _book(request, user, patient)
    form = VisitForm(initial=_initial(request), zone=_here())
    return render(request, "staff/diary/book.html", _booking_context(request, patient, form))


def _find_patient(request: HttpRequest, user: User) -> HttpResponse:
    """First step of booking: whom for. Also the answer to every key stroke of the search."""
    text = request.GET.get("q", "")[:100]
    found = list(Patient.objects.visible_to(user).filter(is_active=True).search_for(text).by_name()[:FOUND])
    note_seen(patient.pk for patient in found)
    kept = {name: request.GET[name] for name in ("practitioner", "start") if name in request.GET}
    context = {"found": found, "text": text, "kept": kept, "more": len(found) == FOUND}
    partial = getattr(request, "htmx", False)
    template = "staff/diary/_found.html" if partial else "staff/diary/find.html"
    return render(request, template, context, status=422 if request.method == "POST" else 200)


def _initial(request: HttpRequest) -> dict[str, Any]:
    initial: dict[str, Any] = {"minutes": 30, "kind": "follow_up", "booking_key": uuid.uuid4().hex}
    initial["practitioner"] = request.GET.get("practitioner") or getattr(
        getattr(request.user, "practitioner", None), "pk", None
    )
    try:
        start = datetime.fromisoformat(request.GET.get("start", "")).astimezone(_here())
    except (ValueError, OverflowError):
        return initial | {"day": timezone.localdate()}
    return initial | {"day": start.date(), "at": start.time()}


def _booking_context(request: HttpRequest, patient: Patient, form: VisitForm, **more: Any) -> dict[str, Any]:
    return {"form": form, "patient": patient, "header": header_for(request, patient), **more}


def _typed_form(request: HttpRequest, visit: Appointment | None = None) -> VisitForm:
    """The form as sent; pressing one of the offered times takes it instead of the one that was typed."""
    data = request.POST.copy()
    try:
        start = datetime.fromisoformat(data.get("take", "")).astimezone(_here())
    except (ValueError, OverflowError):
        return VisitForm(data, zone=_here(), visit=visit)
    data["day"], data["at"] = start.date().isoformat(), f"{start:%H:%M}"
    return VisitForm(data, zone=_here(), visit=visit)


def _book(request: HttpRequest, user: User, patient: Patient) -> HttpResponse:
    form = _typed_form(request)
    more: dict[str, Any] = {}
    status = 422
    if form.is_valid():
        key = form.cleaned_data["booking_key"]
        try:
            visit = actions.book(
                patient, form.cleaned_data["practitioner"], by=user, now=timezone.now(), key=key, **form.wish()
            )
        except DomainError as error:
            status, more = _refusal(form, error)
        else:
            messages.success(request, f"{patient.display_name} is booked for {_spoken(visit.starts_at)}.")
            return _to_day(visit)
    return render(request, "staff/diary/book.html", _booking_context(request, patient, form, **more), status=status)


def _refusal(form: VisitForm, error: DomainError) -> tuple[int, dict[str, Any]]:
    """Status and context of a refusal: 409 with other times for a conflict, 422 for what cannot be at all."""
    form.refuse(error)
    alternatives = error.alternatives if isinstance(error, SlotTaken) else ()
    return (409 if isinstance(error, Conflict) else 422), {"alternatives": alternatives, "refused": error}


def _spoken(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{local:%a} {local.day} {local:%b}, {local:%H:%M}"


def _to_day(visit: Appointment) -> HttpResponseRedirect:
    day = timezone.localdate(visit.starts_at)
    return HttpResponseRedirect(f"{reverse('staff:diary')}?day={day.isoformat()}#visit-{visit.pk}")


@require_http_methods(["GET", "POST"])
@on_the_clinics_clock
def appointment_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """One visit: where it stands, its next steps, and a form that moves it."""
    visit = appointment_for(request.user, pk, to="book")
    if request.method == "POST":
        return _move(request, visit)
    return render(request, "staff/diary/visit.html", _visit_context(request, visit, _form_of(visit)))


def _form_of(visit: Appointment) -> VisitForm:
    local = timezone.localtime(visit.starts_at)
    initial = {
        "practitioner": visit.practitioner_id,
        "kind": visit.kind,
        "day": local.date(),
        "at": local.time(),
        "minutes": int((visit.ends_at - visit.starts_at).total_seconds() // 60),
        "room": visit.room_id,
        "desk_note": visit.desk_note,
        "sequence": visit.sequence,
    }
    return VisitForm(initial=initial, zone=_here(), visit=visit)


def _visit_context(request: HttpRequest, visit: Appointment, form: VisitForm, **more: Any) -> dict[str, Any]:
    return {
        "visit": visit,
        "form": form,
        "steps": [(state, STEPS[State(state)]) for state in MOVES[visit.state]],
        "movable": visit.state in MOVABLE,
        "cancellable": visit.state in CANCELLABLE,
        "reminder": reminder_of(visit),
        "header": header_for(request, visit.patient),
        "note_episode": _note_episode(request, visit),
        **more,
    }


def _note_episode(request: HttpRequest, visit: Appointment) -> int | None:
    """The episode whose visit note may be written from here: by those who treat, once a plan runs."""
    if not may(request.user, Permission.CLINICAL_EDIT):
        return None
    running = Plan.objects.visible_to(request.user).filter(episode__patient=visit.patient_id, state=Plan.State.ACTIVE)
    return running.order_by("-created_at").values_list("episode_id", flat=True).first()


def _move(request: HttpRequest, visit: Appointment) -> HttpResponse:
    form = _typed_form(request, visit)
    more: dict[str, Any] = {}
    status = 422
    if form.is_valid():
        data = form.cleaned_data
        try:
            moved = actions.move(
                visit,
                data["practitioner"],
                by=staff_user(request),
                now=timezone.now(),
                sequence=data["sequence"],
                **form.wish(),
            )
        except DomainError as error:
            status, more = _refusal(form, error)
        else:
            messages.success(request, f"Saved. The visit is on {_spoken(moved.starts_at)}.")
            return _to_day(moved)
    return render(request, "staff/diary/visit.html", _visit_context(request, visit, form, **more), status=status)


@require_http_methods(["GET", "POST"])
@on_the_clinics_clock
def appointment_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel with a reason; the diary offers to take it back."""
    visit = appointment_for(request.user, pk, to="book")
    form = CancelForm(request.POST or None, initial={"sequence": visit.sequence})
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            actions.cancel(
                visit,
                data["reason"],
                by=staff_user(request),
                now=timezone.now(),
                desk_note=data["desk_note"],
                sequence=data["sequence"],
            )
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
            status = 409 if isinstance(error, Conflict) else 422
        else:
            messages.success(request, f"The visit of {visit.patient.display_name} is cancelled.")
            return _to_day(visit)
    context = {"visit": visit, "form": form, "header": header_for(request, visit.patient)}
    return render(request, "staff/diary/cancel.html", context, status=status)


@require_POST
@on_the_clinics_clock
def appointment_state(request: HttpRequest, pk: int) -> HttpResponse:
    """One step: confirm, check in, begin, complete, absence, or one of these taken back."""
    visit = appointment_for(request.user, pk, to="book")
    state = request.POST.get("state", "")
    try:
        changed = actions.set_state(visit, state, by=staff_user(request), now=timezone.now())
    except DomainError as error:
        form = _form_of(visit)
        taken = error.alternatives if isinstance(error, SlotTaken) else ()
        context = _visit_context(request, visit, form, refused=error, alternatives=taken)
        return render(request, "staff/diary/visit.html", context, status=409 if isinstance(error, Conflict) else 422)
    messages.success(request, f"{visit.patient.display_name}: {changed.get_state_display().lower()}.")
    if request.POST.get("back") == "visit":
        return redirect("staff:appointment-edit", pk=visit.pk)
    return _to_day(changed)
