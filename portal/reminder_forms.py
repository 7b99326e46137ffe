"""Forms about messages: which, by which way, when, and when not. The rules are in ``reminders.actions``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import time
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from reminders.actions import Choices, Times
from reminders.clock import from_week_minute, hourly
from reminders.models import Channel, Kind
from reminders.readers import ReminderSettings, times_of_week
from reminders.ways import POLICIES, USUAL_ORDER

WEEKDAYS = [
    ("0", _("Mon")),
    ("1", _("Tue")),
    ("2", _("Wed")),
    ("3", _("Thu")),
    ("4", _("Fri")),
    ("5", _("Sat")),
    ("6", _("Sun")),
]
WORKDAYS = ["0", "1", "2", "3", "4"]
# What the table of the page offers, in its order.
KINDS: Mapping[str, str | Promise] = {
    Kind.EXERCISES: _("Your exercises"),
    Kind.NUDGE: _("Once more, if nothing is ticked"),
    Kind.APPOINTMENT: _("Your visits"),
    Kind.REASSESSMENT: _("Questions to answer"),
    Kind.PLAN_CHANGED: _("Changes of your programme"),
    Kind.QUESTION: _("Answers for you"),
    Kind.MOVEMENT: _("Breaks to move"),
    Kind.FLUIDS: _("Something to drink"),
}
WAYS: Mapping[str, str | Promise] = {
    Channel.EMAIL: pgettext_lazy("narrow column", "E-mail"),
    Channel.PUSH: pgettext_lazy("narrow column", "Phone"),
    Channel.SMS: _("Text"),
    Channel.PORTAL: _("Here"),
}
EVERY = [("60", _("Every hour")), ("90", _("Every hour and a half")), ("120", _("Every two hours"))]
FLUIDS_TIMES = 4


def _clock(label: Any, *, required: bool = False) -> forms.TimeField:
    widget = forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    return forms.TimeField(label=label, widget=widget, required=required)


class ReminderForm(forms.Form):
    """Which messages by which way, at which times of each weekday, habit prompts, and when never.

    ``kind-channel`` is a tick of the table; ``time_0`` and ``also_0`` are Monday's times; prompts to drink are left
    out for a patient to whom a condition forbids such advice.
    """

    first = forms.ChoiceField(label=_("Try this way first"), choices=list(WAYS.items()))
    sms_number = forms.CharField(
        label=_("Mobile number for texts"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    movement_days = forms.MultipleChoiceField(
        label=_("On these days"), choices=WEEKDAYS, widget=forms.CheckboxSelectMultiple, required=False
    )
    movement_from = _clock(_("From"))
    movement_until = _clock(_("To"))
    movement_every = forms.TypedChoiceField(label=_("How often"), choices=EVERY, coerce=int, required=False)
    fluids_days = forms.MultipleChoiceField(
        label=_("On these days"), choices=WEEKDAYS, widget=forms.CheckboxSelectMultiple, required=False
    )
    daily_cap = forms.IntegerField(
        label=_("At most so many messages a day"), help_text=_("Visits and the prompts that you chose do not count.")
    )
    quiet_from = _clock(_("No messages from"), required=True)
    quiet_until = _clock(_("until"), required=True)

    def __init__(self, *args: Any, with_fluids: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kinds = [kind for kind in KINDS if with_fluids or kind != Kind.FLUIDS]
        for kind in self.kinds:
            for way in POLICIES[kind].offered:
                label = _("%(what)s: %(way)s") % {"what": KINDS[kind], "way": WAYS[way]}
                self.fields[f"{kind}-{way}"] = forms.BooleanField(label=label, required=False)
        for number, day in WEEKDAYS:
            self.fields[f"time_{number}"] = _clock(day)
            self.fields[f"also_{number}"] = _clock(_("%(day)s, once more") % {"day": day})
        for count in range(1, FLUIDS_TIMES + 1):
            self.fields[f"fluids_{count}"] = _clock(_("Time %(number)s") % {"number": count})

    def table(self) -> Iterator[tuple[str | Promise, list[forms.BoundField | None]]]:
        """The rows of the table: the kind, and its tick by each way, None where it does not travel that way."""
        for kind in self.kinds:
            offered = POLICIES[kind].offered
            yield KINDS[kind], [self[f"{kind}-{way}"] if way in offered else None for way in WAYS]

    def ways_shown(self) -> list[str | Promise]:
        return list(WAYS.values())

    def week(self) -> Iterator[tuple[forms.BoundField, forms.BoundField]]:
        """Monday to Sunday: the time of the day, and a second one."""
        for number, _day in WEEKDAYS:
            yield self[f"time_{number}"], self[f"also_{number}"]

    def fluids_times(self) -> list[forms.BoundField]:
        return [self[f"fluids_{number}"] for number in range(1, FLUIDS_TIMES + 1)]

    def has_fluids(self) -> bool:
        return Kind.FLUIDS in self.kinds

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if (self._wants(Kind.EXERCISES) or self._wants(Kind.NUDGE)) and not self._typed("time_", "also_"):
            self.add_error("time_0", _("Choose a time, or switch the reminder off."))
        if self._wants(Kind.MOVEMENT):
            self._need_span(data)
        if self.has_fluids() and self._wants(Kind.FLUIDS):
            if "fluids_days" in data and not data["fluids_days"]:
                self.add_error("fluids_days", _("Choose a day, or switch the reminder off."))
            if not self._typed("fluids_"):
                self.add_error("fluids_1", _("Choose a time, or switch the reminder off."))
        return data

    def _need_span(self, data: dict[str, Any]) -> None:
        if "movement_days" in data and not data["movement_days"]:
            self.add_error("movement_days", _("Choose a day, or switch the reminder off."))
        for name in ("movement_from", "movement_until"):
            if name in data and data[name] is None:
                self.add_error(name, _("Choose a time, or switch the reminder off."))
        first, last = data.get("movement_from"), data.get("movement_until")
        if first and last and last < first:
            self.add_error("movement_until", _("This lies before the first time."))

    def _wants(self, kind: str) -> bool:
        return any(self.cleaned_data.get(f"{kind}-{way}") for way in POLICIES[kind].offered)

    def _typed(self, *prefixes: str) -> bool:
        """Anything in a field that is a time, or that could not be read as one (it has its own error)."""
        names = [name for name in self.fields if name.startswith(prefixes) and not name.endswith("_days")]
        return any(self.cleaned_data.get(name) or name in self.errors for name in names)

    def choices(self) -> Choices:
        """What the action takes. A kind that is switched off keeps its times."""
        data = self.cleaned_data
        return Choices(
            ways={kind: self._ways(kind) for kind in self.kinds},
            times={kind: times for kind, times in self._times() if times},
            quiet_from=data["quiet_from"],
            quiet_until=data["quiet_until"],
            daily_cap=data["daily_cap"],
            sms_number=data["sms_number"],
        )

    def _ways(self, kind: str) -> list[str]:
        chosen = [way for way in POLICIES[kind].offered if self.cleaned_data.get(f"{kind}-{way}")]
        return _ordered(chosen, self.cleaned_data["first"])

    def _times(self) -> Iterator[tuple[str, Times]]:
        data = self.cleaned_data
        if self._wants(Kind.EXERCISES) or self._wants(Kind.NUDGE):
            week = {int(day): [data[f"time_{day}"], data[f"also_{day}"]] for day, _name in WEEKDAYS}
            yield Kind.EXERCISES, {day: [at for at in times if at] for day, times in week.items() if any(times)}
        if self._wants(Kind.MOVEMENT):
            days = [int(day) for day in data["movement_days"]]
            every = data["movement_every"] or 60
            yield Kind.MOVEMENT, times_of_week(hourly(days, data["movement_from"], data["movement_until"], every))
        if self.has_fluids() and self._wants(Kind.FLUIDS):
            chosen = [data[f"fluids_{number}"] for number in range(1, FLUIDS_TIMES + 1)]
            yield Kind.FLUIDS, {int(day): [at for at in chosen if at] for day in data["fluids_days"]}


def reminder_initial(stored: ReminderSettings) -> dict[str, Any]:
    """The stored choice as the form shows it."""
    shown: dict[str, Any] = {
        "first": _first(stored),
        "sms_number": stored.sms_number,
        "quiet_from": stored.quiet_from,
        "quiet_until": stored.quiet_until,
        "daily_cap": stored.daily_cap,
    }
    for kind, setting in stored.kinds.items():
        shown |= {f"{kind}-{way}": way in setting.ways for way in setting.offered}
    for day, times in stored.kinds[Kind.EXERCISES].times.items():
        shown[f"time_{day}"], shown[f"also_{day}"] = (*times, None)[:2]
    return shown | _movement(stored) | _fluids(stored)


def _first(stored: ReminderSettings) -> str:
    """The way to try first that explains the stored orders; of several the one that is wanted most."""
    orders = [setting.ways for setting in stored.kinds.values() if setting.ways]
    fitting = [way for way in USUAL_ORDER if all(list(ways) == _ordered(ways, way) for ways in orders)]
    return max(fitting or [Channel.EMAIL.value], key=lambda way: sum(way in ways for ways in orders))


def _ordered(ways: Collection[str], first: str) -> list[str]:
    """The ways in the usual order, but for the one to try first."""
    return sorted(sorted(ways, key=USUAL_ORDER.index), key=lambda way: way != first)


def _movement(stored: ReminderSettings) -> dict[str, Any]:
    week = stored.kinds[Kind.MOVEMENT].times
    of_day = sorted({at for times in week.values() for at in times})
    if not of_day:
        return {"movement_days": WORKDAYS, "movement_from": time(9), "movement_until": time(17), "movement_every": 60}
    gap = 60
    if len(of_day) > 1:
        gap = (of_day[1].hour - of_day[0].hour) * 60 + of_day[1].minute - of_day[0].minute
    return {
        "movement_days": [str(day) for day in week],
        "movement_from": of_day[0],
        "movement_until": of_day[-1],
        "movement_every": gap,
    }


def _fluids(stored: ReminderSettings) -> dict[str, Any]:
    week = stored.kinds[Kind.FLUIDS].times
    of_day = sorted({at for times in week.values() for at in times})
    default = [from_week_minute(minutes)[1] for minutes in (600, 750, 900)]
    times = {f"fluids_{number}": at for number, at in enumerate(of_day or default, start=1)}
    return {"fluids_days": [str(day) for day in week] or WORKDAYS, **times}


class PauseForm(forms.Form):
    """Days without messages, by the patient's calendar. Without a last day: until resumed."""

    paused_from = forms.DateField(
        label=_("First day without messages"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    paused_until = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("Leave it empty to pause until you resume."),
    )
