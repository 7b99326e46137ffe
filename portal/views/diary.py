"""The diary of spasms and cramps: write one down, mend it, take it back, or say that none came."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments.access import own_entry
from assessments.diary.actions import DAYS_BACK, remove_entry, say_quiet, write_entry
from assessments.diary.readers import read_diary
from assessments.models import DiaryEntry
from clinic.errors import Conflict, DomainError
from portal.cards import PAIN_FACE_OF
from portal.diary_forms import DiaryForm, entry_initial
from portal.pages import Visitor, page, portal_page
from portal.problems import attach, words


@require_safe
@portal_page
def diary(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The entries of the last weeks."""
    return _list(request, visitor)


@require_http_methods(["GET", "POST"])
@portal_page
def write(request: HttpRequest, visitor: Visitor, pk: int | None = None) -> HttpResponse:
    """A new entry, or one to be mended."""
    entry = own_entry(visitor.patient, pk) if pk is not None else None
    if request.method != "POST":
        first = entry_initial(entry) if entry else {"client_id": uuid4(), "happened_at": _this_minute()}
        return _form(request, visitor, DiaryForm(initial=first), entry)
    form = DiaryForm(request.POST)
    if form.is_valid():
        client_id = entry.client_id if entry else form.cleaned_data["client_id"]
        try:
            write_entry(
                visitor.patient,
                form.episode(),
                client_id=client_id,
                acted_at=visitor.now,
                by=visitor.user,
                now=visitor.now,
            )
        except DomainError as error:
            attach(form, error)
            return _form(request, visitor, form, entry, status=409 if isinstance(error, Conflict) else 422)
        messages.success(request, _("Saved. Your physiotherapist can see it."))
        return redirect("portal:diary")
    return _form(request, visitor, form, entry, status=422)


@require_POST
@portal_page
def remove(request: HttpRequest, visitor: Visitor, pk: int) -> HttpResponse:
    """Take an entry back."""
    try:
        remove_entry(own_entry(visitor.patient, pk), acted_at=visitor.now, by=visitor.user, now=visitor.now)
    except DomainError as error:
        return _list(request, visitor, problem=error)
    messages.success(request, _("The entry is taken back."))
    return redirect("portal:diary")


@require_POST
@portal_page
def quiet(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """None this week."""
    try:
        say_quiet(visitor.patient, by=visitor.user, now=visitor.now)
    except DomainError as error:
        return _list(request, visitor, problem=error)
    messages.success(request, _("Noted: no spasm or cramp in the last seven days."))
    return redirect("portal:diary")


def _this_minute() -> object:
    return timezone.localtime().replace(second=0, microsecond=0)


def _bar(end: date, count: int, most: int) -> dict[str, object]:
    """A week's bar in a picture 100 high; none at all is a thin line."""
    height = max(2, count * 100 // max(most, 1))
    return {"end": end, "count": count, "top": 102 - height, "height": height}


def _list(request: HttpRequest, visitor: Visitor, *, problem: DomainError | None = None) -> HttpResponse:
    found = read_diary(visitor.patient, visitor.today)
    most = max((count for _end, count in found.weeks), default=0)
    context = {
        "found": found,
        "bars": [_bar(end, count, most) for end, count in found.weeks],
        "problem": words(problem) if problem else "",
    }
    status = 200 if problem is None else 409 if isinstance(problem, Conflict) else 422
    return page(request, visitor, "portal/diary.html", context, status=status)


def _form(
    request: HttpRequest, visitor: Visitor, form: DiaryForm, entry: DiaryEntry | None, *, status: int = 200
) -> HttpResponse:
    context = {"form": form, "entry": entry, "faces": PAIN_FACE_OF, "days_back": DAYS_BACK}
    return page(request, visitor, "portal/diary_entry.html", context, status=status)
