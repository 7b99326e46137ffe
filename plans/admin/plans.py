"""Plans in the admin: shown to those who review, changed only on their own pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from clinic.admin import ReadOnlyAdmin
from clinic.audit import note_seen
from plans.models import Override, PlanEdit, PlanVersion


class PlanEditInline(admin.TabularInline[Any, Any]):
    """What people changed in the draft, with their reasons."""

    model = PlanEdit
    extra = 0
    can_delete = False
    fields = ("at", "action", "item", "phase", "reason", "by")
    readonly_fields = ("at",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # whoever may open the version


@admin.register(PlanVersion)
class PlanVersionAdmin(ReadOnlyAdmin):
    """Who planned what for whom, and who signed it."""

    list_display = ("created_at", "patient", "number", "state", "disposition", "start_phase", "signed_by", "signed_at")
    list_filter = ("state", "disposition", "start_phase")
    search_fields = ("plan__episode__patient__number", "plan__episode__patient__family_name", "signed_by__user__name")
    date_hierarchy = "created_at"
    fieldsets = (
        (None, {"fields": ("plan", "number", "state", "based_on", "assessment")}),
        ("Outcome", {"fields": ("disposition", "start_phase", "is_complete", "summary_for_patient")}),
        ("Signature", {"fields": ("signed_by", "signed_at", "content_hash")}),
        ("What it rests on", {"fields": ("knowledge_revision", "facts_hash", "created_by", "created_at")}),
    )
    inlines = (PlanEditInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("plan__episode__patient", "signed_by__user")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Opening a version here is logged like opening it anywhere else."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            note_seen([found.plan.episode.patient_id])
        return found

    @admin.display(ordering="plan__episode__patient__family_name")
    def patient(self, version: PlanVersion) -> str:
        return str(version.plan.episode.patient)


@admin.register(Override)
class OverrideAdmin(ReadOnlyAdmin):
    """Overrides, to be counted by rule: a rule that is often overridden is wrong or tiring."""

    list_display = ("at", "rule", "reason_code", "approval", "by")
    list_filter = ("reason_code", "rule", "by")
    date_hierarchy = "at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        phase = "phase__version__plan__episode"
        items = (f"technique_item__{phase}", f"exercise_item__{phase}")
        return super().get_queryset(request).select_related("by__user", *items)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Opening an override here is logged like opening the plan."""
        found = super().get_object(request, object_id, from_field)
        item = (found.technique_item or found.exercise_item) if found is not None else None
        if item is not None:
            note_seen([item.phase.version.plan.episode.patient_id])
        return found
