"""Forms of the worklist; limits and refusals come from the actions."""

from __future__ import annotations

from django import forms

from plans.models import WatchLimits
from plans.watch.actions import ACTIONS


class SettleForm(forms.Form):
    """What was done, and what came of it."""

    action = forms.ChoiceField(label="What did you do?", choices=[("", "Choose…"), *ACTIONS.items()])
    outcome = forms.CharField(label="What came of it?", max_length=500, required=False)


class LimitsForm(forms.ModelForm[WatchLimits]):
    """From where on the rules speak for one plan."""

    class Meta:
        model = WatchLimits
        fields = ("silent_hours", "pain_high", "pain_rise", "function_drop_pct", "adherence_low_pct")
