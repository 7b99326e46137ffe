"""The tick that keeps the worklist true, and what a person does with an entry."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from clinic.errors import Conflict, Invalid, ManyProblems, Refused
from clinic.models import User
from clinic.permissions import Permission, may
from plans.actions.worklist import Standing, is_known, is_worse, raise_alert, standing_alerts
from plans.models import Alert, Plan, WatchLimits
from plans.querysets import AlertQuerySet
from plans.watch.readers import Case, cases_of, running_plans
from plans.watch.rules import RULES, Holds, check

log = logging.getLogger(__name__)

AT_A_TIME = 500
OUTCOME_MAX = 500
SNOOZES = {"1": timedelta(days=1), "3": timedelta(days=3), "7": timedelta(days=7)}
# How long what a person settled is compared with what holds, and left in peace where only the clock went on.
REMEMBERED, QUIET = timedelta(days=60), timedelta(days=3)
# Settled where one reads it: the exercises may be waiting for that.
OWN_PAGE = ("patient_told_change", "patient_question")
BY_THE_CLOCK = ("not_logged", "skipped_for_pain")
# What was done about it. The last one needs a word on why.
ACTIONS = {
    "called": "Called the patient",
    "dose": "Changed the plan",
    "visit": "Booked a visit",
    "reassess": "Reassessed",
    "referred": "Referred on",
    "none": "Nothing needed",
}


# --- The tick -------------------------------------------------------------------------------------------------------


def watch_plans(plans: Iterable[Plan] | None = None, *, now: datetime | None = None) -> int:
    """Raise what holds in the running plans and close what no longer does; returns how many rules hold.

    Safe to run at any time and twice at once. A plan that cannot be read is logged, and the others go on.
    """
    moment = now or timezone.now()
    wanted = list(running_plans() if plans is None else plans)
    held = 0
    for start in range(0, len(wanted), AT_A_TIME):
        batch = wanted[start : start + AT_A_TIME]
        dealt_with = _dealt_with(batch, moment)
        standing = standing_alerts(RULES, [plan.episode.patient_id for plan in batch])
        for case in cases_of(batch, now=moment):
            try:
                held += _watch(case, dealt_with, standing, moment)
            except Exception:
                log.exception("plan %s could not be watched", case.plan.pk)
    _close_ended()
    return held


def _dealt_with(plans: list[Plan], now: datetime) -> dict[tuple[str, str], Alert]:
    """What a person settled last, by key and rule; one query."""
    rows = Alert.objects.filter(
        rule__in=RULES, plan__in=plans, state=Alert.State.DONE, closed_by__isnull=False, closed_at__gte=now - REMEMBERED
    )
    return {(row.key, row.rule): row for row in rows.order_by("closed_at")}


def _is_news(holds: Holds, settled: Alert | None, now: datetime) -> bool:
    """False while a person has dealt with this already: the same words, or soon after where the words move with the
    clock. What became more severe is news at once."""
    if settled is None or settled.closed_at is None or is_worse(holds.severity, than=settled.severity):
        return True
    soon = now - settled.closed_at < QUIET
    return settled.text != holds.text and not (soon and holds.rule in BY_THE_CLOCK)


def _watch(case: Case, dealt_with: Mapping[tuple[str, str], Alert], standing: Standing, now: datetime) -> int:
    """One plan; nothing is written while the worklist says already what holds."""
    patient, key = case.plan.episode.patient_id, f"plan:{case.plan.pk}"
    found = check(case.watched, case.limits)
    news = [
        holds
        for holds in found
        if _is_news(holds, dealt_with.get((key, holds.rule)), now)
        and not is_known(standing.get((patient, holds.rule, key)), **_said(holds), plan=case.plan)
    ]
    held = {holds.rule for holds in found}
    over = [rule for rule in RULES if rule not in held and (patient, rule, key) in standing]
    if news or over:
        _write(case.plan, key, news, over)
    return len(found)


@transaction.atomic
def _write(plan: Plan, key: str, news: Iterable[Holds], over: Iterable[str]) -> None:
    patient = plan.episode.patient
    for holds in news:
        raise_alert(patient, holds.rule, key=key, **_said(holds), plan=plan)
    _close(Alert.objects.filter(patient=patient, key=key, rule__in=over), "No longer the case.")


def _said(holds: Holds) -> dict[str, str]:
    return {"text": holds.text, "suggestion": holds.suggestion, "severity": holds.severity}


def _close_ended() -> None:
    """Alerts of these rules about plans that ended say nothing any more."""
    ended = Alert.objects.filter(rule__in=RULES).exclude(plan__state=Plan.State.ACTIVE, plan__episode__state="open")
    _close(ended, "The plan has ended.")


def _close(rows: AlertQuerySet, outcome: str) -> None:
    rows.exclude(state=Alert.State.DONE).update(
        state=Alert.State.DONE,
        snoozed_until=None,
        closed_at=timezone.now(),
        action="resolved",
        outcome=outcome,
    )


# --- What a person does ---------------------------------------------------------------------------------------------


def _waiting(alert: Alert, by: User) -> Alert:
    """The alert, locked. Raises Refused for those who do not treat, Conflict when somebody was faster."""
    if not may(by, Permission.CLINICAL_EDIT):
        raise Refused("not_yours", "Only a physiotherapist settles what waits on the worklist.")
    row: Alert = Alert.objects.select_for_update(of=("self",)).select_related("closed_by").get(pk=alert.pk)
    if row.state == Alert.State.DONE:
        who = row.closed_by.name if row.closed_by else "the rule itself"
        raise Conflict("done", f"This was settled already, by {who}.")
    return row


@transaction.atomic
def snooze(alert: Alert, by: User, *, days: str, now: datetime | None = None) -> Alert:
    """Put it away for 1, 3 or 7 days; it comes back by itself, and at once when it gets worse."""
    row = _waiting(alert, by)
    span = SNOOZES.get(days)
    if span is None:
        raise Invalid("days", "Choose 1, 3 or 7 days.", field="days")
    if row.severity == Alert.Severity.URGENT:
        raise Refused("urgent", "What is urgent cannot wait. Act, and say what you did.")
    row.state, row.snoozed_until = Alert.State.SNOOZED, (now or timezone.now()) + span
    row.save(update_fields=["state", "snoozed_until"])
    return row


@transaction.atomic
def settle(alert: Alert, by: User, *, action: str, outcome: str) -> Alert:
    """Close an alert with what was done and what came of it.

    Raises Invalid: unknown action, an outcome that is missing where nothing was done or it was urgent, or too long.
    """
    row = _waiting(alert, by)
    if row.rule in OWN_PAGE:
        raise Refused("own_page", "Open what the patient told or asked, and settle it there.")
    text = outcome.strip()
    if action not in ACTIONS:
        raise Invalid("action", "Say what you did.", field="action")
    if not text and (action == "none" or row.severity == Alert.Severity.URGENT):
        raise Invalid("outcome", "Say what came of it, in a few words.", field="outcome")
    if len(text) > OUTCOME_MAX:
        raise Invalid("outcome", f"Shorten it to {OUTCOME_MAX} characters.", field="outcome")
    row.state, row.snoozed_until = Alert.State.DONE, None
    row.closed_at, row.closed_by = timezone.now(), by
    row.action, row.outcome = action, text
    row.save(update_fields=["state", "snoozed_until", "closed_at", "closed_by", "action", "outcome"])
    return row


@transaction.atomic
def set_limits(plan: Plan, by: User, values: Mapping[str, int]) -> WatchLimits:
    """Set from where on the rules speak for one plan, and watch it at once.

    Raises Refused for those who do not treat, ManyProblems naming each field that is out of range.
    """
    if not may(by, Permission.CLINICAL_EDIT):
        raise Refused("not_yours", "Only a physiotherapist sets the limits of a plan.")
    row = WatchLimits.objects.filter(plan=plan).first() or WatchLimits(plan=plan)
    for name in ("silent_hours", "pain_high", "pain_rise", "function_drop_pct", "adherence_low_pct"):
        setattr(row, name, values.get(name, getattr(row, name)))
    try:
        row.full_clean(exclude=["plan"])
    except ValidationError as error:
        problems = [Invalid("range", text, field=name) for name, texts in error.message_dict.items() for text in texts]
        raise ManyProblems("limits", "The limits were not saved.", tuple(problems)) from error
    row.save()
    watch_plans(running_plans().filter(pk=plan.pk))
    return row
