"""Forms of the diary. What may be booked is the rule of the actions; these only read what was typed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from clinic.errors import DomainError, ManyProblems
from clinic.models import Practitioner
from scheduling.models import Appointment, CancelReason, Kind, Room

LENGTHS = (20, 30, 40, 45, 60, 75, 90)
# The actions speak of the start; the form asks for the time and the day.
FIELD_OF = {"start": "at"}


class VisitForm(forms.Form):
    """Who, when, where and what kind. Times are read on the clinic's clock."""

    practitioner = forms.ModelChoiceField(Practitioner.objects.none(), label="Physiotherapist", empty_label="Choose")
    kind = forms.ChoiceField(choices=Kind.choices, label="Kind of visit")
    day = forms.DateField(label="Day", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    at = forms.TimeField(label="Time", widget=forms.TimeInput(attrs={"type": "time", "step": "300"}, format="%H:%M"))
    minutes = forms.TypedChoiceField(coerce=int, label="Length")
    room = forms.ModelChoiceField(Room.objects.none(), required=False, empty_label="No room", label="Room")
    desk_note = forms.CharField(
        required=False, max_length=200, label="Note for the desk", help_text="No clinical text: everybody reads it."
    )
    booking_key = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    sequence = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, zone: ZoneInfo, visit: Appointment | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        practitioner, room, minutes = self.fields["practitioner"], self.fields["room"], self.fields["minutes"]
        assert isinstance(practitioner, forms.ModelChoiceField)  # noqa: S101 - narrows the type
        assert isinstance(room, forms.ModelChoiceField)  # noqa: S101
        assert isinstance(minutes, forms.TypedChoiceField)  # noqa: S101
        active = Practitioner.objects.filter(user__is_active=True)
        practitioner.queryset = active.select_related("user").order_by("user__name")
        room.queryset = Room.objects.filter(is_active=True)
        lengths = {*LENGTHS, *([int((visit.ends_at - visit.starts_at).total_seconds() // 60)] if visit else [])}
        minutes.choices = [(n, f"{n} minutes") for n in sorted(lengths)]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("day") and data.get("at"):
            start = datetime.combine(data["day"], data["at"], tzinfo=self.zone)
            if start.astimezone(UTC).astimezone(self.zone).time() != data["at"]:
                self.add_error("at", "The clock skips this time on that day. Choose another.")
            data["start"] = start.astimezone(UTC)
        return data

    def refuse(self, error: DomainError) -> None:
        """Show what the action refused at the field that caused it."""
        for problem in error.problems if isinstance(error, ManyProblems) else (error,):
            name = FIELD_OF.get(problem.field or "", problem.field)
            self.add_error(name if name in self.fields else None, problem.message)

    def wish(self) -> dict[str, Any]:
        """What both booking and moving take."""
        data = self.cleaned_data
        return {name: data[name] for name in ("start", "minutes", "room", "kind", "desk_note")}


class CancelForm(forms.Form):
    """Why a visit does not take place."""

    reason = forms.ChoiceField(choices=CancelReason.choices, widget=forms.RadioSelect, label="Why")
    desk_note = forms.CharField(
        required=False, max_length=200, label="Note for the desk", help_text="No clinical text: everybody reads it."
    )
    sequence = forms.IntegerField(required=False, widget=forms.HiddenInput)
