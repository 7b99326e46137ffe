"""What may be copied from one assessment to the next, from ``carry.yaml``. Pure."""

from __future__ import annotations

from functools import cache

from assessments.vocabulary import VOCABULARY
from assessments.vocabulary.fields import Frozen
from assessments.vocabulary.load import VocabularyError, read


class AskedAnew(Frozen):
    """Findings that are never copied, and why."""

    paths: tuple[str, ...]
    reason: str


class CarryRules(Frozen):
    """The whole file. ``ages``: findings in days that grow with the time in between."""

    asked_anew: tuple[AskedAnew, ...]
    ages: tuple[str, ...] = ()

    def reason_against(self, path: str) -> str:
        """Why this finding is asked anew; empty when it may be copied."""
        wanted = {path, f"{path.partition('.')[0]}.*"}
        return next((row.reason for row in self.asked_anew if wanted & set(row.paths)), "")


@cache
def carry_rules() -> CarryRules:
    """The rules, checked against the vocabulary. Raises VocabularyError for a path that does not exist."""
    rules = CarryRules.model_validate(read("carry"))
    named = [path for row in rules.asked_anew for path in row.paths] + list(rules.ages)
    spaces = {f"{field.namespace}.*" for field in VOCABULARY.values()}
    unknown = [path for path in named if path not in VOCABULARY and path not in spaces]
    if unknown:
        raise VocabularyError(f"carry.yaml: unknown path {path}" for path in unknown)
    return rules
