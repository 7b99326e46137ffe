"""New facts against running plans: screen every open plan again, hold what is no longer safe, release what is.

Facts are noted by triggers (``clinic.models.FactChange``). While one is not settled, everything of the patient's plans
counts as held; :func:`settle` replaces that by holds of the very items that are unsafe now.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from clinic.errors import Conflict, Invalid, Refused
from clinic.locality import patient_date
from clinic.models import FactChange, Patient, User
from clinic.readers import facts_unsettled
from exercises.actions import hold_for_safety, lift_safety_hold
from exercises.models import Prescription
from plans.actions.checking import Item, items_of, screen
from plans.actions.drafting import usable_knowledge
from plans.actions.editing import item_name
from plans.actions.guards import OverrideRequest, licensed, stated
from plans.actions.refusals import refusals_kept
from plans.actions.versions import facts_now
from plans.actions.worklist import close_alerts, raise_alert
from plans.engine.facts import Facts
from plans.engine.knowledge import Knowledge
from plans.governance.signoff import is_signed_off
from plans.models import Alert, Discharge, ItemHold, Override, Plan, PlanExercise, PlanTechnique, PlanVersion
from plans.screening import Checker, Verdict
from plans.snapshot import facts_hash, plain

log = logging.getLogger(__name__)

ALERT = "new_fact_hold"


@dataclass(frozen=True, slots=True)
class Settled:
    """What the screening did: how many items were newly held, and how many released."""

    held: int = 0
    released: int = 0


# --- Settling new facts ---------------------------------------------------------------------------------------------


@contextmanager
def facts_may_change(patient: Patient, *, by: User | None, today: date) -> Iterator[None]:
    """Write facts within; the plans are screened against them in the same transaction.

    When the screening fails, the facts are written all the same and their alarm stays open: everything of the
    patient's plans is held until a later screening succeeds.
    """
    with transaction.atomic():
        yield
        if facts_unsettled(patient.pk):
            try_to_settle(patient, by, today=today)


def try_to_settle(patient: Patient, by: User | None, *, today: date) -> bool:
    """Settle when something is open; False when that failed and everything stays held."""
    try:
        with transaction.atomic():
            settle(patient, by, today=today)
    except Exception:
        log.exception("new facts could not be screened; all items of the patient's plans stay held")
        return False
    return True


@transaction.atomic
def settle(patient: Patient, by: User | None, *, today: date) -> Settled:
    """Screen every open plan of the patient against today's facts and knowledge, and close the alarm.

    Raises DomainError (knowledge empty, engine failed); then the alarm stays open.
    """
    if not facts_unsettled(patient.pk):
        return Settled()
    # A programme that goes on at home after the discharge is as open as any.
    goes_on = Exists(Discharge.objects.filter(plan=OuterRef("pk"), home=Discharge.Home.KEEP))
    plans = Plan.objects.select_for_update().filter(episode__patient=patient)
    found = list(plans.filter(Q(state__in=("draft", "active")) | goes_on).order_by("pk"))
    changes = list(FactChange.objects.select_for_update().filter(patient=patient, settled_at__isnull=True))
    total = Settled()
    for plan in found:
        one = screen_plan(plan, by, today=today, change=changes[0] if changes else None)
        total = Settled(total.held + one.held, total.released + one.released)
    FactChange.objects.filter(pk__in=[change.pk for change in changes]).update(
        settled_at=timezone.now(), settled_by=by, outcome=f"{total.held} held, {total.released} released"
    )
    return total


def screen_plan(plan: Plan, by: User | None, *, today: date, change: FactChange | None = None) -> Settled:
    """Screen the draft and the signed version of one plan (locked by the caller) as things stand today."""
    knowledge = usable_knowledge()
    total = Settled()
    for version in _versions(plan):
        total = _screen_version(version, knowledge, by, today=today, change=change) or total
    return total


def _versions(plan: Plan) -> list[PlanVersion]:
    rows = PlanVersion.objects.filter(plan=plan, state__in=("draft", "signed")).select_related(
        "plan__episode__patient", "plan__episode__practitioner__user", "assessment__episode"
    )
    return list(rows.order_by("number"))


def _screen_version(
    version: PlanVersion, knowledge: Knowledge, by: User | None, *, today: date, change: FactChange | None
) -> Settled | None:
    """Screen what changed since the last check. A draft's items only get void checks: it is renewed by a person."""
    facts = facts_now(version, today=today)
    basis = (facts_hash(facts), knowledge.revision)
    last = version.checks.order_by("-id").values_list("facts_hash", "knowledge_revision", "checked_at").first()
    if last is not None and last[:2] == basis and not _ran_out(version, facts, since=last[2], today=today):
        return None
    # A signed plan is read at the couch: what it offers instead is held as well. A draft's are judged when taken.
    signed = version.state == PlanVersion.State.SIGNED
    items = [item for item in items_of(version) if signed or not _is_alternative(item)]
    rejected = version.causes.filter(decision="rejected").values_list("key", flat=True)
    checker = Checker(facts, knowledge, today=today, rejected=rejected)
    verdicts = screen(version, items, checker, facts_hash=basis[0], by=by)
    if not signed:
        return None
    return _sync(version, list(zip(items, verdicts, strict=True)), checker, by, today=today, change=change)


