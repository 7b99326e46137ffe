"""What every change of a draft checks first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from clinic.errors import Conflict, DomainError, Invalid, Refused
from clinic.models import Practitioner, User
from plans.models import Override, PlanEdit, PlanExercise, PlanTechnique, PlanVersion
from plans.screening import Verdict

Item = PlanTechnique | PlanExercise
REASON_MAX = 300


@dataclass(frozen=True, slots=True)
class OverrideRequest:
    """What a clinician states to re-enable a blocked item. ``version``: the plan version that was looked at."""

    reason_code: str
    approval: str
    reason: str
    version: int | None = None


def locked_draft(version_id: int) -> PlanVersion:
    """The draft version, locked for this transaction. Raises Conflict when it is no longer a draft."""
    version: PlanVersion | None = (
        PlanVersion.objects.select_for_update(of=("self",))
        .select_related("plan__episode__patient", "plan__episode__practitioner__user", "assessment__episode__patient")
        .filter(pk=version_id)
        .first()
    )
    if version is None:
        raise Conflict("version_gone", "This draft was replaced by a newer one. Open the plan again.")
    if version.state != PlanVersion.State.DRAFT:
        raise Conflict("not_draft", "This version is signed and never changes. Make a new version to edit the plan.")
    return version


def version_of(item: Item) -> PlanVersion:
    """The draft that holds the item, locked."""
    return locked_draft(item.phase.version_id)


def stated(reason: str, *, field: str = "reason", longest: int = REASON_MAX) -> str:
    """A reason that was really given. Raises Invalid when it is empty or too long."""
    text = " ".join(reason.split())
    if len(text) < 3:
        raise Invalid("reason_missing", "Say why: the reason is kept with the plan.", field=field)
    if len(text) > longest:
        raise Invalid("reason_long", f"Keep this under {longest} characters.", field=field)
    return text


def licensed(by: User, *, today: date) -> Practitioner:
    """The clinician behind the log-in. Raises Refused without a registration that is valid today."""
    practitioner = Practitioner.objects.select_related("user").filter(user=by).first()
    if practitioner is None:
        raise Refused("no_licence", "Only a registered physiotherapist may do this.")
    if practitioner.is_student:
        raise Refused("student", "A student may not do this. Ask your supervisor.")
    if not practitioner.licence_is_valid(today):
        until = practitioner.licence_valid_until
        raise Refused(
            "licence_expired", f"Your registration ended on {until:%d %b %Y}. Renew it in the staff settings first."
        )
    return practitioner


def record(
    version: PlanVersion,
    by: User,
    action: str,
    item: str,
    *,
    reason: str,
    phase: int | None = None,
    before: object = None,
    after: object = None,
    batch: UUID | None = None,
    undoes: PlanEdit | None = None,
) -> PlanEdit:
    """Keep one change with its reason. Changes of one ``batch`` are taken back together."""
    return PlanEdit.objects.create(
        version=version,
        action=action,
        item=item,
        phase=phase,
        before=before,
        after=after,
        reason=reason,
        by=by,
        batch=batch,
        undoes=undoes,
    )


def permitted(verdict: Verdict, name: str, request: OverrideRequest | None) -> None:
    """Refuse a blocked item: absolutely, or until the override that its rule asks for is stated."""
    if verdict.is_blocked:
        with blamed_on(verdict):
            _refuse_blocked(verdict, name, request)


def _refuse_blocked(verdict: Verdict, name: str, request: OverrideRequest | None) -> None:
    why = "; ".join(reason.text for reason in verdict.reasons)
    if verdict.safety == "unknown":
        raise Refused("unanswered", f"{name} cannot be used while a safety question is open: {why}.")
    if verdict.safety == "blocked_absolute":
        raise Refused("blocked", f"{name} may not be used: {why}. No override is possible.")
    if request is None:
        raise Refused("override_needed", f"{name} is blocked: {why}. It needs: {verdict.approval}.", field="approval")


@contextmanager
def blamed_on(verdict: Verdict) -> Iterator[None]:
    """A refusal raised within names the rules that block, so that attempts are counted by rule."""
    try:
        yield
    except DomainError as error:
        error.rule = verdict.rule
        raise


def write_override(
    version: PlanVersion, item: Item, by: User, verdict: Verdict, request: OverrideRequest, *, today: date
) -> Override:
    """Bind an override to patient, version and item. Raises Refused (licence, other version) or Invalid (reason)."""
    with blamed_on(verdict):
        clinician = licensed(by, today=today)
        if request.version not in (None, version.pk):
            raise Refused("other_version", "This override was stated for another version. Look at the item again.")
        if request.reason_code not in Override.ReasonCode.values:
            raise Invalid("reason_code", "Choose the kind of reason.", field="reason_code")
        target = {"technique_item": item} if isinstance(item, PlanTechnique) else {"exercise_item": item}
        return Override.objects.create(
            patient=version.plan.episode.patient,
            version=version,
            rule=verdict.rule,
            approval=stated(request.approval, field="approval", longest=400),
            reason_code=request.reason_code,
            reason=stated(request.reason, field="override_reason", longest=500),
            by=clinician,
            stated_on=today,
            **target,
        )
