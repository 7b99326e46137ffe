"""Refusals that a patient can meet are said in the patient's language."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from clinic.errors import Invalid
from portal.problems import WORDS, words

ROOT = Path(__file__).resolve().parents[2]
REFUSALS = {"Invalid", "Conflict", "Refused", "DomainError", "ManyProblems", "Problem"}

# Raised in modules that the portal uses, but only by acts of staff.
OF_STAFF = {
    "before_signing", "consent_by", "consent_open", "corrected_already", "future", "guardian", "answer", "not_paused",
    "outcome", "region", "reason_long", "reply_long", "reply_missing", "settled", "side", "similar", "too_late",
    "withdrawn",
}  # fmt: skip


def _imported(path: Path) -> Iterator[Path]:
    """The product's modules that a module imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            module = ROOT / Path(*node.module.split("."))
            yield from (found for found in (module.with_suffix(".py"), module / "__init__.py") if found.exists())


def _codes(path: Path) -> Iterator[str]:
    """The codes of the refusals that a module raises."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        name = getattr(getattr(node, "func", None), "id", "")
        if isinstance(node, ast.Call) and name in REFUSALS:
            place = 1 if name == "Problem" else 0
            if len(node.args) > place and isinstance(node.args[place], ast.Constant):
                yield str(node.args[place].value)  # type: ignore[attr-defined]


def reachable() -> set[str]:
    used = {module for path in (ROOT / "portal").rglob("*.py") for module in _imported(path)}
    used.add(ROOT / "assessments" / "outcomes" / "score.py")  # called by assessments.outcomes.actions.answer
    return {code for module in used if ROOT / "portal" not in module.parents for code in _codes(module)}


def test_every_refusal_that_the_portal_can_meet_has_patient_words() -> None:
    found = reachable()
    assert len(found) > 30
    assert found - set(WORDS) - OF_STAFF == set(), "add the code to portal/problems.py (or here, when staff alone)"


@pytest.mark.parametrize(
    ("code", "message", "french"),
    [
        ("future_day", "That day has not come yet.", "Ce jour n'est pas encore venu."),
        ("too_old", "Only the last 14 days can be filled in.", "Seuls les 14 derniers jours peuvent être remplis."),
        ("quiet", "22:30 lies in your quiet hours. Choose a time outside.", "22:30 tombe dans vos heures de silence."),
        ("out_of_range", "Choose a number from 0 to 10.", "Choisissez un nombre de 0 à 10."),
        ("out_of_range", "Choose one of the answers.", "Choisissez une des réponses."),
        ("never_heard_of", "Something else.", "Something else."),
    ],
)
def test_a_refusal_in_french(code: str, message: str, french: str) -> None:
    assert words(Invalid(code, message)).startswith(message.split(".")[0])
    with translation.override("fr"):
        assert words(Invalid(code, message)).startswith(french)
