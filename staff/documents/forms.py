"""The form of a letter; limits and refusals come from the action."""

from __future__ import annotations

from django import forms

from plans.documents.letter import REQUEST


class ReportForm(forms.Form):
    """To whom, and what the record does not say."""

    recipient = forms.CharField(
        label="To", max_length=200, help_text="Name of the colleague, practice or department.", strip=True
    )
    address = forms.CharField(
        label="Address", max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 3}), strip=True
    )
    remarks = forms.CharField(
        label="Remarks",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What the record does not say. It stands in the letter as it is.",
    )


class LetterForm(ReportForm):
    """To whom, and what is asked."""

    request = forms.CharField(
        label="What you ask for", max_length=2000, initial=REQUEST, widget=forms.Textarea(attrs={"rows": 3})
    )

    field_order = ("recipient", "address", "request", "remarks")
