"""The review page of the clinical knowledge, and the decision on one proposed change."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from clinic.audit import note_seen
from clinic.errors import DomainError
from clinic.models import User
from plans.governance.affected import Affected
from plans.governance.proposals import approve, problems_of, propose_shipped, reject, withdraw
from plans.governance.signoff import is_signed_off, keeps_knowledge, sign_off
from plans.knowledge.documents import KnowledgeError
from plans.models import KnowledgeChange
from staff.forms import add_problems
from staff.headers import staff_user
from staff.knowledge.forms import DecisionForm, SignOffForm, TakeShippedForm
from staff.knowledge.page import change_page, review_page

SIGNED_WITH = "Reviewed together with change {pk}: {reason}"
MARKS_UNTOUCHED = "The marked figures stand as at the sign-off before; this change was reviewed with them."


def _keeper(request: HttpRequest) -> User:
    """The reader, who must be a manager or a clinical lead (403 otherwise)."""
    user = staff_user(request)
    if not keeps_knowledge(user, today=timezone.localdate()):
        raise PermissionDenied
    return user


def _note(affected: Affected) -> None:
    note_seen(plan.version.plan.episode.patient_id for plan in affected.plans)


def _review(request: HttpRequest, *, status: int = 200, **forms: Any) -> HttpResponse:
    user = _keeper(request)
    page = review_page(user, today=timezone.localdate())
    _note(page.affected)
    context = {
        "page": page,
        "sign_form": SignOffForm(initial={"revision": page.revision.number if page.revision else 0}),
        "take_form": TakeShippedForm(),
        "chosen": (),
        **forms,
    }
    return render(request, "staff/knowledge/review.html", context, status=status)


@require_safe
def review(request: HttpRequest) -> HttpResponse:
    """What is in force, what has changed since the last sign-off, what is marked, whom it touches."""
    return _review(request)


@require_POST
def sign_off_revision(request: HttpRequest) -> HttpResponse:
    """The clinical lead signs off the revision that was on the page."""
    user = _keeper(request)
    form = SignOffForm(request.POST)
    if form.is_valid():
        try:
            sign_off(user, today=timezone.localdate(), **form.cleaned_data)
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, "Signed off. Plans can be signed on this revision now.")
            return redirect("staff:knowledge-review")
    return _review(request, status=422, sign_form=form)


@require_POST
def take_shipped(request: HttpRequest) -> HttpResponse:
    """Propose the shipped text for chosen rows."""
    user = _keeper(request)
    form, chosen = TakeShippedForm(request.POST), request.POST.getlist("rows")
    if form.is_valid():
        try:
            change = propose_shipped(user, chosen, reason=form.cleaned_data["reason"], today=timezone.localdate())
        except (DomainError, KnowledgeError) as error:
            for problem in problems_of(error):
                form.add_error(None, problem)
        else:
            messages.success(request, "Proposed. Somebody else has to approve it before it takes effect.")
            return redirect("staff:knowledge-change", pk=change.pk)
    return _review(request, status=422, take_form=form, chosen=chosen)


def _change(request: HttpRequest, pk: int, *, status: int = 200, form: DecisionForm | None = None) -> HttpResponse:
    user = _keeper(request)
    rows = KnowledgeChange.objects.select_related("proposed_by", "decided_by", "revision")
    change = get_object_or_404(rows.prefetch_related("rows"), pk=pk)
    page = change_page(change, user, today=timezone.localdate())
    _note(page.affected)
    context = {"page": page, "change": change, "form": form or DecisionForm(), "crumbs": page.crumbs}
    return render(request, "staff/knowledge/change.html", context, status=status)


@require_safe
def change_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One proposed change: the difference, the plans that it touches, and the decision."""
    return _change(request, pk)


@require_POST
def change_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve, reject or withdraw."""
    user = _keeper(request)
    change = get_object_or_404(KnowledgeChange, pk=pk)
    form = DecisionForm(request.POST)
    if form.is_valid():
        try:
            said = _decide(change, user, request.POST.get("decision", ""), form)
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, said)
            return redirect("staff:knowledge-change", pk=pk)
    return _change(request, pk, status=422, form=form)


def _decide(change: KnowledgeChange, user: User, decision: str, form: DecisionForm) -> str:
    today, reason = timezone.localdate(), form.cleaned_data["reason"]
    if decision == "approve":
        done = approve(change, user, today=today, note=reason)
        if form.cleaned_data["and_sign_off"] and done.revision is not None:
            return _sign_off_with(done, user)
        return "Approved and in force. It waits for the sign-off of the clinical lead."
    if decision == "reject":
        back = reject(change, user, reason=reason, today=today)
        return f"Rejected. The way back is proposed as change {back.pk}." if back else "Rejected. Nothing was changed."
    if decision == "withdraw":
        withdraw(change, user)
        return "Withdrawn. Nothing was changed."
    raise DomainError("decision", "Choose what becomes of the change.")


def _sign_off_with(change: KnowledgeChange, user: User) -> str:
    """One look for both: only when everything before this change was signed off already."""
    revision = change.revision
    if revision is None or not is_signed_off(str(revision.number - 1)):
        return "Approved and in force. Earlier changes wait for the sign-off too: see the review page."
    sign_off(
        user,
        revision=revision.number,
        statement=SIGNED_WITH.format(pk=change.pk, reason=change.reason)[:500],
        verify_note=MARKS_UNTOUCHED,
        today=timezone.localdate(),
    )
    return "Approved, in force and signed off."
