"""Icons, chips, dates, numbers and navigation for every template. No rules live here.

Names and context of each tag are described in ``docs/ui.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django import template
from django.http import HttpRequest, QueryDict
from django.templatetags.static import static
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse
from django.utils import timezone
from django.utils.formats import date_format, get_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from clinic.locality import day_words, day_year_words
from clinic.said import said as said_words

register = template.Library()

PHASES: dict[int, tuple[str, Any, str]] = {
    1: ("relief", _("Relief"), "ripple"),
    2: ("correction", _("Correction"), "target-arrow"),
    3: ("maintenance", _("Maintenance"), "shield-check"),
}

CHIP_ICONS: dict[str, str] = {
    "stop": "alert-octagon",
    "caution": "alert-triangle",
    "ok": "circle-check",
    "none": "circle-dashed",
    "notasked": "help-circle",
    "info": "info-circle",
    "progress": "sun",
    "waiting": "clock",
    "closed": "lock",
    "no": "circle-x",
}

UNITS: dict[str, str] = {
    "deg": "°",
    "degrees": "°",
    "percent": "\u202f%",
    "pct": "\u202f%",
    "%": "\u202f%",
}

THEMES = ("light", "dark")


@register.simple_tag
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """Return an icon of the sprite; it is hidden from screen readers unless it carries a ``label``."""
    return _icon(name, str(label), css)


@lru_cache(maxsize=1024)
def _icon(name: str, label: str, css: str) -> SafeString:
    """The markup of an icon: a page shows dozens, and the address of the sprite never changes while we run."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon {}" {} focusable="false"><use href="{}#{}"></use></svg>',
        css,
        spoken,
        static("icons.svg"),
        name,
    )


@register.simple_tag
def chip(state: str, label: Any, symbol: str = "") -> SafeString:
    """Return a status chip: colour, icon and words. ``state`` is a key of ``CHIP_ICONS``."""
    return format_html(
        '<span class="chip chip-{}">{}<span>{}</span></span>',
        state,
        icon(symbol or CHIP_ICONS.get(state, "point")),
        label,
    )


def _phase(value: Any) -> tuple[int, str, Any, str]:
    """Return number, css name, label and icon of a phase given as 1-3, "phase2" or its name; 0 when unknown."""
    text = str(getattr(value, "value", value) or "").removeprefix("phase")
    for number, (css, label, symbol) in PHASES.items():
        if text in (str(number), css):
            return number, css, label, symbol
    return 0, "none", _("No phase yet"), "circle-dashed"


@register.simple_tag
def phase_badge(value: Any, short: bool = False) -> SafeString:
    """Return the badge of a phase: colour, icon, number and name."""
    number, css, label, symbol = _phase(value)
    text = label if short or not number else format_html("{} {}", number, label)
    return format_html('<span class="phase phase-{}">{}<span>{}</span></span>', css, icon(symbol), text)


@register.filter
def phase_css(value: Any) -> str:
    """Return ``relief``, ``correction``, ``maintenance`` or ``none`` for use in a class name."""
    return _phase(value)[1]


@register.filter
def phase_name(value: Any) -> Any:
    """Return the plain name of a phase."""
    return _phase(value)[2]


@register.filter
def phase_icon(value: Any) -> str:
    """Return the icon name of a phase."""
    return _phase(value)[3]


def _local(value: Any) -> Any:
    """Return an aware datetime in the reader's active zone; anything else unchanged."""
    return timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value


@register.filter
def day(value: date | datetime | None) -> str:
    """Return "Tue 24 Nov", with the year when it is not this year; an empty string for no date."""
    if not value:
        return ""
    local = _local(value)
    return day_words(local) if local.year == timezone.localdate().year else day_year_words(local)


@register.filter
def clock(value: Any) -> str:
    """Return "14:30" in the reader's zone."""
    return date_format(_local(value), "H:i") if value else ""


@register.filter
def day_time(value: datetime | None) -> str:
    """Return "Tue 24 Nov, 14:30" in the reader's zone."""
    return f"{day(value)}, {clock(value)}" if value else ""


