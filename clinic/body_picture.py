"""The body picture as plain data: which shapes belong to a place, and what part of the figure shows them.

The shapes come from ``body/body.json``, which ``scripts/build_assets.py`` writes at set-up; without it nothing is
drawn.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders

from clinic.anatomy import MUSCLES

Mark = tuple[str, str]
PICTURE = "body/body.json"


@lru_cache(maxsize=2)
def _read(path: str, _modified: float) -> dict[str, Any]:
    """Return the picture file; read again only when it was built anew."""
    found: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return found


def pictures() -> dict[str, Any]:
    """Return the pictures by sex and view, or nothing when they were not built."""
    path = finders.find(PICTURE)
    if not isinstance(path, str):
        return {}
    return _read(path, Path(path).stat().st_mtime)


def mark_of(value: Any) -> Mark:
    """Return region and side of a mark given as "knee:left", a pair, or an object with both as attributes."""
    if isinstance(value, str):
        region, _colon, side = value.partition(":")
        return region, side
    if isinstance(value, tuple | list):
        return str(value[0]), str(value[1] if len(value) > 1 else "")
    return str(value.region), str(getattr(value, "side", "") or "")


def covers(marks: set[Mark], region: str, side: str) -> bool:
    """True when a shape belongs to a mark: no side, both and midline mean the whole region."""
    return any(
        region == marked and (side == "midline" or marked_side in ("", "both", "midline", side))
        for marked, marked_side in marks
    )


# Muscles that another place than their chart region shows better, or that lie on one view of it only ("" is both).
PLACES: dict[str, tuple[str, str]] = {
    "deep_neck_flexors": ("cervical_anterior", "front"),
    "neck_extensors": ("cervical", "back"),
    "suboccipitals": ("cervical", "back"),
    "upper_trapezius": ("cervical", "back"),
    "levator_scapulae": ("cervical", "back"),
    "elbow_flexors": ("upper_arm", "front"),
    "triceps": ("upper_arm", "back"),
    "wrist_flexors": ("forearm", "front"),
    "wrist_extensors": ("forearm", "back"),
    "finger_flexors": ("forearm", "front"),
    "supraspinatus": ("shoulder", "back"),
    "shoulder_external_rotators": ("shoulder", "back"),
    "shoulder_internal_rotators": ("shoulder", "front"),
    "hip_adductors": ("thigh_medial", "front"),
    "hip_external_rotators": ("buttock", "back"),
    "tensor_fasciae_latae": ("thigh_lateral", "front"),
    "toe_extensors": ("foot", "front"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where one muscle is seen: region, side (left, right or both) and view (front, back or "" for both)."""

    muscle: str
    region: str
    side: str
    view: str = ""


def places_of(muscles: Iterable[str], side: str) -> tuple[Place, ...]:
    """Where the picture shows these muscles on that side; an unknown muscle is left out."""
    found = []
    for key in muscles:
        muscle = MUSCLES.get(key)
        if muscle is not None:
            region, view = PLACES.get(key, (muscle.region, ""))
            found.append(Place(key, region, side if muscle.bilateral else "both", view))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class TargetView:
    """One view with the shapes to light up; ``muscles`` are those that it shows, in the order given."""

    figure: str
    name: str
    parts: tuple[str, ...]
    box: str
    muscles: tuple[str, ...]


def target_views(places: Iterable[Place], sex: str = "") -> tuple[TargetView, ...]:
    """The views that show something of these muscles, the fuller one first; none without a picture."""
    figure = "female" if sex == "female" else "male"
    drawn = [_target_view(figure, name, view, tuple(places)) for name, view in pictures().get(figure, {}).items()]
    return tuple(sorted((view for view in drawn if view), key=lambda view: -len(view.muscles)))


def _target_view(figure: str, name: str, view: dict[str, Any], places: tuple[Place, ...]) -> TargetView | None:
    here = [place for place in places if place.view in ("", name)]
    parts = [part for part in view["parts"] if covers({(p.region, p.side) for p in here}, part["region"], part["side"])]
    if not parts:
        return None
    regions = {part["region"] for part in parts}
    shown = tuple(place.muscle for place in here if place.region in regions)
    ids = tuple(f"{name}-{part['region']}-{part['side']}" for part in parts)
    return TargetView(figure, name, ids, crop(view["viewBox"], parts), shown)


# Where a thumbnail is cut, as shares of body height; the rest of the body is not shown when no target lies in it.
UPPER_ENDS, LOWER_BEGINS = 0.52, 0.40
# The legs are narrower than the arms are wide: half of the width of a cropped lower body, as a share of its height.
LOWER_HALF_WIDTH = 0.30


def crop(view_box: str, parts: list[dict[str, Any]]) -> str:
    """Return the part of the frame that holds all targets: the upper half, the lower half, or all of it."""
    left, top, width, height = (float(number) for number in view_box.split())
    if max(part["bottom"] for part in parts) <= UPPER_ENDS:
        return f"{left:.0f} {top:.0f} {width:.0f} {height * UPPER_ENDS:.0f}"
    if min(part["top"] for part in parts) >= LOWER_BEGINS:
        lower = height * (1 - LOWER_BEGINS)
        half = lower * LOWER_HALF_WIDTH
        return f"{left + width / 2 - half:.0f} {top + height * LOWER_BEGINS:.0f} {2 * half:.0f} {lower:.0f}"
    return view_box


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """The view that shows most of the targets. ``parts`` are their shapes, ``rest`` the others, ``box`` the frame."""

    figure: str
    view: str
    plain: str
    rest: tuple[str, ...]
    parts: tuple[dict[str, Any], ...]
    box: str

    def svg(self, *, plain: str = "#d8dee0", target: str = "#0f766e") -> str:
        """A picture that stands by itself, in the given colours."""
        shapes = "".join(f'<path d="{part["d"]}" fill="{target}"/>' for part in self.parts)
        frame = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{self.box}">'
        rest = "".join(f'<path d="{shape}"/>' for shape in (self.plain, *self.rest))
        return f'{frame}<g fill="{plain}">{rest}</g>{shapes}</svg>'


def thumbnail(targets: Iterable[Any] = (), sex: str = "") -> Thumbnail | None:
    """Where something works, or None without a picture or a target."""
    figure = "female" if sex == "female" else "male"
    aimed = {mark_of(target) for target in targets or ()}
    views = pictures().get(figure, {})
    lit = {
        name: [part for part in view["parts"] if covers(aimed, part["region"], part["side"])]
        for name, view in views.items()
    }
    name = max(lit, key=lambda view: sum(part["bottom"] - part["top"] for part in lit[view]), default="")
    if not name or not lit[name]:
        return None
    view = views[name]
    rest = tuple(part["d"] for part in view["parts"] if part not in lit[name])
    return Thumbnail(figure, name, view["plain"], rest, tuple(lit[name]), crop(view["viewBox"], lit[name]))
