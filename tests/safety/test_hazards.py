"""Hazard, control and test hang together: nothing is claimed that does not exist, and no mark points into the void."""

from __future__ import annotations

from typing import Any

import pytest

from config.management.commands.render_safety import PAGE, render
from tests.safety.trace import HAZARDS, ROOT, functions_of, hazards, marks, names_in

SEVERITIES = ("catastrophic", "serious", "moderate")
IDS = [hazard["id"] for hazard in hazards()]


def test_ids_are_unique_and_in_order() -> None:
    assert [f"H-{number:02d}" for number in range(1, len(IDS) + 1)] == IDS


@pytest.mark.parametrize("hazard", hazards(), ids=IDS)
def test_every_hazard_says_everything(hazard: dict[str, Any]) -> None:
    assert set(hazard) == {"id", "title", "harm", "cause", "severity", "controls", "tests"}
    assert hazard["severity"] in SEVERITIES
    assert all(str(hazard[part]).strip() for part in ("title", "harm", "cause"))
    assert hazard["controls"], "a hazard without control"
    assert hazard["tests"], "a hazard without test"


@pytest.mark.parametrize("hazard", hazards(), ids=IDS)
def test_every_control_exists(hazard: dict[str, Any]) -> None:
    for control in hazard["controls"]:
        path, _, name = control["at"].partition("::")
        assert (ROOT / path).is_file(), f"no such file: {path}"
        assert not name or name in names_in(path), f"{path} holds no {name}"
        assert control["says"].strip()


@pytest.mark.parametrize("hazard", hazards(), ids=IDS)
def test_every_test_exists_and_carries_the_mark(hazard: dict[str, Any]) -> None:
    marked = {mark.test for mark in marks() if mark.hazard == hazard["id"]}
    for node in hazard["tests"]:
        path, _, name = node.partition("::")
        assert (ROOT / path).is_file(), f"no such file: {path}"
        assert name in functions_of(path), f"{path} holds no {name}"
        assert node in marked, f'{node} lacks @pytest.mark.hazard("{hazard["id"]}")'


def test_every_mark_is_listed_with_its_hazard() -> None:
    listed = {(hazard["id"], node) for hazard in hazards() for node in hazard["tests"]}
    stray = [f"{mark.test}: {mark.hazard}" for mark in marks() if (mark.hazard, mark.test) not in listed]
    assert not stray, f"marks that {HAZARDS.name} does not list: {stray}"


def test_the_page_is_the_rendered_file() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run manage.py render_safety"
