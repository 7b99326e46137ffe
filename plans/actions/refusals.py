"""Refused overrides are kept: who wanted what, and why it was refused. A clinic counts them per rule."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from clinic.errors import DomainError, ManyProblems
from clinic.models import User
from plans.actions.checking import Item, item_key
from plans.actions.guards import OverrideRequest
from plans.models import ItemHold, OverrideRefusal, PlanPhase

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T", bound=Item | PlanPhase | ItemHold)


def refusals_kept(action: Callable[Concatenate[T, User, P], R]) -> Callable[Concatenate[T, User, P], R]:
    """Record the attempt when the action refuses a stated override.

    Stands outside the action's transaction: what it tried is rolled back, the record of the attempt stays.
    """

    @wraps(action)
    def keeping(subject: T, by: User, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return action(subject, by, *args, **kwargs)
        except DomainError as error:
            request = kwargs.get("override") or kwargs.get("request")
            if isinstance(request, OverrideRequest):
                _record(subject, by, request, error, key=str(kwargs.get("key") or kwargs.get("to") or ""))
            raise

    return keeping


def _record(
    subject: Item | PlanPhase | ItemHold, by: User, request: OverrideRequest, error: DomainError, *, key: str
) -> None:
    if isinstance(subject, ItemHold):
        error.rule = error.rule or subject.rule
        subject = subject.item
    phase_id = subject.pk if isinstance(subject, PlanPhase) else subject.phase_id
    phase = PlanPhase.objects.select_related("version__plan__episode").filter(pk=phase_id).first()
    if phase is None:
        log.warning("an override was refused (%s) for a draft that is gone", error.code)
        return
    refused = error.problems[0] if isinstance(error, ManyProblems) and error.problems else error
    limits: dict[str, Any] = {
        "item": key or (item_key(subject) if not isinstance(subject, PlanPhase) else ""),
        "rule": error.rule,
        "message": refused.message,
        "reason_code": request.reason_code,
        "approval": request.approval,
        "reason": request.reason,
    }
    OverrideRefusal.objects.create(
        patient_id=phase.version.plan.episode.patient_id,
        plan=phase.version.plan,
        version_number=phase.version.number,
        phase=phase.number,
        code=refused.code,
        by=by,
        **{name: _fitting(name, text) for name, text in limits.items()},
    )


def _fitting(column: str, text: str) -> str:
    """What was typed, as far as the column holds it."""
    longest: int = getattr(OverrideRefusal._meta.get_field(column), "max_length", 0)
    return text.replace("\x00", "")[:longest]
