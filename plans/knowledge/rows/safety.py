"""Conditions with their effects, and red flags, as rows."""

from __future__ import annotations

from django.db import models

from clinic.models import Condition
from plans.knowledge import schema
from plans.knowledge.documents import shipped_documents
from plans.knowledge.rows.codec import Codec, Fragment, replace_children
from plans.models import ConditionEffect, ConditionRule, RedFlagRule

_EFFECT_COLUMNS = ("techniques", "level", "scope", "regions", "override", "reason", "modification", "source")
_RULE_COLUMNS = ("avoid_load_tags", "caution_load_tags", "tag_scope", "note")
# An unrecorded region of this condition means the whole body (conditions, meta.semantics.missing_region).
_REGION_BY_DEFAULT = ("open_growth_plates",)


class ConditionCodec(Codec):
    document, list_name, schema = "conditions", "conditions", schema.Condition
    columns = ("key", "label", "kind", "ask")

    def queryset(self) -> models.QuerySet[Condition]:
        return Condition.objects.filter(rule__isnull=False).select_related("rule").prefetch_related("effects")

    def hash_of(self, row: Condition) -> str:
        return str(row.rule.shipped_hash)

    def set_hash(self, row: Condition, value: str) -> None:
        row.rule.shipped_hash = value
        row.rule.save(update_fields=["shipped_hash"])

    def fragment(self, row: Condition) -> Fragment:
        rule = {name: getattr(row.rule, name) for name in _RULE_COLUMNS}
        effects = [{name: getattr(effect, name) for name in _EFFECT_COLUMNS} for effect in row.effects.all()]
        return self.read_columns(row) | rule | {"technique_effects": effects}

    def write(self, row: Condition | None, fragment: Fragment, *, order: int, shipped_hash: str) -> Condition:
        row = row or Condition.objects.filter(key=fragment["key"]).first() or Condition()
        for name, value in self.values(fragment).items():
            setattr(row, name, value)
        row.needs_site = _needs_site(fragment)
        derived = shipped_documents().conditions["meta"]["derived_conditions"].get(fragment["key"])
        row.is_derived, row.derivation = derived is not None, derived["text"][:300] if derived else ""
        row.position = order
        row.save()
        rule = ConditionRule.objects.filter(condition=row).first() or ConditionRule(condition=row)
        for name in _RULE_COLUMNS:
            setattr(rule, name, fragment[name])
        rule.order, rule.shipped_hash = order, shipped_hash
        rule.save()
        effects = enumerate(fragment["technique_effects"])
        replace_children(
            [ConditionEffect(condition=row, order=number, **effect) for number, effect in effects], row.effects
        )
        return row


def _needs_site(fragment: Fragment) -> bool:
    at_region = any(effect["scope"] == "at_region" for effect in fragment["technique_effects"])
    tags = bool(fragment["avoid_load_tags"] or fragment["caution_load_tags"]) and fragment["tag_scope"] == "at_region"
    return (at_region or tags) and fragment["key"] not in _REGION_BY_DEFAULT


class RedFlagCodec(Codec):
    document, list_name, schema = "red_flags", "red_flags", schema.RedFlag
    columns = (
        "key", "label", "group", "region", "question", "suspected", "disposition", "action", "scope",
        "remove_techniques", "remove_load_tags", "limits", "basis", "verify", "follows_from", "re_ask",
    )  # fmt: skip

    def queryset(self) -> models.QuerySet[RedFlagRule]:
        return RedFlagRule.objects.all()

    def fragment(self, row: RedFlagRule) -> Fragment:
        return self.read_columns(row)

    def write(self, row: RedFlagRule | None, fragment: Fragment, *, order: int, shipped_hash: str) -> RedFlagRule:
        row = row or RedFlagRule()
        for name, value in self.values(fragment).items():
            setattr(row, name, value)
        row.order, row.shipped_hash = order, shipped_hash
        row.save()
        return row
