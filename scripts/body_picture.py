"""Read the body picture of ``@mjcdev/react-body-highlighter`` and sort its shapes by region and patient's side."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from body_regions import BACK, FRONT, SPOTS, WHOLE, Spot, refine

VIEWS: dict[tuple[str, str], str] = {
    ("male", "front"): "bodyFront.ts",
    ("male", "back"): "bodyBack.ts",
    ("female", "front"): "bodyFemaleFront.ts",
    ("female", "back"): "bodyFemaleBack.ts",
}
TOKEN = re.compile(r'slug:\s*"(?P<slug>[^"]+)"|(?P<side>common|left|right):\s*\[|"(?P<path>[Mm][^"]+)"')
NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?")
ARITY = {"m": 2, "l": 2, "h": 1, "v": 1, "c": 6, "s": 4, "q": 4, "t": 2, "a": 7, "z": 0}
LETTER = re.compile(r"([MmLlHhVvCcSsQqTtAaZz])([^MmLlHhVvCcSsQqTtAaZz]*)")
MARGIN = 12.0


@dataclass(frozen=True)
class Shape:
    """One outline of the picture with its muscle and the corners of its bounding box."""

    slug: str
    path: str
    box: tuple[float, float, float, float]

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the bounding box."""
        left, top, right, bottom = self.box
        return (left + right) / 2, (top + bottom) / 2


def numbers(path: str) -> Iterator[tuple[str, list[float]]]:
    """Yield each drawing command with its numbers; arc flags written without a space are told apart."""
    for match in LETTER.finditer(path):
        letter, rest = match[1], match[2]
        arity = ARITY[letter.lower()]
        values = arc_numbers(rest) if letter in "Aa" else [float(n) for n in NUMBER.findall(rest)]
        if not arity:
            yield letter, []
        for start in range(0, len(values), arity or 1):
            yield letter, values[start : start + arity]


def arc_numbers(text: str) -> list[float]:
    """Return the numbers of an arc, whose two flags are single digits that may touch their neighbours."""
    number = r"[\s,]*(-?(?:\d+\.?\d*|\.\d+))"
    flag = r"[\s,]*([01])"
    found = re.findall(number * 3 + flag * 2 + number * 2, text)
    return [float(value) for arc in found for value in arc]


def points(path: str) -> Iterator[tuple[float, float]]:
    """Yield the end point of every command, which is close enough for a bounding box."""
    x = y = start_x = start_y = 0.0
    for letter, values in numbers(path):
        relative = letter.islower()
        kind = letter.lower()
        base_x, base_y = (x, y) if relative else (0.0, 0.0)
        if kind == "z":
            x, y = start_x, start_y
        elif kind == "h":
            x = base_x + values[0]
        elif kind == "v":
            y = base_y + values[0]
        else:
            x, y = base_x + values[-2], base_y + values[-1]
        if kind == "m":
            start_x, start_y = x, y
        yield x, y


def box(path: str) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of a path."""
    found = list(points(path))
    xs, ys = [p[0] for p in found], [p[1] for p in found]
    return min(xs), min(ys), max(xs), max(ys)


def read_shapes(source: Path) -> list[Shape]:
    """Return every shape of one view; a ``ValueError`` names the file when it holds none."""
    slug, shapes = "", []
    for match in TOKEN.finditer(source.read_text(encoding="utf-8")):
        if match["slug"]:
            slug = match["slug"]
        elif match["path"]:
            shapes.append(Shape(slug, match["path"], box(match["path"])))
    if not shapes:
        raise ValueError(f"{source} holds no body shapes; its format has changed")
    return shapes


def frame(shapes: list[Shape]) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of the whole body, hair included."""
    return (
        min(s.box[0] for s in shapes),
        min(s.box[1] for s in shapes),
        max(s.box[2] for s in shapes),
        max(s.box[3] for s in shapes),
    )


def midline(shapes: list[Shape]) -> float:
    """Return the x of the body's middle, taken from the neck, whatever the arms do."""
    left, _, right, _ = frame([shape for shape in shapes if shape.slug == "neck"])
    return (left + right) / 2


def patient_side(view: str, x: float, middle: float, slack: float) -> str:
    """Return the patient's own side: seen from the front, the viewer's left is the patient's right."""
    if abs(x - middle) <= slack:
        return "midline"
    viewer_left = x < middle
    return ("right" if viewer_left else "left") if view == "front" else ("left" if viewer_left else "right")


