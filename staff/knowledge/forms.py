"""Forms of the knowledge review. What is refused comes from the actions; the forms keep what was typed."""

from __future__ import annotations

from django import forms


class SignOffForm(forms.Form):
    """The statement of the clinical lead."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    statement = forms.CharField(
        label="Statement",
        max_length=500,
        help_text="What you reviewed, in your words.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    verify_note = forms.CharField(
        label="About the marked figures",
        max_length=1000,
        help_text="Which figures you confirm, and which you want changed first.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class TakeShippedForm(forms.Form):
    """Why rows should go back to the shipped text; the rows come as boxes of the list."""

    reason = forms.CharField(label="Why", max_length=500, widget=forms.TextInput(attrs={"autocomplete": "off"}))


class DecisionForm(forms.Form):
    """What becomes of a proposed change."""

    reason = forms.CharField(
        label="Note or reason",
        max_length=500,
        required=False,
        help_text="Needed when you reject.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    and_sign_off = forms.BooleanField(
        label="Sign off the new revision as well: I have reviewed this change as clinical lead",
        required=False,
    )
