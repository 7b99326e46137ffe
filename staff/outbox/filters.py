"""What the list of messages may be narrowed by; anything else in the address is ignored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from clinic.models import Patient, User
from reminders.models import Channel, State
from reminders.querysets import MessageQuerySet
from staff.outbox.rows import kinds_for

# Groups that a person asks for, by the states they hold.
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "": ("All", ()),
    "open": ("To settle", (State.UNKNOWN, State.FAILED)),
    "coming": ("Coming", (State.PLANNED, State.CLAIMED, State.SENDING)),
    "sent": ("Sent", (State.SENT, State.DELIVERED)),
    "held": ("Not sent", (State.SUPPRESSED, State.EXPIRED, State.CANCELLED)),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """One choice per question; empty means all."""

    show: str = ""
    state: str = ""
    kind: str = ""
    channel: str = ""
    patient: Patient | None = None

    def narrow(self, rows: MessageQuerySet) -> MessageQuerySet:
        states = GROUPS[self.show][1]
        rows = rows.filter(state__in=states) if states else rows
        for name in ("state", "kind", "channel", "patient"):
            value = getattr(self, name)
            rows = rows.filter(**{name: value}) if value else rows
        return rows

    @property
    def any(self) -> bool:
        return bool(self.state or self.kind or self.channel or self.patient)

    def link(self, **changes: str) -> str:
        """The address of the list with some choices changed."""
        chosen = {
            "show": self.show,
            "state": self.state,
            "kind": self.kind,
            "channel": self.channel,
            "patient": str(self.patient.pk) if self.patient else "",
            **changes,
        }
        return "?" + urlencode({name: value for name, value in chosen.items() if value})

    def tabs(self) -> list[dict[str, Any]]:
        return [
            {"label": label, "url": self.link(show=key, state=""), "active": key == self.show}
            for key, (label, _) in GROUPS.items()
        ]


def filters_of(data: QueryDict, user: User) -> Filters:
    """Read from the address; a patient whom the user may not see is no choice."""

    def chosen(name: str, allowed: list[str]) -> str:
        return value if (value := data.get(name, "")) in allowed else ""

    number = data.get("patient", "")
    patient = None
    if number.isascii() and number.isdecimal() and len(number) < 12:
        patient = Patient.objects.visible_to(user).filter(pk=int(number)).first()
    return Filters(
        show=chosen("show", list(GROUPS)),
        state=chosen("state", State.values),
        kind=chosen("kind", [value for value, _ in kinds_for(user)]),
        channel=chosen("channel", Channel.values),
        patient=patient,
    )
