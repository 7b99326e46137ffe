"""Techniques with their doses, and region restrictions."""

from __future__ import annotations

from django.contrib import admin

from plans.admin.base import ChildPermissions, CompactFields, KnowledgeAdmin
from plans.admin.fields import credential_choices, region_choices, technique_choices
from plans.models import DoseParameter, RegionRestriction, Technique


class DoseParameterInline(ChildPermissions, CompactFields, admin.TabularInline):  # type: ignore[type-arg]
    model = DoseParameter
    extra = 0
    fields = ("parameter", "label", "unit", "default", "minimum", "maximum", "note", "verify", "order")


@admin.register(Technique)
class TechniqueAdmin(KnowledgeAdmin):
    list_display = ("name", "key", "category", "phases", "verify", "is_active")
    list_filter = ("category", "consent", "is_active", "verify")
    search_fields = ("name", "key", "aim", "evidence")
    inlines = (DoseParameterInline,)
    children = {DoseParameter: "technique"}
    key_choices = {"credentials": credential_choices}
    key_lines = {"equipment": 3}
    fieldsets = (
        (None, {"fields": ("name", "key", "category", "phases", "aim", "is_active", "order")}),
        ("Who and with what", {"fields": ("consent", "consent_text", "credentials", "credential_note", "equipment")}),
        (
            "When",
            {
                "fields": ("indications", "gate", "extra_rule"),
                "description": "Contraindications are kept with the conditions; regions under region restrictions.",
            },
        ),
        ("What to expect", {"fields": ("effects", "aftercare", "evidence", "verify")}),
    )


@admin.register(RegionRestriction)
class RegionRestrictionAdmin(KnowledgeAdmin):
    list_display = ("key", "regions", "level", "reason")
    list_filter = ("level", "verify")
    search_fields = ("key", "reason", "techniques", "regions")
    one_key = {"credential": credential_choices}
    key_choices = {"techniques": technique_choices, "regions": region_choices}
    fieldsets = (
        (None, {"fields": ("key", "techniques", "regions", "level", "reason", "source", "order")}),
        ("Exception", {"fields": ("override", "credential", "verify")}),
    )
