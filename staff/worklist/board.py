"""What the worklist shows: who, why now, how bad, since when, one suggested action."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils import timezone

from clinic.models import User
from plans.actions.questions import RULE as ASKED
from plans.actions.told import RULE as TOLD
from plans.models import Alert, PlanVersion
from plans.outcomes.reviews import RULE as NO_CHANGE
from plans.watch.actions import ACTIONS
from staff.worklist.forms import SettleForm

ORDER = (Alert.Severity.URGENT, Alert.Severity.HIGH, Alert.Severity.NORMAL, Alert.Severity.LOW)
CHIPS = {"urgent": "stop", "high": "caution", "normal": "info", "low": "none"}
VIEWS = {"": "Mine", "all": "All patients", "snoozed": "Put away", "done": "Settled"}
SNOOZE_LABELS = (("1", "1 day"), ("3", "3 days"), ("7", "1 week"))
OWN_PAGES = {TOLD: "staff:told-report", ASKED: "staff:told-question"}
DONE_SHOWN = 50
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list."""

    alert: Alert
    chip: str
    done_as: str
    version_id: int | None
    may_snooze: bool
    form: SettleForm

    @property
    def looks_at_phase(self) -> bool:
        """The entry is about the running phase: its review is where one decides."""
        plan = self.alert.plan
        return self.alert.rule.startswith("phase_") and plan is not None and plan.current_phase is not None

    @property
    def own_page(self) -> str:
        """The address of what a patient told or asked: it is read and settled there. "" for other entries."""
        name = OWN_PAGES.get(self.alert.rule)
        number = self.alert.key.partition(":")[2]
        return reverse(name, args=[number]) if name and number.isdigit() else ""

    @property
    def looks_at_outcomes(self) -> bool:
        """The entry is about what was measured: the measures show it."""
        return self.alert.rule == NO_CHANGE and self.alert.plan is not None


def ranked(rows: QuerySet[Alert]) -> QuerySet[Alert]:
    """The most severe first, then what waits longest."""
    ranks = [When(severity=severity, then=Value(rank)) for rank, severity in enumerate(ORDER)]
    return rows.alias(rank=Case(*ranks, default=Value(9), output_field=IntegerField())).order_by(
        "rank", "raised_at", "pk"
    )


def mine(user: User) -> Q:
    """Patients whose episode this person leads; an alert without a plan belongs to whoever leads any open episode."""
    lead = Q(plan__episode__practitioner__user=user)
    return lead | Q(plan__isnull=True, patient__episodes__practitioner__user=user, patient__episodes__state="open")


def alerts_for(user: User, view: str) -> QuerySet[Alert]:
    """The alerts of one of ``VIEWS``."""
    rows = Alert.objects.visible_to(user).select_related("patient", "plan__episode", "closed_by")
    if view == "done":
        return rows.filter(state=Alert.State.DONE).order_by("-closed_at", "-pk")[:DONE_SHOWN]
    if view == "snoozed":
        return rows.filter(state=Alert.State.SNOOZED, snoozed_until__gt=timezone.now()).order_by("snoozed_until", "pk")
    waiting = rows.open()
    if view == "all":
        return ranked(waiting)[:MOST_SHOWN]
    return ranked(waiting.filter(pk__in=Alert.objects.filter(mine(user)).values("pk")))[:MOST_SHOWN]


def entries_of(alerts: list[Alert], *, typed: tuple[int, SettleForm] | None = None) -> list[Entry]:
    """The lines of the page; ``typed`` is the form that was refused, with the alert that it belongs to."""
    versions = _versions([alert.plan_id for alert in alerts if alert.plan_id])
    return [
        Entry(
            alert=alert,
            chip=CHIPS.get(alert.severity, "info"),
            done_as=ACTIONS.get(alert.action, "Ended by itself"),
            version_id=versions.get(alert.plan_id or 0),
            may_snooze=alert.severity != Alert.Severity.URGENT,
            form=typed[1] if typed and typed[0] == alert.pk else SettleForm(auto_id=f"id_{alert.pk}_%s"),
        )
        for alert in alerts
    ]


def _versions(plans: list[int]) -> dict[int, int]:
    """The version of each plan to open: the newest one."""
    rows = PlanVersion.objects.filter(plan__in=plans).order_by("plan", "number").values_list("plan", "pk")
    return dict(rows)


def tabs(current: str) -> list[dict[str, Any]]:
    return [{"label": label, "url": f"?show={key}", "active": key == current} for key, label in VIEWS.items()]
