"""Reads `docs/safety/hazards.yaml` and the marks on tests, without running anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
HAZARDS = ROOT / "docs" / "safety" / "hazards.yaml"


@cache
def hazards() -> tuple[dict[str, Any], ...]:
    data = yaml.safe_load(HAZARDS.read_text(encoding="utf-8"))
    return tuple(data["hazards"])


@cache
def tree_of(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


@cache
def names_in(path: str) -> frozenset[str]:
    """What a file defines: functions, classes, constants, and names given as text (constraints, triggers)."""
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return frozenset(found)


@dataclass(frozen=True)
class Marked:
    """One mark: which test says that it guards which hazard."""

    test: str
    hazard: str


@cache
def marks() -> tuple[Marked, ...]:
    """All ``@pytest.mark.hazard("H-..")`` below tests/."""
    files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py"))
    return tuple(mark for path in files for mark in _marks_of(path))


def _marks_of(path: str) -> Iterator[Marked]:
    for node in tree_of(path).body:
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                for hazard in _hazards_of(decorator):
                    yield Marked(f"{path}::{node.name}", hazard)


def _hazards_of(decorator: ast.expr) -> Iterator[str]:
    if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.hazard":
        for argument in decorator.args:
            yield str(ast.literal_eval(argument))


@cache
def functions_of(path: str) -> frozenset[str]:
    return frozenset(node.name for node in tree_of(path).body if isinstance(node, ast.FunctionDef))
