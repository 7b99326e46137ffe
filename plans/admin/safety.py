"""Conditions with what they do, and red flags."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest

from clinic.models import Condition
from plans.admin.base import ChildPermissions, KeyFields, KnowledgeAdmin
from plans.admin.fields import load_tag_choices, region_choices, technique_choices, with_all, words_of
from plans.knowledge import schema
from plans.models import ConditionEffect, ConditionRule, RedFlagRule


class ConditionRuleInline(ChildPermissions, KeyFields, admin.StackedInline):  # type: ignore[type-arg]
    model = ConditionRule
    verbose_name_plural = "effect on exercise load tags"
    fields = ("avoid_load_tags", "caution_load_tags", "tag_scope", "note")
    key_choices = {"avoid_load_tags": load_tag_choices, "caution_load_tags": load_tag_choices}
    can_delete = False
    min_num = 1


class ConditionEffectInline(ChildPermissions, KeyFields, admin.StackedInline):  # type: ignore[type-arg]
    model = ConditionEffect
    verbose_name_plural = "contraindications and precautions"
    extra = 0
    fields = (
        ("level", "scope"),
        "techniques",
        "regions",
        "reason",
        "modification",
        ("override", "source", "order"),
    )
    key_choices = {"techniques": technique_choices, "regions": region_choices}


@admin.register(Condition)
class ConditionAdmin(KnowledgeAdmin):
    """A condition with its load tags, contraindications and precautions."""

    list_display = ("label", "key", "kind", "contraindications", "precautions")
    list_filter = ("kind", "needs_site", "is_derived", "effects__level")
    search_fields = ("label", "key", "ask", "effects__reason")
    readonly_fields = ("needs_site", "is_derived", "derivation")  # these follow from the effects
    one_key = {"kind": words_of(schema.Condition, "kind")}
    inlines = (ConditionRuleInline, ConditionEffectInline)
    children = {ConditionRule: "condition", ConditionEffect: "condition"}
    fieldsets = (
        (None, {"fields": ("label", "key", "kind", "ask", "position")}),
        ("How it is known", {"fields": ("needs_site", "is_derived", "derivation")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Condition]:
        found: QuerySet[Condition] = super().get_queryset(request)
        return found.annotate(
            forbids=Count("effects", filter=Q(effects__level="contraindicated"), distinct=True),
            warns=Count("effects", filter=Q(effects__level="precaution"), distinct=True),
        )

    @admin.display(description="contraindications", ordering="forbids")
    def contraindications(self, row: Any) -> int:
        return int(row.forbids)

    @admin.display(description="precautions", ordering="warns")
    def precautions(self, row: Any) -> int:
        return int(row.warns)


@admin.register(RedFlagRule)
class RedFlagRuleAdmin(KnowledgeAdmin):
    """The wording of a question, its urgency and its action are not softened here: they come with the product."""

    list_display = ("label", "key", "group", "region", "disposition", "action")
    list_filter = ("group", "disposition", "action", "verify")
    search_fields = ("label", "key", "question", "suspected")
    key_choices = {
        "remove_techniques": with_all(technique_choices),
        "remove_load_tags": with_all(load_tag_choices),
    }
    readonly_fields = (
        "key",
        "label",
        "group",
        "question",
        "suspected",
        "disposition",
        "action",
        "scope",
        "follows_from",
    )
    fieldsets = (
        (None, {"fields": ("label", "key", "group", "question", "suspected", "region")}),
        (
            "What a yes does",
            {"fields": ("disposition", "action", "scope", "remove_techniques", "remove_load_tags", "limits")},
        ),
        ("When it is true or asked again", {"fields": ("follows_from", "re_ask")}),
        ("Basis", {"fields": ("basis", "verify", "order")}),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
