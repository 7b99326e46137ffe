"""The exercise library. It is registered here and not beside its models because saving it runs the cross-check."""

from __future__ import annotations

from django.contrib import admin

from exercises.models import Exercise, ExerciseDosage
from plans.admin.base import ChildPermissions, CompactFields, KnowledgeAdmin
from plans.admin.fields import (
    condition_choices,
    exercise_technique_choices,
    load_tag_choices,
    muscle_choices,
    words_of,
)
from plans.knowledge import schema
from plans.models import Technique


class DosageInline(ChildPermissions, CompactFields, admin.TabularInline):  # type: ignore[type-arg]
    model = ExerciseDosage
    extra = 0
    max_num = 3
    fields = (
        "phase", "sets", "reps", "hold_s", "duration_min", "per_day", "days_per_week", "rpe_low", "rpe_high", "rest_s",
    )  # fmt: skip


class TechniqueFilter(admin.SimpleListFilter):
    """By exercise technique."""

    title = "technique"
    parameter_name = "technique"

    def lookups(self, request: object, model_admin: object) -> list[tuple[str, str]]:
        return list(Technique.objects.filter(category__in=["exercise", "support"]).values_list("key", "name"))

    def queryset(self, request: object, queryset):  # type: ignore[no-untyped-def]
        return queryset.filter(technique=self.value()) if self.value() else queryset


@admin.register(Exercise)
class ExerciseAdmin(KnowledgeAdmin):
    list_display = ("name", "key", "kind", "technique", "region", "phases", "is_active")
    list_filter = ("kind", "region", "position", TechniqueFilter, "is_active")
    search_fields = ("name", "key", "cues", "target_muscles")
    autocomplete_fields = ("progression", "regression")
    inlines = (DosageInline,)
    children = {ExerciseDosage: "exercise"}
    one_key = {
        "kind": words_of(schema.Exercise, "kind"),
        "position": words_of(schema.Exercise, "position"),
        "technique": exercise_technique_choices,
    }
    key_choices = {
        "target_muscles": muscle_choices,
        "load_tags": load_tag_choices,
        "contraindications": condition_choices,
        "contraindications_at_region": condition_choices,
        "precautions": condition_choices,
    }
    key_lines = {"equipment": 2, "setting": 2, "cues": 5}
    fieldsets = (
        (None, {"fields": ("name", "key", "kind", "technique", "region", "target_muscles", "phases", "is_active")}),
        ("How", {"fields": ("position", "equipment", "setting", "cues", "common_error", "stop_if")}),
        ("Easier and harder", {"fields": ("regression", "progression", "order")}),
        (
            "Safety",
            {
                "fields": ("load_tags", "contraindications", "contraindications_at_region", "precautions"),
                "description": "Added to what the conditions say about the technique and the load tags, never less.",
            },
        ),
    )
