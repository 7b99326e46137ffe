"""Turn the locked browser packages into the static files that Kineplan serves.

Usage: ``python scripts/build_assets.py [--modules node_modules] [--out var/static_build]``

Writes ``icons.svg`` (one sprite of the icons listed in ``scripts/icons.txt``), ``vendor/tabler.css`` (Tabler inside the
cascade layer ``kit``, so that Kineplan's own layers always win), ``fonts/`` (the typeface of printed documents) and
``body/`` (the body picture by region and the patient's own side: ``body.json`` to draw inline, one sprite a figure for
small pictures). Uses only the standard library, so it runs before anything else is installed.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from pathlib import Path

from body_picture import write_body

ROOT = Path(__file__).resolve().parent.parent
ICON_SHAPES = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
EMPTY_BOX = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>')


class AssetError(Exception):
    """An asset that cannot be built, with what to do about it."""


def read(path: Path) -> str:
    """Return the text of a packaged file, or say how to get it."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise AssetError(f"{path} is missing. Run `npm ci` first; package-lock.json names every package.") from None


def icon_symbol(modules: Path, name: str) -> str:
    """Return one icon as a ``<symbol>`` that takes its colour from the text around it."""
    match = ICON_SHAPES.search(read(modules / "@tabler/icons/icons/outline" / f"{name}.svg"))
    if match is None:
        raise AssetError(f"icon {name} is not an SVG picture")
    shapes = " ".join(EMPTY_BOX.sub("", match[1]).split())
    return f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>'


def write_icons(modules: Path, out: Path) -> int:
    """Write the icon sprite and return how many icons it holds."""
    names = [line.strip() for line in read(ROOT / "scripts/icons.txt").splitlines() if line.strip()]
    symbols = "\n".join(icon_symbol(modules, name) for name in names)
    (out / "icons.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n', encoding="utf-8")
    return len(names)


def write_tabler(modules: Path, out: Path) -> None:
    """Write Tabler's style sheet inside the cascade layer ``kit``."""
    css = read(modules / "@tabler/core/dist/css/tabler.min.css")
    css = css.removeprefix('@charset "UTF-8";')
    css = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", css)
    target = out / "vendor" / "tabler.css"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(f'@charset "UTF-8";@layer kit{{{css}}}\n', encoding="utf-8")


def write_fonts(modules: Path, out: Path) -> int:
    """Copy the typeface of printed documents (Atkinson Hyperlegible: made for low vision) and return how many cuts."""
    package = modules / "@expo-google-fonts/atkinson-hyperlegible"
    cuts = sorted(package.glob("*/*.ttf"))
    if not cuts:
        raise AssetError(f"{package} is missing. Run `npm ci` first; package-lock.json names every package.")
    out.mkdir(parents=True, exist_ok=True)
    for cut in cuts:
        shutil.copyfile(cut, out / cut.name)
    return len(cuts)


def build(modules: Path, out: Path) -> str:
    """Build everything and return one line that says what was written."""
    out.mkdir(parents=True, exist_ok=True)
    icons = write_icons(modules, out)
    write_tabler(modules, out)
    parts = write_body(modules / "@mjcdev/react-body-highlighter/assets", out / "body")
    cuts = write_fonts(modules, out / "fonts")
    return f"Static assets: {icons} icons, {parts} body shapes, {cuts} cuts of the print typeface, Tabler, in {out}"


def main() -> int:
    """Parse the command line, build, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modules", type=Path, default=ROOT / "node_modules")
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "static_build")
    args = parser.parse_args()
    try:
        print(build(args.modules, args.out))
    except (AssetError, ValueError) as error:
        print(f"Static assets could not be built: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
