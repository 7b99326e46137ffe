"""Assessments in the admin: to look at, never to change. They are written on their own page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from assessments.models import (
    Assessment,
    Finding,
    FlagClearance,
    PainMark,
    PsfsActivity,
    RedFlagAnswer,
    Surgery,
    SymptomRegion,
)
from clinic.admin import ReadOnlyAdmin
from clinic.audit import note_seen


class ReadOnlyInline(admin.TabularInline[Any, Any]):
    """Rows of an assessment, shown only."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # whoever may open the assessment


def _inline(shown: type[Any], columns: tuple[str, ...]) -> type[ReadOnlyInline]:
    return type(f"{shown.__name__}Inline", (ReadOnlyInline,), {"model": shown, "fields": columns})


@admin.register(Assessment)
class AssessmentAdmin(ReadOnlyAdmin):
    """Who assessed whom and when, with every row."""

    list_display = ("assessed_on", "patient", "kind", "state", "author", "signed_by", "signed_at")
    list_filter = ("state", "kind")
    search_fields = ("episode__patient__number", "episode__patient__family_name", "author__name")
    date_hierarchy = "assessed_on"
    inlines = (
        _inline(Finding, ("path", "side", "mode", "number", "text", "truth", "choices", "pain_limited", "note")),
        _inline(SymptomRegion, ("region", "side")),
        _inline(PainMark, ("view", "region", "side", "depth", "quality", "nprs")),
        _inline(PsfsActivity, ("position", "activity", "score")),
        _inline(Surgery, ("procedure", "region", "side", "performed_on")),
        _inline(RedFlagAnswer, ("flag", "answer", "region", "side", "note")),
        _inline(FlagClearance, ("flag", "reason", "source", "cleared_by")),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("episode__patient", "author", "signed_by")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Opening an assessment here is logged like opening it anywhere else."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            note_seen([found.episode.patient_id])
        return found

    @admin.display(ordering="episode__patient__family_name")
    def patient(self, assessment: Assessment) -> str:
        return str(assessment.episode.patient)
