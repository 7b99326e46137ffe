"""Writes docs/safety.md from docs/safety/hazards.yaml and docs/safety/proofs.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.core.management.base import BaseCommand

ROOT = Path(settings.BASE_DIR)
SOURCE = ROOT / "docs" / "safety" / "hazards.yaml"
PROOFS = ROOT / "docs" / "safety" / "proofs.md"
PAGE = ROOT / "docs" / "safety.md"

HEAD = """\
# Safety

<!-- Written by `manage.py render_safety` from docs/safety/hazards.yaml and proofs.md: edit those. -->

Kineplan drafts; a person decides and signs. This page names what could harm a patient, what stands against it, and
which test shows it. `tests/safety/test_hazards.py` fails when a control or a test named here does not exist, when a
test lacks its mark, and when a test is marked for a hazard that does not list it.

Clinical figures marked *verify* are start values: the clinic's clinical lead reviews every revision of the knowledge
and signs it off before a plan is signed on it ([knowledge](knowledge.md)).

| | hazard | severity |
|---|---|---|
"""


def render() -> str:
    """The page as text."""
    hazards = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))["hazards"]
    proofs = PROOFS.read_text(encoding="utf-8")
    return HEAD + "\n".join(_rows(hazards)) + "\n\n" + "\n\n".join([*map(_section, hazards), proofs])


def _rows(hazards: Iterable[dict[str, Any]]) -> Iterator[str]:
    for hazard in hazards:
        yield f"| {hazard['id']} | {hazard['title']} | {hazard['severity']} |"


def _section(hazard: dict[str, Any]) -> str:
    lines = [
        f"## {hazard['id']} {hazard['title']}",
        "",
        f"{hazard['harm']}. Cause: {hazard['cause'][0].lower()}{hazard['cause'][1:]}. Severity: {hazard['severity']}.",
        "",
        *(f"- {control['says']}: `{control['at']}`" for control in hazard["controls"]),
        "",
        "Shown by " + ", ".join(f"`{node}`" for node in hazard["tests"]) + ".",
    ]
    return "\n".join(lines)


class Command(BaseCommand):
    help = "Write docs/safety.md from docs/safety/hazards.yaml and proofs.md."

    def handle(self, *args: Any, **options: Any) -> None:
        PAGE.write_text(render(), encoding="utf-8")
        self.stdout.write(f"wrote {PAGE}")
