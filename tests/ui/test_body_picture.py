"""The body picture: the viewer's left is not the patient's left, and every region can be pointed at."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from clinic.anatomy import REGIONS
from clinic.body_picture import covers, mark_of
from clinic.templatetags import body_map as tag

BUILT = settings.VAR_DIR / "static_build" / "body" / "body.json"


@pytest.fixture
def picture() -> Iterator[Any]:
    folder = str(settings.BASE_DIR / "scripts")
    sys.path.insert(0, folder)
    yield importlib.import_module("body_picture")
    sys.path.remove(folder)


@pytest.mark.parametrize(
    ("view", "x", "side"),
    [
        ("front", 10, "right"),
        ("front", 90, "left"),
        ("back", 10, "left"),
        ("back", 90, "right"),
        ("front", 50, "midline"),
    ],
)
def test_a_side_is_the_patients_own(picture: Any, view: str, x: float, side: str) -> None:
    assert picture.patient_side(view, x, 50, 2) == side


def test_joined_paths_start_at_absolute_points(picture: Any) -> None:
    assert picture.rounded("m10.04 20l5 5a1 2 0 015 6z") == "M10 20l5 5a1 2 0 0 1 5 6z"


def test_a_bounding_box_follows_relative_lines(picture: Any) -> None:
    assert picture.box("m10 20l5-5h10v30z") == (10, 15, 25, 45)


def test_a_file_without_shapes_is_refused_by_name(picture: Any, tmp_path: Any) -> None:
    (tmp_path / "bodyFront.ts").write_text("export const x = []")
    with pytest.raises(ValueError, match=r"bodyFront\.ts holds no body shapes"):
        picture.read_shapes(tmp_path / "bodyFront.ts")


@pytest.mark.skipif(not BUILT.is_file(), reason="static assets were not built")
@pytest.mark.parametrize("sex", ["female", "male"])
def test_every_region_can_be_pointed_at(sex: str) -> None:
    views = json.loads(BUILT.read_text())[sex]
    drawn = {part["region"] for view in views.values() for part in view["parts"]}
    assert drawn == set(REGIONS) - {"whole_body"}


@pytest.mark.parametrize(
    ("mark", "region", "side", "lit"),
    [
        ("knee:left", "knee", "left", True),
        ("knee:left", "knee", "right", False),
        ("knee:both", "knee", "right", True),
        ("lumbar", "lumbar", "left", True),
        (("lumbar", "midline"), "lumbar", "right", True),
        ("knee:left", "calf", "left", False),
    ],
)
def test_a_mark_lights_its_own_shapes(mark: Any, region: str, side: str, lit: bool) -> None:
    assert covers({mark_of(mark)}, region, side) is lit


def test_without_a_built_picture_the_words_remain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.contrib.staticfiles.finders.find", lambda path: None)
    context = tag.body_map(marks=["knee:left"])
    assert context["views"] == []
    assert context["listed"] == "Marked: Knee (left)"


@pytest.mark.skipif(not BUILT.is_file(), reason="static assets were not built")
def test_a_thumbnail_shows_the_view_with_most_of_the_targets() -> None:
    context = tag.body_small(targets=["calf:left", "ankle:left"], sex="female")
    assert context["view"] == "back"
    assert context["parts"] == ["back-calf-left", "back-ankle-left"]
    _left, top, _width, height = (float(n) for n in context["box"].split())
    assert [top, height] == pytest.approx([569, 871], abs=2)  # the legs only
    assert tag.body_small(targets=[], symbol="walk") == {"symbol": "walk"}
