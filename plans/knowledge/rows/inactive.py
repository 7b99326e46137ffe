"""Switched-off rows leave the documents together with every mention of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

_LINKS = ("progression", "regression")


def without(data: Any, off: Collection[str]) -> Any:
    """Plain data without these keys in any list; entries that link to them lose the link."""
    if not off:
        return data
    if isinstance(data, list):
        return [without(item, off) for item in data if not (isinstance(item, str) and item in off)]
    if isinstance(data, dict):
        return {
            key: None if key in _LINKS and isinstance(value, str) and value in off else without(value, off)
            for key, value in data.items()
        }
    return data
