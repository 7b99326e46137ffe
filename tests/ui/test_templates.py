"""Every template obeys the content security policy, and every component stands with the least context."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import RequestFactory

TEMPLATES = sorted(
    path
    for folder in ("templates", "staff", "portal", "clinic", "config")
    for path in (settings.BASE_DIR / folder).rglob("*.html")
)
ICONS = set((settings.BASE_DIR / "scripts" / "icons.txt").read_text().split())
NEEDS_A_FIELD = {"_field.html", "_choice.html", "_question.html"}
COMPONENTS = sorted(
    path.name
    for path in (settings.BASE_DIR / "templates" / "components").glob("_*.html")
    if path.name not in NEEDS_A_FIELD
)
INLINE = re.compile(r"\sstyle=|\son[a-z]+=\"|<style|<script(?![^>]*\ssrc=)", re.IGNORECASE)
# What the portal's first page loads, without the picture of an exercise. The bar is 150 KB compressed.
FIRST_LOAD_KB = 150


def ident(path: Path) -> str:
    return str(path.relative_to(settings.BASE_DIR))


@pytest.mark.parametrize("path", TEMPLATES, ids=ident)
def test_nothing_is_inline(path: Path) -> None:
    assert INLINE.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=ident)
def test_every_icon_is_in_the_sprite(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    used = set(re.findall(r'{% icon "([^"]+)"', text)) | set(re.findall(r'symbol="([^"]+)"', text))
    used |= set(re.findall(r'{% nav_item "[^"]+" "([^"]+)"', text))
    assert used - ICONS == set()


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_stands_with_the_least_context(name: str) -> None:
    render_to_string(f"components/{name}", {"value": 3, "limit": 10, "total": 4}, RequestFactory().get("/"))


@pytest.mark.parametrize("code", [400, 403, 404, 500])
def test_an_error_page_needs_neither_request_nor_database(code: int) -> None:
    page = render_to_string(f"{code}.html")
    assert f"Error {code}" in page
    assert "<h1>" in page


def test_the_first_load_of_the_portal_is_small() -> None:
    import django_htmx

    files = [settings.BASE_DIR / "static" / name for name in ("css/core.css", "css/portal.css", "js/app.js")]
    files.append(Path(django_htmx.__file__).parent / "static/django_htmx/htmx-2.min.js")
    icons = settings.VAR_DIR / "static_build" / "icons.svg"
    if icons.is_file():
        files.append(icons)
    size = sum(len(gzip.compress(path.read_bytes())) for path in files)
    assert size < FIRST_LOAD_KB * 1024
