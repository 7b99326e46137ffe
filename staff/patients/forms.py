"""Forms about people, episodes, conditions and consents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from clinic.actions import PATIENT_FIELDS
from clinic.anatomy import REGION_CHOICES, SIDE_CHOICES
from clinic.models import Answer, Condition, Consent, Episode, Patient, PatientCondition, Practitioner
from clinic.validators import known_time_zones


class PatientForm(forms.ModelForm[Patient]):
    """Registration and change of contact data. Whether a minor has a guardian is the action's rule."""

    accept_similar = forms.BooleanField(
        required=False, label="I looked at the record above: this is somebody else", widget=forms.HiddenInput
    )

    class Meta:
        model = Patient
        fields: ClassVar[list[str]] = list(PATIENT_FIELDS)
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "date_of_birth": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "address": forms.Textarea(attrs={"rows": 3}),
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
            "emergency_phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
            "guardian_phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
            "time_zone": forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"}),
        }

    # The groups of the page, in the order in which a receptionist asks.
    groups: ClassVar[tuple[tuple[str, tuple[str, ...]], ...]] = (
        (
            "Name and birth",
            ("given_name", "family_name", "preferred_name", "pronouns", "date_of_birth", "sex_at_birth"),
        ),
        ("Contact", ("email", "phone", "address", "language", "time_zone")),
        ("In an emergency", ("emergency_name", "emergency_relation", "emergency_phone")),
        ("Parent or guardian, for patients under 16", ("guardian_name", "guardian_phone", "guardian_email")),
        ("For booking", ("booking_preferences",)),
    )

    def grouped(self) -> Iterable[tuple[str, list[forms.BoundField]]]:
        """The fields under their headings."""
        return [(title, [self[name] for name in names]) for title, names in self.groups]

    @staticmethod
    def zone_suggestions() -> list[str]:
        """Zone names to choose from while typing."""
        return sorted(zone for zone in known_time_zones() if "/" in zone and not zone.startswith("Etc/"))


class EpisodeForm(forms.ModelForm[Episode]):
    """A new episode of care."""

    class Meta:
        model = Episode
        fields: ClassVar[list[str]] = ["complaint", "practitioner", "referral_source", "opened_on"]
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "opened_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        }
        labels: ClassVar[dict[str, str]] = {"complaint": "What brings them here", "opened_on": "Begins on"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active = Practitioner.objects.filter(user__is_active=True).select_related("user").order_by("user__name")
        self.fields["practitioner"] = forms.ModelChoiceField(active, label="Physiotherapist", empty_label="Choose")
        self.fields["opened_on"].initial = timezone.localdate


class ConditionForm(forms.Form):
    """One condition question: the answer, and for a yes the region, side and since when."""

    answer = forms.ChoiceField(choices=Answer.choices, widget=forms.RadioSelect)
    region = forms.ChoiceField(choices=[("", "Region"), *REGION_CHOICES], required=False)
    side = forms.ChoiceField(choices=[("", "Side"), *SIDE_CHOICES], required=False)
    since = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    note = forms.CharField(required=False, max_length=300)

    def __init__(self, condition: Condition, row: PatientCondition | None, *args: Any, **kwargs: Any) -> None:
        self.condition, self.row = condition, row
        site = next(iter(row.sites.all()), None) if row else None
        kwargs.setdefault("prefix", condition.key)
        kwargs["initial"] = {
            "answer": row.answer if row else Answer.NOT_ASKED,
            "region": site.region if site else "",
            "side": site.side if site else "",
            "since": row.since if row else None,
            "note": row.note if row else "",
        }
        super().__init__(*args, **kwargs)
        self.fields["answer"].label = condition.ask or condition.label
        self.fields["answer"].help_text = condition.label

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("side") and not data.get("region"):
            self.add_error("region", "A side needs its region.")
        return data

    def sites(self) -> list[tuple[str, str]]:
        """Where a yes applies."""
        region = self.cleaned_data.get("region")
        return [(region, self.cleaned_data.get("side", ""))] if region else []


class ConsentForm(forms.ModelForm[Consent]):
    """A consent with its signature."""

    class Meta:
        model = Consent
        fields: ClassVar[list[str]] = ["kind", "signed_on", "signed_by", "by_guardian", "note"]
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "signed_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        }
