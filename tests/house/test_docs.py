"""What the documents tell people to type exists, and their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
MAKE = re.compile(r"(?:^|[`\s])make ([a-z][a-z-]*)", re.MULTILINE)
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
MANAGE = re.compile(r"manage\.py ([a-z_]+)")
MODULE = re.compile(r"python3? -m ((?:config|benchmarks)[a-z_.]*)")
SCRIPT = re.compile(r"(?<![\w/])scripts/[a-z_]+\.py")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def code_of(text: str) -> str:
    """Only what stands in code: fenced blocks and inline code."""
    blocks = re.findall(r"```.*?```", text, re.DOTALL)
    inline = re.findall(r"`[^`\n]+`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return "\n".join([*blocks, *inline])


def identifier(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", DOCUMENTS, ids=identifier)
def test_commands_exist(path: Path) -> None:
    code = code_of(path.read_text(encoding="utf-8"))

    assert [name for name in MAKE.findall(code) if name not in TARGETS] == []
    assert [name for name in MANAGE.findall(code) if name not in get_commands()] == []
    assert [name for name in SCRIPT.findall(code) if not (ROOT / name).is_file()] == []
    for module in MODULE.findall(code):
        base = ROOT / module.replace(".", "/")
        assert base.with_suffix(".py").is_file() or (base / "__main__.py").is_file(), module


@pytest.mark.parametrize("path", DOCUMENTS, ids=identifier)
def test_links_lead_somewhere(path: Path) -> None:
    links = LINK.findall(path.read_text(encoding="utf-8"))

    assert [link for link in links if not (path.parent / link).exists()] == []


def test_settings_are_described() -> None:
    """Every variable that the settings read stands in docs/operations.md."""
    source = (ROOT / "config" / "settings.py").read_text(encoding="utf-8")
    described = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    described = re.sub(r"`(KINEPLAN_EMAIL)_HOST`, (.*?) \|", _spell_out, described)

    names = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))
    assert {"KINEPLAN_SECRET_KEY", "DATABASE_URL"} <= names
    assert [name for name in sorted(names) if f"`{name}" not in described] == []


def _spell_out(match: re.Match[str]) -> str:
    endings = re.findall(r"`(_[A-Z]+)`", match[2])
    return " ".join([f"`{match[1]}_HOST`", *(f"`{match[1]}{ending}`" for ending in endings)])