def rounded(path: str) -> str:
    """Return the path with one decimal, finer than a pixel on any screen, starting at an absolute point.

    A path that starts with a relative move would shift when it is joined to another one.
    """
    out = []
    for index, (command, values) in enumerate(numbers(path)):
        letter = "M" if index == 0 else command
        out.append(letter + " ".join(f"{value:.1f}".removesuffix(".0") for value in values))
    return "".join(out)


def ellipse(spot: Spot, x: float, bounds: tuple[float, float, float, float]) -> str:
    """Return a spot as a path, so that every part of the picture has the same form."""
    height = bounds[3] - bounds[1]
    rx, ry, y = spot.rx * height, spot.ry * height, bounds[1] + spot.y * height
    return f"M{x - rx:.1f} {y:.1f}a{rx:.1f} {ry:.1f} 0 1 0 {2 * rx:.1f} 0a{rx:.1f} {ry:.1f} 0 1 0 {-2 * rx:.1f} 0Z"


def spot_parts(sex: str, view: str, bounds: tuple[float, float, float, float], middle: float) -> list[dict[str, Any]]:
    """Return the regions that have no muscle of their own, mirrored to both sides."""
    parts = []
    height = bounds[3] - bounds[1]
    for spot in SPOTS[sex, view]:
        offsets = (0.0,) if spot.midline else (-spot.x * height, spot.x * height)
        for offset in offsets:
            side = patient_side(view, middle + offset, middle, slack=1)
            parts.append(
                {"region": spot.region, "side": side, "spot": True, "d": ellipse(spot, middle + offset, bounds)}
            )
    return parts


def merge(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join the shapes of one region and side into one path, so that pointing lights up the whole region."""
    joined: dict[tuple[str, str, bool], list[str]] = {}
    for part in parts:
        joined.setdefault((part["region"], part["side"], part["spot"]), []).append(part["d"])
    return [
        {"region": region, "side": side, "spot": spot, "d": "".join(paths)}
        for (region, side, spot), paths in joined.items()
    ]


def placed(part: dict[str, Any], top: float, height: float) -> dict[str, Any]:
    """Return a part with its upper and lower edge as shares of body height, by which small pictures are cropped."""
    _, upper, _, lower = box(part["d"])
    return {**part, "top": round((upper - top) / height, 3), "bottom": round((lower - top) / height, 3)}


def picture(sex: str, view: str, shapes: list[Shape]) -> dict[str, Any]:
    """Return one view: its frame, its plain background shapes and its regions."""
    bounds, middle = frame(shapes), midline(shapes)
    left, top, right, bottom = bounds
    height = bottom - top
    parts, plain = [], []
    for shape in shapes:
        x, y = shape.centre
        region = refine(view, shape.slug, (y - top) / height) or (FRONT if view == "front" else BACK)[shape.slug]
        if not region:
            plain.append(rounded(shape.path))
            continue
        side = "midline" if region in WHOLE else patient_side(view, x, middle, slack=0.004 * height)
        parts.append({"region": region, "side": side, "spot": False, "d": rounded(shape.path)})
    joined = merge(parts + spot_parts(sex, view, bounds, middle))
    return {
        "viewBox": f"{left - MARGIN:.0f} {top - MARGIN:.0f} {right - left + 2 * MARGIN:.0f} {height + 2 * MARGIN:.0f}",
        "plain": "".join(plain),
        "parts": [placed(part, top, height) for part in joined],
    }


def sprite(views: dict[str, dict[str, Any]]) -> str:
    """Return one figure as an SVG sprite: ``front`` and ``back`` as a whole, ``front-knee-left`` by region."""
    symbols = []
    for name, view in views.items():
        outline = view["plain"] + "".join(part["d"] for part in view["parts"] if not part["spot"])
        symbols.append(f'<path id="{name}" d="{outline}"/>')
        symbols += [f'<path id="{name}-{p["region"]}-{p["side"]}" d="{p["d"]}"/>' for p in view["parts"]]
    return '<svg xmlns="http://www.w3.org/2000/svg"><defs>\n' + "\n".join(symbols) + "\n</defs></svg>\n"


def write_body(assets: Path, folder: Path) -> int:
    """Write every view as JSON, each figure as a sprite for small pictures, and return the number of shapes."""
    pictures: dict[str, dict[str, Any]] = {}
    for (sex, view), name in VIEWS.items():
        pictures.setdefault(sex, {})[view] = picture(sex, view, read_shapes(assets / name))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "body.json").write_text(json.dumps(pictures, separators=(",", ":")), encoding="utf-8")
    for sex, views in pictures.items():
        (folder / f"{sex}.svg").write_text(sprite(views), encoding="utf-8")
    return sum(len(view["parts"]) for views in pictures.values() for view in views.values())
