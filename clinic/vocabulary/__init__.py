"""Files of shared words, and the one way in which vocabulary and knowledge files are read."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

_BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is about eight times faster


class _StrictLoader(_BaseLoader):  # type: ignore[misc]
    """A safe loader for which a key that stands twice in one mapping is an error, not a silent override."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if key_node.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key_node.value}' stands twice", key_node.start_mark
                )
            seen.add(key_node.value)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return mapping


def read_yaml_text(text: str) -> Any:
    """Plain data from YAML text. Raises yaml.YAMLError with line and column."""
    return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a safe loader


def read_yaml(path: Path) -> Any:
    """Plain data from a YAML file. Raises OSError or yaml.YAMLError."""
    return read_yaml_text(path.read_text(encoding="utf-8"))
