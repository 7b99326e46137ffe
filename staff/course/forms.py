"""Forms of the phase review. What may be entered, and its limits, comes from the domain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from plans.actions.course import Seen
from plans.course.fields import MetricField
from plans.models import ReviewDecision

TEXT = {"maxlength": 300, "autocomplete": "off"}
NOT_CHECKED = "not_asked"  # looks like what it is: no answer, and not a no
YES_NO = [(NOT_CHECKED, "Not checked"), ("yes", "Yes"), ("no", "No")]
SIDES = ("left", "right")


class DecisionForm(forms.Form):
    """One of the four decisions, with a reason where it differs from the recommendation."""

    choice = forms.ChoiceField(choices=ReviewDecision.Choice.choices)
    to = forms.TypedChoiceField(
        label="Back to",
        coerce=int,
        empty_value=None,
        required=False,
        choices=[("", "—"), (1, "Phase 1"), (2, "Phase 2")],
    )
    reason = forms.CharField(label="Why", max_length=300, required=False, widget=forms.TextInput(attrs=TEXT))


class WaiverForm(forms.Form):
    """Waive a gate that stands still."""

    key = forms.SlugField(widget=forms.HiddenInput)
    reason = forms.CharField(label="Why", max_length=300, widget=forms.TextInput(attrs=TEXT))


class ObservationForm(forms.Form):
    """One field per metric (two where sides differ); empty means not measured. ``metrics`` say what is asked."""

    def __init__(self, metrics: Sequence[MetricField], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.metrics = metrics
        for metric in metrics:
            for side in SIDES if metric.sided else ("",):
                self.fields[field_name(metric.metric, side)] = _field(metric, side)
        self.fields["day"] = forms.DateField(label="Measured on", widget=forms.DateInput(attrs={"type": "date"}))
        self.fields["note"] = forms.CharField(
            label="Note", max_length=300, required=False, widget=forms.TextInput(attrs=TEXT)
        )

    def seen(self) -> list[Seen]:
        """What was entered."""
        found = []
        for metric in self.metrics:
            for side in SIDES if metric.sided else ("",):
                name = field_name(metric.metric, side)
                value = self.cleaned_data.get(name)
                if value not in (None, "", NOT_CHECKED):
                    found.append(Seen(metric.metric, value, side, name))
        return found

    def rows(self) -> list[dict[str, Any]]:
        """The fields as the page lays them out."""
        return [
            {
                "metric": metric,
                "fields": [self[field_name(metric.metric, side)] for side in (SIDES if metric.sided else ("",))],
            }
            for metric in self.metrics
        ]


def field_name(metric: str, side: str) -> str:
    """Name of the input of a metric on a side."""
    return f"{metric}-{side}" if side else metric


def _field(metric: MetricField, side: str) -> forms.Field:
    label = f"{metric.label}, {side}" if side else metric.label
    if metric.kind == "yesno":
        return forms.ChoiceField(
            label=label, choices=YES_NO, required=False, initial=NOT_CHECKED, widget=forms.RadioSelect
        )
    if metric.kind == "choice":
        return forms.ChoiceField(label=label, choices=[("", "Not measured"), *metric.choices], required=False)
    attrs = {"inputmode": "decimal", "autocomplete": "off", "maxlength": 8}
    return forms.CharField(
        label=label, required=False, max_length=8, help_text=metric.help, widget=forms.TextInput(attrs=attrs)
    )


class ProposalForm(forms.Form):
    """Take a dose proposal over into the next version, or dismiss it with a reason."""

    act = forms.ChoiceField(choices=[("take", "Take over"), ("dismiss", "Dismiss")])
    kind = forms.SlugField(max_length=10)
    reason = forms.CharField(label="Why", max_length=300, required=False, widget=forms.TextInput(attrs=TEXT))
