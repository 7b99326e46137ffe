"""Form fields for short lists of keys: chosen from what exists, or written one to a line where order counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, get_args

from django import forms
from django.contrib.admin.widgets import FilteredSelectMultiple
from django.utils.html import format_html
from django.utils.safestring import SafeString
from pydantic import BaseModel

from clinic.anatomy import MUSCLE_CHOICES, REGION_CHOICES
from clinic.models import Condition
from exercises.models import Exercise
from plans.knowledge.documents import shipped_documents
from plans.models import EducationTopic, RedFlagRule, Technique

Choices = list[tuple[str, str]]


def technique_choices() -> Choices:
    return [(key, f"{name} ({key})") for key, name in Technique.objects.values_list("key", "name")]


def exercise_choices() -> Choices:
    return [(key, f"{name} ({key})") for key, name in Exercise.objects.values_list("key", "name")]


def condition_choices() -> Choices:
    return [(key, f"{label} ({key})") for key, label in Condition.objects.values_list("key", "label")]


def flag_choices() -> Choices:
    return [(key, f"{label} ({key})") for key, label in RedFlagRule.objects.values_list("key", "label")]


def education_choices() -> Choices:
    return list(EducationTopic.objects.values_list("key", "title"))


def region_choices() -> Choices:
    return list(REGION_CHOICES)


def muscle_choices() -> Choices:
    return list(MUSCLE_CHOICES)


def load_tag_choices() -> Choices:
    return [(key, f"{key}: {text}") for key, text in shipped_documents().conditions["meta"]["load_tags"].items()]


def credential_choices() -> Choices:
    return list(shipped_documents().techniques["meta"]["credentials"].items())


def exercise_technique_choices() -> Choices:
    rows = Technique.objects.filter(category__in=["exercise", "support"])
    return [(key, f"{name} ({key})") for key, name in rows.values_list("key", "name")]


def words_of(model: type[BaseModel], column: str) -> Callable[[], Choices]:
    """The words that the schema allows in a column, with capitals for people."""
    words = get_args(model.model_fields[column].annotation)
    return lambda: [(word, word.replace("_", " ").capitalize()) for word in words]


def category_choices() -> Choices:
    """The categories that causes have; rules name some of them."""
    words = {cause["category"] for cause in shipped_documents().root_causes["root_causes"]}
    return [(word, word.replace("_", " ").capitalize()) for word in sorted(words)]


def with_all(choices: Callable[[], Choices]) -> Callable[[], Choices]:
    """The choices with ALL before them."""

    def found() -> Choices:
        return [("ALL", "ALL - everything within the scope"), *choices()]

    return found


class KeySelect(FilteredSelectMultiple):
    """The admin's two-box select in a box of its own, which its script expects; else the label lands behind it."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        inner = super().render(name, value, attrs, renderer)
        return format_html('<div class="related-widget-wrapper">{}</div>', inner)


class KeyChoicesField(forms.MultipleChoiceField):
    """Several keys out of those that exist. A stored key that no longer exists stays visible, so that it can go."""

    def __init__(self, *, source: Callable[[], Choices], name: str, **options: Any) -> None:
        widget = KeySelect(verbose_name=name, is_stacked=False)
        super().__init__(choices=source, widget=widget, **options)

    def prepare_value(self, value: Any) -> Any:
        return list(value) if isinstance(value, (list, tuple)) else value

    def valid_value(self, value: Any) -> bool:
        return True  # the cross-check names dangling keys together with where they stand

    def clean(self, value: Any) -> list[str]:
        return list(dict.fromkeys(super().clean(value)))


class LinesField(forms.CharField):
    """A list in written order, one entry to a line."""

    def __init__(self, *, rows: int = 6, **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows, "class": "vLargeTextField"})
        super().__init__(widget=widget, **options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, (list, tuple)) else value

    def clean(self, value: Any) -> Any:
        return [line.strip() for line in str(super().clean(value)).splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != [line.strip() for line in str(data or "").splitlines() if line.strip()]


class PhasesField(forms.TypedMultipleChoiceField):
    """Phases 1 to 3 as boxes."""

    def __init__(self, **options: Any) -> None:
        choices: Iterable[tuple[int, str]] = [(1, "Phase 1"), (2, "Phase 2"), (3, "Phase 3")]
        super().__init__(choices=choices, coerce=int, widget=forms.CheckboxSelectMultiple, **options)
