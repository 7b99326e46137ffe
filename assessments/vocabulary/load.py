"""Reads the vocabulary files into typed fields. A mistake in a file is reported with its file and path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from assessments.vocabulary.fields import VocabularyField
from clinic.anatomy import MUSCLES, REGIONS, Muscle
from clinic.vocabulary import read_yaml

FOLDER = Path(__file__).parent
NAMESPACE_FILES = ("hist", "pain", "func", "posture", "move", "mmt", "endur", "rom", "len", "joint", "spec", "neuro")
ZERO_NORM = 0
# Keys of the files that the pages do not need as typed values.
_PROSE = ("derived_from", "not_after", "not_before", "only_when", "items", "choices_from", "cap", "with_extent_cm")


class VocabularyError(Exception):
    """The vocabulary files are broken; ``problems`` lists every mistake with file and path."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


@cache
def read(name: str) -> dict[str, Any]:
    """One vocabulary file as plain data, read once."""
    data: dict[str, Any] = read_yaml(FOLDER / f"{name}.yaml")
    return data


def _choices(source: Mapping[Any, str] | None) -> tuple[dict[str, Any], ...]:
    return tuple({"value": value, "label": label} for value, label in (source or {}).items())


def _plain_field(space: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a file with the defaults of its namespace filled in."""
    namespace = space["namespace"]
    data = {key: value for key, value in row.items() if key not in _PROSE}
    data |= {"namespace": namespace, "path": f"{namespace}.{row['key']}", "derived": "derived_from" in row}
    for default in ("type", "worse", "sided", "source"):
        if default in space:
            data.setdefault(default, space[default])
    choices = row.get("choices") or space.get("choices")
    if row.get("choices_from") == "regions":
        choices = REGIONS
    data["choices"] = _choices(choices)
    return data


def _with_namespace_rules(space: Mapping[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """What a whole namespace adds: the modes of ranges, the choices of graded length tests, regions of muscles."""
    namespace = space["namespace"]
    if namespace == "rom":
        data["modes"] = tuple(space["modes"])
    if namespace == "len" and data["type"] == "grade":
        data["choices"] = _choices(space["grade_choices"])
    if data.get("muscle"):
        data.setdefault("region", MUSCLES[data["muscle"]].region)
    if data["type"] == "grade":
        data.setdefault("codes", tuple(float(choice["value"]) for choice in data["choices"]))
    return data


def _muscle_row(muscle: Muscle, space: Mapping[str, Any]) -> dict[str, Any]:
    row = {"key": muscle.key, "label": muscle.label, "muscle": muscle.key, "sided": muscle.bilateral}
    for name in ("type", "valid", "help", "scored", "max_length"):
        if name in space:
            row[name] = space[name]
    return row


def _muscle_rows(space: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    wanted = space["fields_from"]
    for muscle in MUSCLES.values():
        if wanted == "muscles" or (wanted.endswith("mmt") and muscle.mmt) or (wanted.endswith("trp") and muscle.trp):
            yield _muscle_row(muscle, space)


def _mmt_rows(space: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    choices = {code["code"]: f"{code['grade']} - {code['meaning']}" for code in space["codes"]}
    for row in _muscle_rows(space):
        yield row | {"choices": choices, "test": MUSCLES[row["key"]].action}


def _spaces() -> Iterator[tuple[dict[str, Any], Iterable[dict[str, Any]]]]:
    for name in NAMESPACE_FILES:
        space = read(name)
        yield space, _mmt_rows(space) if name == "mmt" else space["fields"]
    for space in read("palp")["namespaces"]:
        yield space, _muscle_rows(space)


def _rompct(field: VocabularyField, rompct: Mapping[str, Any]) -> VocabularyField:
    return VocabularyField(
        path=f"rompct.{field.key}",
        namespace="rompct",
        key=field.key,
        label=f"{field.label}, % of norm",
        type="number",
        unit=rompct["unit"],
        valid=tuple(rompct["valid"]),
        sided=field.sided,
        region=field.region,
        worse="low",
        derived=True,
    )


def load_fields() -> dict[str, VocabularyField]:
    """Every field by path, in written order. Raises VocabularyError with all mistakes at once."""
    fields: dict[str, VocabularyField] = {}
    problems: list[str] = []
    for space, rows in _spaces():
        for index, row in enumerate(rows):
            place = f"{space['namespace']}.yaml: fields[{index}]"
            try:
                field = VocabularyField.model_validate(_with_namespace_rules(space, _plain_field(space, row)))
            except ValidationError as error:
                problems += [f"{place}.{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
                continue
            if field.path in fields:
                problems.append(f"{place}: duplicate key '{field.key}'")
            fields[field.path] = field
    ranges = [field for field in fields.values() if field.namespace == "rom" and field.norm != ZERO_NORM]
    fields |= {f"rompct.{field.key}": _rompct(field, read("rom")["rompct"]) for field in ranges}
    if problems:
        raise VocabularyError(problems)
    return fields
