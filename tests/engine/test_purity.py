"""The engine stays pure: no framework, no clock, no randomness, no files, and nothing of the layers above it."""

import ast
from pathlib import Path

import pytest

ENGINE = Path(__file__).resolve().parents[2] / "plans" / "engine"
FORBIDDEN = ("django", "celery", "rest_framework", "random", "time", "os", "secrets", "uuid", "pathlib", "socket")
CLOCK = {"now", "today", "utcnow"}
FILES = sorted(ENGINE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ENGINE).as_posix())
def test_imports(path: Path) -> None:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    assert not [n for n in names if n.split(".")[0] in FORBIDDEN]
    project = {"config", "clinic", "assessments", "exercises", "plans", "scheduling", "reminders", "staff"}
    # Adherence is as pure as the engine, and judged in one place.
    pure = ("plans.engine", "exercises.adherence")
    assert all(n.startswith(pure) for n in names if n.split(".")[0] in project), names


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ENGINE).as_posix())
def test_no_clock(path: Path) -> None:
    calls = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
    assert not [c for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr in CLOCK]


def test_modules_stay_small() -> None:
    assert [p.name for p in FILES if len(p.read_text(encoding="utf-8").splitlines()) > 400] == []
