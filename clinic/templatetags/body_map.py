"""The body picture: ``{% body_map %}`` draws front and back, marks regions, and takes pointing when asked to.

The shapes come from ``body/body.json``, which ``scripts/build_assets.py`` writes at set-up. Without it the picture is
left out and the words below it remain, so no page depends on it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.anatomy import REGIONS, SIDES

register = template.Library()

Mark = tuple[str, str]
VIEW_LABELS = {"front": gettext_lazy("Front"), "back": gettext_lazy("Back")}
PICTURE = "body/body.json"


@lru_cache(maxsize=2)
def _read(path: str, _modified: float) -> dict[str, Any]:
    """Return the picture file; read again only when it was built anew."""
    pictures: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return pictures


def _pictures() -> dict[str, Any]:
    """Return the pictures by sex and view, or nothing when they were not built."""
    path = finders.find(PICTURE)
    if not isinstance(path, str):
        return {}
    return _read(path, Path(path).stat().st_mtime)


def _mark(value: Any) -> Mark:
    """Return region and side of a mark given as "knee:left", a pair, or an object with both as attributes."""
    if isinstance(value, str):
        region, _colon, side = value.partition(":")
        return region, side
    if isinstance(value, tuple | list):
        return str(value[0]), str(value[1] if len(value) > 1 else "")
    return str(value.region), str(getattr(value, "side", "") or "")


def _covers(marks: set[Mark], region: str, side: str) -> bool:
    """True when a shape belongs to a mark: no side, both and midline mean the whole region."""
    return any(
        region == marked and (side == "midline" or marked_side in ("", "both", "midline", side))
        for marked, marked_side in marks
    )


def _spoken(region: str, side: str) -> str:
    """Return "Knee, left" as the hint of a shape."""
    label = REGIONS.get(region, region)
    return label if side == "midline" else f"{label}, {SIDES.get(side, side).lower()}"


def _view(name: str, picture: dict[str, Any], marks: set[Mark], targets: set[Mark]) -> dict[str, Any]:
    """Return one view ready for the template."""
    left, right = (_("right"), _("left")) if name == "front" else (_("left"), _("right"))
    parts = [
        {
            **part,
            "title": _spoken(part["region"], part["side"]),
            "marked": _covers(marks, part["region"], part["side"]),
            "target": _covers(targets, part["region"], part["side"]),
        }
        for part in picture["parts"]
    ]
    return {
        **picture,
        "parts": parts,
        "label": VIEW_LABELS[name],
        "spoken": _("Body, {view}").format(view=str(VIEW_LABELS[name]).lower()),
        "viewer_left": left,
        "viewer_right": right,
    }


def _listed(marks: set[Mark]) -> str:
    """Return the marked regions in words, since a picture alone is not enough."""
    if not marks:
        return ""
    words = sorted({REGIONS.get(region, region) + (f" ({side})" if side else "") for region, side in marks})
    return ngettext("Marked: {list}", "Marked: {list}", len(words)).format(list="; ".join(words))


@register.inclusion_tag("components/_body_map.html")
def body_map(
    sex: str = "",
    marks: Iterable[Any] = (),
    targets: Iterable[Any] = (),
    input: str = "",
    words: bool = True,
) -> dict[str, Any]:
    """Draw the body. ``sex`` chooses the figure (female, else male); ``marks`` are painful places, ``targets`` places
    that an exercise works on. ``input`` names the form field whose checkboxes ("region:side") pointing toggles.
    """
    marked, aimed = {_mark(m) for m in marks or ()}, {_mark(t) for t in targets or ()}
    pictures = _pictures().get("female" if sex == "female" else "male", {})
    views = [_view(name, pictures[name], marked, aimed) for name in VIEW_LABELS if name in pictures]
    return {"views": views, "input": input, "listed": _listed(marked | aimed) if words and not input else ""}


# Where a thumbnail is cut, as shares of body height; the rest of the body is not shown when no target lies in it.
UPPER_ENDS, LOWER_BEGINS = 0.52, 0.40
# The legs are narrower than the arms are wide: half of the width of a cropped lower body, as a share of its height.
LOWER_HALF_WIDTH = 0.30


def _crop(view_box: str, parts: list[dict[str, Any]]) -> str:
    """Return the part of the frame that holds all targets: the upper half, the lower half, or all of it."""
    left, top, width, height = (float(number) for number in view_box.split())
    if max(part["bottom"] for part in parts) <= UPPER_ENDS:
        return f"{left:.0f} {top:.0f} {width:.0f} {height * UPPER_ENDS:.0f}"
    if min(part["top"] for part in parts) >= LOWER_BEGINS:
        lower = height * (1 - LOWER_BEGINS)
        half = lower * LOWER_HALF_WIDTH
        return f"{left + width / 2 - half:.0f} {top + height * LOWER_BEGINS:.0f} {2 * half:.0f} {lower:.0f}"
    return view_box


@register.inclusion_tag("components/_body_small.html")
def body_small(targets: Iterable[Any] = (), sex: str = "", symbol: str = "") -> dict[str, Any]:
    """Draw a thumbnail of where an exercise works: the view that shows most of it, a few bytes from a shared sprite.

    ``symbol`` is the icon to show instead when there is no picture or no target.
    """
    figure = "female" if sex == "female" else "male"
    aimed = {_mark(t) for t in targets or ()}
    views = _pictures().get(figure, {})
    lit = {
        name: [part for part in view["parts"] if _covers(aimed, part["region"], part["side"])]
        for name, view in views.items()
    }
    name = max(lit, key=lambda view: sum(part["bottom"] - part["top"] for part in lit[view]), default="")
    if not name or not lit[name]:
        return {"symbol": symbol}
    return {
        "view": name,
        "figure": f"body/{figure}.svg",
        "parts": [f"{name}-{part['region']}-{part['side']}" for part in lit[name]],
        "box": _crop(views[name]["viewBox"], lit[name]),
    }
