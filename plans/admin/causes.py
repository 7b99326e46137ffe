"""Root causes with evidence and goals, phases with criteria, education topics."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from plans.admin.base import ChildPermissions, CompactFields, KeyFields, KnowledgeAdmin
from plans.admin.fields import category_choices, flag_choices, region_choices
from plans.models import EducationTopic, PhaseCriterion, PhaseRule, RootCause, RootCauseEvidence, RootCauseGoal


class EvidenceInline(ChildPermissions, CompactFields, admin.TabularInline):  # type: ignore[type-arg]
    model = RootCauseEvidence
    extra = 0
    fields = ("kind", "group", "finding", "op", "value", "weight", "order")


class GoalInline(ChildPermissions, CompactFields, admin.TabularInline):  # type: ignore[type-arg]
    model = RootCauseGoal
    extra = 0
    fields = ("metric", "op", "target", "by", "order")


@admin.register(RootCause)
class RootCauseAdmin(KnowledgeAdmin):
    list_display = ("label", "key", "category", "regions", "plan_effect", "referral_level", "is_active")
    list_filter = ("category", "plan_effect", "referral_level", "is_active")
    search_fields = ("label", "key", "explanation", "patient_text", "evidence__finding")
    inlines = (EvidenceInline, GoalInline)
    children = {RootCauseEvidence: "cause", RootCauseGoal: "cause"}
    one_key = {"category": category_choices}
    key_choices = {"regions": region_choices, "blocked_by_flags": flag_choices}
    key_lines = {
        **{f"{kind}_phase{n}": 6 for kind in ("techniques", "exercises") for n in (1, 2, 3)},
        "education": 4,
    }
    fieldsets = (
        (
            None,
            {"fields": ("label", "key", "category", "explanation", "patient_text", "regions", "is_active", "order")},
        ),
        ("Score", {"fields": (("possible", "probable", "strong"), "blocked_by_flags", "plan_effect")}),
        ("Techniques", {"fields": ("techniques_phase1", "techniques_phase2", "techniques_phase3")}),
        ("Exercises", {"fields": ("exercises_phase1", "exercises_phase2", "exercises_phase3", "education")}),
        ("Referral", {"fields": ("referral_level", "referral_now", "referral_tests", "referral_rule")}),
    )


class CriterionInline(ChildPermissions, KeyFields, admin.StackedInline):  # type: ignore[type-arg]
    model = PhaseCriterion
    extra = 0
    key_lines = {"cause_categories": 2, "measures": 2}
    fields = (
        ("key", "label", "kind"),
        "text",
        ("waivable", "when_goal", "verify"),
        "cause_categories",
        "measures",
        ("basis", "order"),
    )


@admin.register(PhaseRule)
class PhaseRuleAdmin(KnowledgeAdmin):
    list_display = ("number", "name", "aim", "exercise_ceiling", "home_minutes")
    readonly_fields = ("number",)
    inlines = (CriterionInline,)
    children = {PhaseCriterion: "phase"}
    fieldsets = (
        (None, {"fields": ("number", "name", "aim", "emphasis")}),
        ("Ceilings", {"fields": ("exercise_ceiling", "home_minutes", "home", "figures")}),
        ("Visits", {"fields": ("usual_duration", "visits", "visit_length", "passive_share")}),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(EducationTopic)
class EducationTopicAdmin(KnowledgeAdmin):
    list_display = ("title", "key", "phases", "is_active")
    list_filter = ("is_active",)
    search_fields = ("title", "key", "messages", "safety")
    key_lines = {"messages": 10}
    fieldsets = (
        (None, {"fields": ("title", "key", "phases", "is_active", "order")}),
        ("When", {"fields": ("attach_when", "attach")}),
        ("What is said", {"fields": ("messages", "reference_figures", "safety")}),
    )
