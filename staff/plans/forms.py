"""Forms of the plan pages. Bounds and refusals come from the actions; the forms keep what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from clinic.anatomy import REGION_CHOICES, SIDE_CHOICES
from plans.actions import OverrideRequest
from plans.actions.bulk import BULK_FIELDS
from plans.doses import LABELS, Bound, WordBound
from plans.models import DECLINABLE, Override, PlanCause

REASON = {"maxlength": 300, "autocomplete": "off"}


class ReasonForm(forms.Form):
    """Every change asks why."""

    reason = forms.CharField(label="Why", max_length=300, widget=forms.TextInput(attrs=REASON))


class DoseForm(ReasonForm):
    """One field per dose value; the bounds stand beside it and are checked by the action."""

    def __init__(self, bounds: Mapping[str, Bound | WordBound], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bounds = bounds
        for name, bound in bounds.items():
            self.fields[name] = _dose_field(bound)
        self.order_fields([*bounds, "reason"])

    def values(self) -> dict[str, Any]:
        """The typed dose."""
        return {name: self.cleaned_data[name] for name in self.bounds}


def _dose_field(bound: Bound | WordBound) -> forms.Field:
    if isinstance(bound, WordBound):
        return forms.ChoiceField(label=bound.label, choices=[(word, word) for word in bound.words], required=False)
    attrs = {"inputmode": "numeric" if bound.whole else "decimal", "autocomplete": "off", "maxlength": 8}
    return forms.CharField(
        label=bound.label, required=False, max_length=20, help_text=bound.text(), widget=forms.TextInput(attrs=attrs)
    )


class OverrideForm(forms.Form):
    """What a clinician states to re-enable a blocked item."""

    reason_code = forms.ChoiceField(label="Kind of reason", required=False)
    approval = forms.CharField(label="Approval on file", max_length=400, required=False)
    override_reason = forms.CharField(
        label="Reason for the override", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = Override._meta.get_field("reason_code").choices or []
        self.fields["reason_code"].choices = [("", "Choose…"), *codes]  # type: ignore[attr-defined]

    def request(self) -> OverrideRequest | None:
        """The override as stated; None when nothing was filled in."""
        data = self.cleaned_data
        if not any(data.get(name) for name in ("reason_code", "approval", "override_reason")):
            return None
        return OverrideRequest(data["reason_code"], data["approval"], data["override_reason"])


class AddForm(OverrideForm, ReasonForm):
    """Add an exercise or a technique to a phase."""

    key = forms.ChoiceField(label="What")
    region = forms.ChoiceField(label="Region", choices=[("", "—"), *REGION_CHOICES], required=False)
    side = forms.ChoiceField(label="Side", choices=[("", "—"), *SIDE_CHOICES], required=False)
    field_order = ("key", "region", "side", "reason", "reason_code", "approval", "override_reason")

    def __init__(self, choices: list[Any], *args: Any, with_place: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].choices = [("", "Choose…"), *choices]  # type: ignore[attr-defined]
        if not with_place:
            del self.fields["region"], self.fields["side"]


class SwapForm(OverrideForm, ReasonForm):
    """Another exercise in place of this one."""

    to = forms.ChoiceField(label="In its place")
    field_order = ("to", "reason", "reason_code", "approval", "override_reason")

    def __init__(self, choices: list[Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [("", "Choose…"), *choices]  # type: ignore[attr-defined]


class CauseForm(ReasonForm):
    """Accept, reject or leave a cause."""

    decision = forms.ChoiceField(label="Decision", choices=PlanCause.Decision.choices)
    field_order = ("decision", "reason")


class PlaceForm(ReasonForm):
    """Another region and side for an item."""

    region = forms.ChoiceField(label="Region", choices=[("", "—"), *REGION_CHOICES], required=False)
    side = forms.ChoiceField(label="Side", choices=[("", "—"), *SIDE_CHOICES], required=False)
    field_order = ("region", "side", "reason")

    def __init__(self, *args: Any, with_region: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_region:
            del self.fields["region"]


class BulkForm(ReasonForm):
    """Values for many exercises; an empty one stays as it is. The action checks each exercise's own bounds."""

    only = forms.MultipleChoiceField(label="For", widget=forms.CheckboxSelectMultiple)

    def __init__(self, choices: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["only"].choices = choices  # type: ignore[attr-defined]
        attrs = {"inputmode": "numeric", "autocomplete": "off", "maxlength": 8}
        for name in BULK_FIELDS:
            self.fields[name] = forms.CharField(
                label=LABELS[name], required=False, max_length=20, widget=forms.TextInput(attrs=attrs)
            )
        self.order_fields([*BULK_FIELDS, "only", "reason"])


class PackForm(forms.Form):
    """Keep the exercises of a phase under a name."""

    name = forms.CharField(label="Name", max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    for_clinic = forms.BooleanField(label="For everybody in the clinic", required=False)


class SummaryForm(forms.Form):
    """Words for the patient, above the plan in the portal."""

    summary = forms.CharField(
        label="Words for the patient",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Plain words: what you found together, what comes first, what to expect. Shown once you sign.",
    )


class DeclinedForm(forms.Form):
    """Families of techniques that the patient does not want."""

    families = forms.MultipleChoiceField(
        label="The patient does not want", choices=DECLINABLE, required=False, widget=forms.CheckboxSelectMultiple
    )