def _ran_out(version: PlanVersion, facts: Facts, *, since: datetime, today: date) -> bool:
    """Whether a credential has ended since the last check: the facts read the same, the verdicts do not."""
    checked = patient_date(version.plan.episode.patient, since)
    return any(held.expires is not None and checked <= held.expires < today for held in facts.credentials)


def _is_alternative(item: Item) -> bool:
    return isinstance(item, PlanTechnique) and item.is_alternative


def _sync(
    version: PlanVersion,
    judged: Sequence[tuple[Item, Verdict]],
    checker: Checker,
    by: User | None,
    *,
    today: date,
    change: FactChange | None,
) -> Settled:
    """Bring the holds of a signed version in line with the verdicts."""
    open_holds = {_place(hold.item): hold for hold in _open(version.plan)}
    permits = _permits(version)
    opened: list[tuple[Item, Verdict]] = []
    cleared: list[ItemHold] = []
    for item, verdict in judged:
        hold = open_holds.get(_place(item))
        unsafe = verdict.is_blocked and (_place(item), verdict.rule) not in permits
        if hold is not None and (not unsafe or hold.rule != verdict.rule):
            cleared.append(hold)
        if unsafe and (hold is None or hold.rule != verdict.rule):
            opened.append((item, verdict))
    # Knowledge that nobody has reviewed may hold items, never release them.
    if not is_signed_off(checker.knowledge.revision):
        kept = {_place(item) for item, _ in opened}
        cleared = [hold for hold in cleared if _place(hold.item) in kept]
    _release(cleared, ItemHold.Release.RECHECK, by)
    _hold(version, opened, by, change)
    _programme(version, opened, cleared, today)
    _tell(version, opened, checker, today)
    return Settled(len(opened), len(cleared))


Place = tuple[str, int]


def _place(item: Item) -> Place:
    return ("technique" if isinstance(item, PlanTechnique) else "exercise", item.pk)


def _open(plan: Plan) -> list[ItemHold]:
    rows = ItemHold.objects.filter(plan=plan, released_at__isnull=True)
    return list(rows.select_related("technique_item__technique", "exercise_item__exercise"))


def _permits(version: PlanVersion) -> set[tuple[Place, str]]:
    """Item and rule for which a clinician has stated that the item is done all the same."""
    found: set[tuple[Place, str]] = set()
    overrides = Override.objects.filter(version=version)
    released = ItemHold.objects.filter(plan=version.plan, release=ItemHold.Release.OVERRIDE)
    for rows in (overrides, released):
        for technique, exercise, rule in rows.values_list("technique_item_id", "exercise_item_id", "rule"):
            found.add((("technique", technique) if technique else ("exercise", exercise), rule))
    return found


def _hold(
    version: PlanVersion, opened: Iterable[tuple[Item, Verdict]], by: User | None, change: FactChange | None
) -> None:
    ItemHold.objects.bulk_create(
        ItemHold(
            plan=version.plan,
            technique_item=item if isinstance(item, PlanTechnique) else None,
            exercise_item=item if isinstance(item, PlanExercise) else None,
            key=item.technique.key if isinstance(item, PlanTechnique) else item.exercise.key,
            verdict=verdict.safety,
            rule=verdict.rule,
            reasons=plain(verdict.reasons),
            asks=verdict.approval[:400],
            change=change,
            opened_by=by,
        )
        for item, verdict in opened
    )


def _release(holds: Iterable[ItemHold], how: str, by: User | None, **said: str) -> None:
    for hold in holds:
        hold.released_at, hold.released_by, hold.release = timezone.now(), by, how
        for name, value in said.items():
            setattr(hold, name, value)
        hold.save()