@register.filter
def num(value: Any) -> str:
    """Return a number without needless zeros; an en dash when nothing was recorded (which is not 0)."""
    if value is None or value == "":
        return "–"
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    plain = f"{number:f}".rstrip("0").rstrip(".") if "." in f"{number:f}" else f"{number:f}"
    return plain.replace(".", get_format("DECIMAL_SEPARATOR"))


@register.filter
def unit(value: Any, name: str) -> str:
    """Return a number with its unit, "120°" or "20 s"; an en dash when nothing was recorded."""
    text = num(value)
    if text == "–" or not name:
        return text
    return f"{text}{UNITS[name]}" if name in UNITS else f"{text}\u00a0{name}"


@register.filter
def said(text: Any) -> str:
    """Return a shipped clinical text in the reader's language; what a clinic or a person wrote stays as it is."""
    return said_words(str(text))


@register.filter
def pct_of(value: Any, limit: Any) -> int:
    """Return ``value`` as whole per cent of ``limit``, held between 0 and 100; 0 when either is missing."""
    try:
        share = float(value) / float(limit) * 100
    except (TypeError, ValueError, ZeroDivisionError):
        return 0
    return max(0, min(100, round(share)))


@register.filter
def initials(name: Any) -> str:
    """Return up to two initials of a name."""
    words = str(name or "").split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


@register.filter
def get_item(mapping: Any, key: Any) -> Any:
    """Return ``mapping[key]``, or ``None`` when it is missing."""
    return mapping.get(key) if isinstance(mapping, Mapping) else None


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """Return the current query string with some parameters replaced; ``None`` or "" removes one."""
    request: HttpRequest | None = context.get("request")
    params = request.GET.copy() if request else QueryDict(mutable=True)
    for key, value in changes.items():
        params.pop(key, None)
        if value not in (None, ""):
            params[key] = str(value)
    return "?" + urlencode([(k, v) for k, values in params.lists() for v in values])


@register.simple_tag(takes_context=True)
def theme_attr(context: template.Context) -> SafeString:
    """Return ``data-theme`` and Tabler's twin of it when the reader chose a theme; nothing to follow the system."""
    request: HttpRequest | None = context.get("request")
    theme = request.COOKIES.get("kp_theme", "") if request else ""
    if theme not in THEMES:
        return mark_safe("")
    return format_html(' data-theme="{}" data-bs-theme="{}"', theme, theme)


@register.simple_tag(takes_context=True)
def nav_item(context: template.Context, view: str, symbol: str, label: Any, count: Any = None) -> SafeString:
    """Return a navigation entry; nothing when that page does not exist (yet) in this installation."""
    url = _address(view, get_urlconf(), get_script_prefix())
    if not url:
        return mark_safe("")
    request: HttpRequest | None = context.get("request")
    chosen = context.get("nav")
    current = chosen == view.rpartition(":")[2] if chosen else bool(request and _is_at(request.path, url))
    return _nav_entry(url, symbol, str(label), count or 0, current)


@lru_cache(maxsize=256)
def _address(view: str, urlconf: Any, _prefix: str) -> str:
    """The address of a page; empty when this installation does not have it."""
    try:
        return reverse(view, urlconf)
    except NoReverseMatch:
        return ""


@lru_cache(maxsize=1024, typed=True)
def _nav_entry(url: str, symbol: str, label: str, count: Any, current: bool) -> SafeString:
    """The markup of a navigation entry, which is the same on every page but for what it is given."""
    return format_html(
        '<li><a class="nav-entry" href="{}"{}>{}<span class="nav-label">{}</span>{}</a></li>',
        url,
        mark_safe(' aria-current="page"') if current else "",
        icon(symbol),
        label,
        format_html('<span class="nav-count">{}</span>', count) if count else "",
    )


def _is_at(path: str, url: str) -> bool:
    """True when ``path`` is the page of ``url`` or below it; the root of a shell only matches itself."""
    return path == url or (url.count("/") > 2 and path.startswith(url))


@register.filter
def or_dash(value: Any) -> Any:
    """Return the value, or an en dash with a spoken "nothing recorded"."""
    if value in (None, ""):
        return format_html('<span class="nothing" title="{}">–</span>', _("Nothing recorded"))
    return conditional_escape(value)


@register.filter
def split_commas(text: str) -> list[str]:
    """Return the parts of "a,b,c"."""
    return text.split(",")
