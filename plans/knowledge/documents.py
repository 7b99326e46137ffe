"""The seven documents of the clinical knowledge as plain data, wherever they come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from clinic.vocabulary import read_yaml

ROOT = Path(__file__).resolve().parents[2]
SHIPPED_FILES: dict[str, Path] = {
    "conditions": ROOT / "plans" / "knowledge" / "conditions.yaml",
    "techniques": ROOT / "plans" / "knowledge" / "techniques.yaml",
    "red_flags": ROOT / "assessments" / "vocabulary" / "red_flags.yaml",
    "exercises": ROOT / "exercises" / "library" / "exercises.yaml",
    "root_causes": ROOT / "plans" / "knowledge" / "root_causes.yaml",
    "phases": ROOT / "plans" / "knowledge" / "phases.yaml",
    "education": ROOT / "plans" / "knowledge" / "education.yaml",
}


class KnowledgeError(Exception):
    """The knowledge is broken. ``problems`` lists every mistake: file, path in the file, what is wrong."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        count = len(self.problems)
        super().__init__(f"{count} problem{'' if count == 1 else 's'} in the knowledge:\n" + "\n".join(self.problems))


@dataclass(frozen=True)
class Documents:
    """Plain data by document name, in the shape of the files."""

    conditions: dict[str, Any]
    techniques: dict[str, Any]
    red_flags: dict[str, Any]
    exercises: dict[str, Any]
    root_causes: dict[str, Any]
    phases: dict[str, Any]
    education: dict[str, Any]


def file_of(name: str) -> str:
    """The file name of a document, as problems name it."""
    return f"{name}.yaml"


def documents_from_files(folder: Path | None = None) -> Documents:
    """Read the documents. Files in `folder` take the place of the shipped files of the same name.

    Raises KnowledgeError for every file that is missing or is not YAML.
    """
    data: dict[str, Any] = {}
    problems: list[str] = []
    for name, shipped in SHIPPED_FILES.items():
        own = folder / shipped.name if folder is not None else shipped
        path = own if own.exists() else shipped
        try:
            content = read_yaml(path)
        except OSError as error:
            problems.append(f"{shipped.name}: cannot be read ({error.strerror})")
        except UnicodeDecodeError:
            problems.append(f"{shipped.name}: is not UTF-8 text")
        except yaml.YAMLError as error:
            problems.append(f"{shipped.name}: {_where(error)}")
        else:
            if isinstance(content, dict):
                data[name] = content
            else:
                problems.append(f"{shipped.name}: must be a mapping")
    if problems:
        raise KnowledgeError(problems)
    return Documents(**data)


@cache
def shipped_documents() -> Documents:
    """The shipped files, read once in a process. Do not change what it returns."""
    return documents_from_files()


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    text = str(getattr(error, "problem", None) or error).replace("\n", " ")
    return f"line {mark.line + 1}, column {mark.column + 1}: {text}" if mark is not None else text