def _programme(
    version: PlanVersion, opened: Sequence[tuple[Item, Verdict]], cleared: Sequence[ItemHold], today: date
) -> None:
    """The home exercises follow: held ones rest, released ones run again."""
    held = [item for item, _ in opened if isinstance(item, PlanExercise)]
    freed = {hold.exercise_item_id for hold in cleared} - {item.pk for item in held} - {None}
    if freed:
        lift_safety_hold(Prescription.objects.filter(planned__item__in=freed), on=today)
    if held:
        reason = "New fact: " + ", ".join(dict.fromkeys(verdict.rule for _, verdict in opened))
        hold_for_safety(Prescription.objects.filter(planned__item__in=held), on=today, reason=reason)


def _tell(version: PlanVersion, opened: Sequence[tuple[Item, Verdict]], checker: Checker, today: date) -> None:
    """Put it on the worklist, once per plan; close it when nothing is held any more."""
    patient, key = version.plan.episode.patient, f"plan:{version.plan_id}"
    if opened:
        names = ", ".join(dict.fromkeys(item_name(item) for item, _ in opened))
        rules = "; ".join(dict.fromkeys(verdict.rule for _, verdict in opened))
        raise_alert(
            patient,
            ALERT,
            key=key,
            text=f"Held since new facts ({rules}): {names}"[:500],
            suggestion="Look at the held items: make a new version without them, or release them with a reason.",
            severity=Alert.Severity.URGENT if checker.plan_blocks else Alert.Severity.HIGH,
            plan=version.plan,
        )
    elif not _open(version.plan):
        close_alerts(patient, ALERT, key=key, outcome="Nothing is held any more")


# --- Releasing by a person ------------------------------------------------------------------------------------------


@refusals_kept
@transaction.atomic
def release_hold(
    hold: ItemHold, by: User, *, reason: str, today: date, override: OverrideRequest | None = None
) -> ItemHold:
    """Release a held item after screening it once more.

    A clear item (or one with a precaution) is released with a reason; one that its rule allows to override needs the
    override as well. Raises Refused for what may not be released and without a valid licence, Invalid for what is
    not stated, Conflict when it is released already.
    """
    licensed(by, today=today)
    plan = Plan.objects.select_for_update().select_related("episode__patient").get(pk=hold.plan_id)
    row = ItemHold.objects.select_for_update(of=("self",)).get(pk=hold.pk)
    if row.released_at is not None:
        raise Conflict("released", "This hold was released already.")
    settle(plan.episode.patient, by, today=today)
    version = next(v for v in _versions(plan) if v.pk == row.item.phase.version_id)
    facts, knowledge = facts_now(version, today=today), usable_knowledge()
    rejected = version.causes.filter(decision="rejected").values_list("key", flat=True)
    checker = Checker(facts, knowledge, today=today, rejected=rejected)
    item = next(entry for entry in items_of(version) if _place(entry) == _place(row.item))
    (verdict,) = screen(version, [item], checker, facts_hash=facts_hash(facts), by=by)
    row = ItemHold.objects.get(pk=hold.pk)
    if row.released_at is not None:  # the screening found it clear
        return row
    said = _stated_release(row, item, verdict, reason, override)
    _release([row], ItemHold.Release.OVERRIDE if verdict.is_blocked else ItemHold.Release.PERSON, by, **said)
    _programme(version, [], [row], today)
    _tell(version, [], checker, today)
    return row


def _stated_release(
    hold: ItemHold, item: Item, verdict: Verdict, reason: str, override: OverrideRequest | None
) -> dict[str, str]:
    why = stated(reason, longest=500)
    if not verdict.is_blocked:
        return {"release_reason": why}
    said = "; ".join(entry.text for entry in verdict.reasons)
    name = item_name(item)
    if verdict.safety != "blocked_overridable":
        raise Refused("held", f"{name} stays held: {said}. Make a new version without it.")
    if verdict.rule != hold.rule:
        raise Conflict("other_rule", f"{name} is held for another reason now: {said}. Look at it again.")
    if override is None:
        raise Refused("override_needed", f"{name} is blocked: {said}. It needs: {verdict.approval}.", field="approval")
    if override.reason_code not in Override.ReasonCode.values:
        raise Invalid("reason_code", "Choose the kind of reason.", field="reason_code")
    approval = stated(override.approval, field="approval", longest=400)
    return {"release_reason": why, "reason_code": override.reason_code, "approval": approval}


def close_holds(plan: Plan, by: User, *, today: date) -> None:
    """The next version is signed: the holds of the old one have done their work. Inside the signing transaction."""
    holds = _open(plan)
    if not holds:
        return
    _release(holds, ItemHold.Release.VERSION, by)
    items = [hold.exercise_item_id for hold in holds if hold.exercise_item_id]
    lift_safety_hold(Prescription.objects.filter(planned__item__in=items), on=today)
    close_alerts(plan.episode.patient, ALERT, key=f"plan:{plan.pk}", outcome="A new version was signed")
