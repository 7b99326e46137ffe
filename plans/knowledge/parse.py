"""Documents in, `Knowledge` out: typed, cross-checked, every problem reported with its path. Pure, no database."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from plans.engine.knowledge import Knowledge
from plans.knowledge import schema
from plans.knowledge.build import build
from plans.knowledge.crosscheck import Parsed, cross_check
from plans.knowledge.documents import Documents, KnowledgeError, file_of, shipped_documents

_SCHEMAS: dict[str, type[BaseModel]] = {
    "conditions": schema.ConditionsDocument,
    "techniques": schema.TechniquesDocument,
    "red_flags": schema.RedFlagsDocument,
    "exercises": schema.ExercisesDocument,
    "root_causes": schema.RootCausesDocument,
    "phases": schema.PhasesDocument,
    "education": schema.EducationDocument,
}


def content_hash(documents: Documents) -> str:
    """SHA-256 over the documents; the same content gives the same hash, whatever the layout of the files."""
    return hashlib.sha256(json.dumps(asdict(documents), sort_keys=True, default=str).encode()).hexdigest()


def _place(location: tuple[int | str, ...]) -> str:
    """``("root_causes", 3, "evidence", "Test")`` as ``root_causes[3].evidence``: names of union branches fall away."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part and (part[0].islower() or part[0].isdigit()) and "[" not in part:
            text += f".{part}" if text else part
    return text


def _shape_problems(name: str, error: ValidationError) -> list[str]:
    lines = [f"{file_of(name)}: {_place(e['loc'])}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()]
    return list(dict.fromkeys(lines))


def read_documents(documents: Documents) -> Parsed:
    """Typed and cross-checked documents. Raises KnowledgeError with all problems of shape, else of meaning."""
    problems: list[str] = []
    parsed: dict[str, Any] = {}
    for name, model in _SCHEMAS.items():
        try:
            parsed[name] = model.model_validate(getattr(documents, name))
        except ValidationError as error:
            problems += _shape_problems(name, error)
    if problems:
        raise KnowledgeError(problems)
    result = Parsed(**parsed)
    problems = cross_check(result)
    if problems:
        raise KnowledgeError(problems)
    return result


def parse(documents: Documents, *, revision: str | None = None) -> Knowledge:
    """The knowledge of these documents; without a revision it is named by the content. Raises KnowledgeError."""
    name = revision if revision is not None else content_hash(documents)[:12]
    return build(read_documents(documents), name)


@cache
def shipped_knowledge() -> Knowledge:
    """The knowledge as it is shipped, read once in a process."""
    return parse(shipped_documents())
