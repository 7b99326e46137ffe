"""The form of one diary entry. The rules are in ``assessments.diary.actions``."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from assessments.diary.actions import COMMENT_MAX, Episode
from assessments.models import DiaryEntry
from assessments.models.diary import Doing, EpisodeKind, Fluids, Helped, Lasted
from clinic.anatomy import REGIONS
from clinic.said import said
from clinic.templatetags.body_map import short_place
from portal.forms import PAIN_CHOICES

SIDES = [
    ("left", pgettext_lazy("of the body", "Left")),
    ("right", pgettext_lazy("of the body", "Right")),
    ("both", pgettext_lazy("of the body", "Both sides")),
    ("midline", pgettext_lazy("of the body", "In the middle")),
]
# Where a muscle can cramp; the whole body and the throat are no places to point at.
LEFT_OUT = ("whole_body", "cervical_anterior")


class DiaryForm(forms.Form):
    """What came, where, how strong; the rest may stay empty."""

    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    kind = forms.ChoiceField(label=_("What was it?"), choices=EpisodeKind.choices, widget=forms.RadioSelect)
    region = forms.ChoiceField(
        label=_("Where?"),
        widget=forms.Select(attrs={"data-body-region": True}),
        error_messages={"required": _("Choose where it was."), "invalid_choice": _("Choose where it was.")},
    )
    side = forms.ChoiceField(
        label=_("Which side?"),
        choices=[("", "…"), *SIDES],
        widget=forms.Select(attrs={"data-body-side": True}),
        error_messages={"required": _("Choose the side.")},
    )
    strength = forms.TypedChoiceField(
        label=_("How strong was it?"),
        choices=PAIN_CHOICES,
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Strength is a number from 0 to 10."),
            "invalid_choice": _("Strength is a number from 0 to 10."),
        },
    )
    happened_at = forms.DateTimeField(
        label=_("When?"),
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    lasted = forms.ChoiceField(
        label=_("How long did it last?"), choices=Lasted.choices, widget=forms.RadioSelect, required=False
    )
    doing = forms.ChoiceField(
        label=_("What were you doing?"), choices=Doing.choices, widget=forms.RadioSelect, required=False
    )
    helped = forms.MultipleChoiceField(
        label=_("What helped?"), choices=Helped.choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    fluids = forms.ChoiceField(
        label=_("How much did you drink that day?"), choices=Fluids.choices, widget=forms.RadioSelect, required=False
    )
    comment = forms.CharField(
        label=_("Anything else?"),
        required=False,
        max_length=COMMENT_MAX,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = [(key, short_place(said(label))) for key, label in REGIONS.items() if key not in LEFT_OUT]
        self.fields["region"].choices = [("", "…"), *places]  # type: ignore[attr-defined]

    def episode(self) -> Episode:
        """The valid form as the plain value that the action takes."""
        data = self.cleaned_data
        return Episode(**{name: data[name] for name in Episode.__dataclass_fields__})


def entry_initial(entry: DiaryEntry) -> dict[str, Any]:
    """A stored entry as the form shows it."""
    names = ("client_id", *Episode.__dataclass_fields__)
    return {name: getattr(entry, name) for name in names}
