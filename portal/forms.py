"""Forms of the portal: the log of one session, and settings."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any, cast
from uuid import UUID, uuid4
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from clinic.models import Patient, Proxy
from exercises.models import HomePause, Prescription, SessionLog, SkipReason
from plans.models import PatientQuestion

PAIN_CHOICES = [(str(number), str(number)) for number in range(11)]
STATE_CHOICES = [
    (SessionLog.State.DONE.value, _("Done")),
    (SessionLog.State.PART.value, _("Part of it")),
    (SessionLog.State.SKIPPED.value, _("Not today")),
]
REASON_CHOICES = [
    (SkipReason.PAIN.value, _("It hurt too much")),
    (SkipReason.TIME.value, _("No time")),
    (SkipReason.FORGOT.value, _("I forgot")),
    (SkipReason.UNSURE.value, _("Not sure how")),
    (SkipReason.EASY.value, _("Too easy")),
    (SkipReason.EQUIPMENT.value, _("Nothing to do it with")),
    (SkipReason.UNWELL.value, _("Not well")),
    (SkipReason.OTHER.value, _("Something else")),
]


class LogForm(forms.Form):
    """One session of one exercise. The rules are in ``exercises.actions``; here are words and widgets."""

    on = forms.DateField(widget=forms.HiddenInput)
    bout = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=10)
    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    state = forms.ChoiceField(label=_("How did it go?"), choices=STATE_CHOICES, widget=forms.RadioSelect)
    reason = forms.ChoiceField(
        label=_("What got in the way?"),
        choices=REASON_CHOICES,
        widget=forms.RadioSelect,
        required=False,
        help_text=_("Only when it was not all done."),
    )
    pain = forms.TypedChoiceField(
        label=_("How much did it hurt?"),
        choices=PAIN_CHOICES,
        coerce=int,
        empty_value=None,
        widget=forms.RadioSelect,
        required=False,
        error_messages={"invalid_choice": _("Pain is a number from 0 to 10.")},
    )
    comment = forms.CharField(
        label=_("Anything your physiotherapist should know?"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )


class AskForm(forms.Form):
    """A short question. The rules are in ``plans.actions.questions``."""

    client_id = forms.CharField(widget=forms.HiddenInput, required=False)
    follows = forms.ModelChoiceField(PatientQuestion.objects.none(), widget=forms.HiddenInput, required=False)
    topic = forms.ChoiceField(
        label=_("What is it about?"), choices=PatientQuestion.Topic.choices, widget=forms.RadioSelect
    )
    prescription = forms.ModelChoiceField(Prescription.objects.none(), label=_("Which exercise?"), required=False)
    text = forms.CharField(
        label=_("Your question"),
        max_length=600,
        help_text=_("One question at a time, in a few sentences."),
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off"}),
    )

    def __init__(self, patient: Patient, *args: Any, **kwargs: Any) -> None:
        """Only exercises and questions of this patient may be named."""
        super().__init__(*args, **kwargs)
        running = Prescription.objects.filter(patient=patient).exclude(state=Prescription.State.STOPPED)
        exercise = cast("forms.ModelChoiceField[Prescription]", self.fields["prescription"])
        exercise.queryset = running.select_related("exercise").order_by("position", "pk")
        exercise.label_from_instance = lambda row: row.exercise.name  # type: ignore[method-assign,assignment]
        asked = cast("forms.ModelChoiceField[PatientQuestion]", self.fields["follows"])
        asked.queryset = PatientQuestion.objects.filter(patient=patient)

    def said(self) -> dict[str, Any]:
        """What the action takes; an id that is none is made anew."""
        return {**self.cleaned_data, "client_id": uuid_of(self.cleaned_data["client_id"])}


def uuid_of(text: str) -> UUID:
    """The id that the device made, or a new one."""
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


class ProxyForm(forms.Form):
    """Who may help. The rules are in ``clinic.proxies``."""

    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    relation = forms.ChoiceField(label=_("Who is this?"), choices=Proxy.Relation.choices, widget=forms.RadioSelect)
    scopes = forms.MultipleChoiceField(
        label=_("May do for you"), choices=Proxy.Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    expires_on = forms.DateField(label=_("Until"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))

    def __init__(self, *args: Any, latest: date, **kwargs: Any) -> None:
        """The calendar ends with the longest right that may be given."""
        super().__init__(*args, **kwargs)
        self.fields["expires_on"].widget.attrs["max"] = latest.isoformat()


class AnyOf(forms.MultipleChoiceField):
    """Whatever was ticked: the action decides what a sign means that this version does not know."""

    def valid_value(self, value: Any) -> bool:
        return isinstance(value, str) and len(value) <= 40


class ChangedForm(forms.Form):
    """What has changed. Generous on purpose: nothing but an empty form or a book is refused."""

    client_id = forms.CharField(widget=forms.HiddenInput, required=False)
    acted_at = forms.CharField(widget=forms.HiddenInput, required=False)
    signs = AnyOf(label=_("What has changed?"), required=False)
    words = forms.CharField(
        label=_("In your own words"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )

    def said(self) -> dict[str, Any]:
        """What the action takes; an id or a time that is none is made anew."""
        data = self.cleaned_data
        try:
            acted_at = parse_datetime(data["acted_at"])
        except ValueError:
            acted_at = None
        aware = acted_at if acted_at is not None and acted_at.tzinfo is not None else None
        return {
            "signs": data["signs"],
            "words": data["words"],
            "client_id": uuid_of(data["client_id"]),
            "acted_at": aware,
        }


def log_initial(log: SessionLog | None, **given: Any) -> dict[str, Any]:
    """What the form shows first: the stored log, or what the tapped button said."""
    if log is None:
        return given
    stored = {"state": log.state, "reason": log.reason, "pain": log.pain, "comment": log.comment}
    return {**stored, **{key: value for key, value in given.items() if value}}


PAUSE_CHOICES = [
    (HomePause.Reason.HOLIDAY.value, _("Holiday or travel")),
    (HomePause.Reason.ILL.value, _("I am ill")),
    (HomePause.Reason.OTHER.value, _("Something else")),
]


def date_input() -> forms.DateInput:
    """A day picker that shows a stored day as the browser wants it."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class PauseForm(forms.Form):
    """Days without exercises. The rules are in ``exercises.pauses``."""

    reason = forms.ChoiceField(label=_("Why?"), choices=PAUSE_CHOICES, widget=forms.RadioSelect)
    starts_on = forms.DateField(label=_("First day"), widget=date_input())
    ends_on = forms.DateField(label=_("Last day"), widget=date_input())
    note = forms.CharField(label=_("Anything your physiotherapist should know?"), required=False, max_length=200)


@cache
def zone_choices() -> list[tuple[str, str]]:
    """Every zone that is named after a place, "Europe/London" as "Europe / London"."""
    places = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))
    return [(zone, zone.replace("_", " ").replace("/", " / ")) for zone in places]


class PersonalForm(forms.ModelForm[Patient]):
    """Language and clock of the portal and of every message."""

    time_zone = forms.ChoiceField(label=_("Your time zone"), choices=zone_choices)

    class Meta:
        model = Patient
        fields = ["language", "time_zone"]
        labels = {"language": _("Language")}
        widgets = {"language": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the languages that are shipped; with a single one there is nothing to choose."""
        super().__init__(*args, **kwargs)
        if len(settings.LANGUAGES) < 2:
            del self.fields["language"]
