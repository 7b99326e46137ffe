"""The body picture: ``{% body_map %}`` draws front and back, marks regions, and takes pointing when asked to.

The shapes come from ``body/body.json``, which ``scripts/build_assets.py`` writes at set-up. Without it the picture is
left out and the words below it remain, so no page depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.anatomy import REGIONS, SIDES
from clinic.body_picture import Mark, covers, mark_of, pictures, thumbnail

register = template.Library()

VIEW_LABELS = {"front": gettext_lazy("Front"), "back": gettext_lazy("Back")}


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
