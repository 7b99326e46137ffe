"""The body picture: ``{% body_map %}`` draws front and back, marks regions, and takes pointing when asked to.

The shapes come from ``body/body.json``, which ``scripts/build_assets.py`` writes at set-up. Without it the picture is
left out and the words below it remain, so no page depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext, pgettext_lazy

from clinic.anatomy import REGIONS
from clinic.body_picture import Mark, Place, covers, mark_of, pictures, target_views, thumbnail
from clinic.said import said

register = template.Library()

VIEW_LABELS = {"front": pgettext_lazy("of the body", "Front"), "back": pgettext_lazy("of the body", "Back")}
SIDE_LABELS = {
    "left": pgettext_lazy("of the body", "left"),
    "right": pgettext_lazy("of the body", "right"),
    "both": pgettext_lazy("of the body", "both sides"),
}


def _spoken(region: str, side: str) -> str:
    """Return "Knee, left" as the hint of a shape."""
    label = said(REGIONS.get(region, region))
    return label if side == "midline" else f"{label}, {SIDE_LABELS.get(side, side)}"


def _view(name: str, picture: dict[str, Any], marks: set[Mark], targets: set[Mark]) -> dict[str, Any]:
    """Return one view ready for the template."""
    left, right = pgettext("of the body", "left"), pgettext("of the body", "right")
    if name == "front":
        left, right = right, left
    parts = [
        {
            **part,
            "title": _spoken(part["region"], part["side"]),
            "marked": covers(marks, part["region"], part["side"]),
            "target": covers(targets, part["region"], part["side"]),
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


def _place(region: str, side: str | None) -> str:
    label = said(REGIONS.get(region, region))
    return f"{label} ({SIDE_LABELS.get(side, side)})" if side else label


def _listed(marks: set[Mark]) -> str:
    """Return the marked regions in words, since a picture alone is not enough."""
    if not marks:
        return ""
    words = sorted({_place(region, side) for region, side in marks})
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
    marked, aimed = {mark_of(m) for m in marks or ()}, {mark_of(t) for t in targets or ()}
    drawn = pictures().get("female" if sex == "female" else "male", {})
    views = [_view(name, drawn[name], marked, aimed) for name in VIEW_LABELS if name in drawn]
    return {"views": views, "input": input, "listed": _listed(marked | aimed) if words and not input else ""}


@register.inclusion_tag("components/_body_small.html")
def body_small(targets: Iterable[Any] = (), sex: str = "", symbol: str = "") -> dict[str, Any]:
    """Draw a thumbnail of where an exercise works: the view that shows most of it, a few bytes from a shared sprite.

    ``symbol`` is the icon to show instead when there is no picture or no target.
    """
    shown = thumbnail(targets, sex)
    if shown is None:
        return {"symbol": symbol}
    return {
        "view": shown.view,
        "figure": f"body/{shown.figure}.svg",
        "parts": [f"{shown.view}-{part['region']}-{part['side']}" for part in shown.parts],
        "box": shown.box,
    }


@register.inclusion_tag("components/_body_targets.html")
def body_targets(places: Iterable[Place] = (), words: str = "", sex: str = "", symbol: str = "") -> dict[str, Any]:
    """Draw where an exercise works: front, back or both, whatever shows something. ``words`` name the muscles for those
    who do not see the picture; ``symbol`` is the icon to show when there is none.
    """
    views = target_views(places or (), sex)
    shown = [
        {
            "label": VIEW_LABELS[view.name],
            "spoken": _("Body, {view}").format(view=str(VIEW_LABELS[view.name]).lower()),
            "view": view,
            "sprite": f"body/{view.figure}.svg",
        }
        for view in views
    ]
    return {"views": shown, "words": words, "symbol": symbol}


@register.filter
def short_place(label: str) -> str:
    """The plain beginning of a region's name: "Calf / posterior lower leg" is the calf to whoever has a cramp in it."""
    return re.split(r" [/(]|, ", label, maxsplit=1)[0]
