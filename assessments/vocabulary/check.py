"""Is this a possible value of this field? Impossible values are refused with the field named."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from datetime import date

from assessments.vocabulary.fields import Confirm, VocabularyField

Checked = bool | int | float | str | tuple[str, ...]

_NUMBER = re.compile(r"[+-]?\d{1,12}(?:[.,]\d{1,6})?")
_KEY = re.compile(r"[a-z0-9_]{1,60}")
_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})
_FAR_ABOVE_NORM_PCT = 130
_SD_FROM_MEAN = 3


class ValueProblem(ValueError):
    """A value that cannot be. ``message`` is for the person who typed it and names the field."""

    def __init__(self, path: str, message: str) -> None:
        self.path = path
        self.message = message
        super().__init__(f"{path}: {message}")


def show(number: float) -> str:
    """A number as people write it: 4, 2.5."""
    return f"{number:g}"


def _no_number(field: VocabularyField) -> ValueProblem:
    if field.valid is None:
        return ValueProblem(field.path, f"{field.label} must be a number.")
    low, high = field.valid
    return ValueProblem(field.path, f"{field.label} must be a number from {show(low)} to {show(high)}.")


def _parse_number(field: VocabularyField, raw: object) -> float:
    if isinstance(raw, bool) or raw is None:
        raise _no_number(field)
    if isinstance(raw, str):
        text = raw.strip().replace("−", "-")
        if not _NUMBER.fullmatch(text):
            raise _no_number(field)
        return float(text.replace(",", "."))
    try:
        number = float(raw)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        raise _no_number(field) from None
    if not math.isfinite(number):
        raise _no_number(field)
    return number


def _in_limits(field: VocabularyField, number: float) -> float:
    if field.valid is None:
        return number
    low, high = field.valid
    if not low <= number <= high:
        unit = f" {field.unit}" if field.unit and not field.unit[0].isdigit() else ""
        raise ValueProblem(field.path, f"{field.label} must be between {show(low)} and {show(high)}{unit}.")
    if field.step and (number - low) % field.step:
        raise ValueProblem(field.path, f"{field.label} goes in steps of {show(field.step)} from {show(low)}.")
    return number


def _number(field: VocabularyField, raw: object) -> float:
    number = _in_limits(field, _parse_number(field, raw))
    return int(number) if number.is_integer() else number


def _int(field: VocabularyField, raw: object) -> int:
    number = _parse_number(field, raw)
    if not number.is_integer():
        raise ValueProblem(field.path, f"{field.label} must be a whole number.")
    return int(_in_limits(field, number))


def _grade(field: VocabularyField, raw: object) -> float:
    """A grade by its code, or by its written form (``4+``)."""
    written = {choice.label.split(" - ")[0]: choice.value for choice in field.choices}
    if isinstance(raw, str):
        raw = written.get(raw.strip(), raw)
    number = _parse_number(field, raw)
    if not any(math.isclose(number, code) for code in field.codes):
        allowed = ", ".join(written or (show(code) for code in field.codes))
        raise ValueProblem(field.path, f"{field.label} must be one of {allowed}.")
    return int(number) if number.is_integer() else number


def _bool(field: VocabularyField, raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    text = str(raw).strip().lower()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise ValueProblem(field.path, f"{field.label} must be yes or no.")


def _word(field: VocabularyField, raw: object) -> str:
    allowed = [str(choice.value) for choice in field.choices]
    word = str(raw).strip() if isinstance(raw, str) else ""
    known = word in allowed if allowed else bool(_KEY.fullmatch(word))
    if not known:
        raise ValueProblem(field.path, f"{field.label}: '{str(raw)[:40]}' is not one of the choices.")
    return word


def _items(field: VocabularyField, raw: object) -> list[object]:
    if isinstance(raw, str):
        raw = [raw] if raw.strip() else []
    if not isinstance(raw, (list, tuple, set, frozenset)):
        raise ValueProblem(field.path, f"{field.label} must be a list.")
    return list(raw)


def _counted(field: VocabularyField, items: Iterable[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(items))
    if len(found) < field.min_items:
        raise ValueProblem(field.path, f"{field.label} needs at least {field.min_items} choice.")
    if field.max_items is not None and len(found) > field.max_items:
        raise ValueProblem(field.path, f"{field.label} takes at most {field.max_items} entries.")
    return found


def _multi(field: VocabularyField, raw: object) -> tuple[str, ...]:
    words = _counted(field, [_word(field, item) for item in _items(field, raw)])
    alone = [word for word in words if word in ("none", "none_known")]
    if alone and len(words) > 1:
        raise ValueProblem(field.path, f"{field.label}: '{field.choice_label(alone[0])}' cannot stand beside others.")
    return words


def _text(field: VocabularyField, raw: object) -> str:
    text = str(raw).strip()
    if "\x00" in text:
        raise ValueProblem(field.path, f"{field.label} contains a character that cannot be stored.")
    if len(text) > field.max_length:
        raise ValueProblem(field.path, f"{field.label} is longer than {field.max_length} characters.")
    return text


def _list(field: VocabularyField, raw: object) -> tuple[str, ...]:
    return _counted(field, [text for item in _items(field, raw) if (text := _text(field, item))])


def _date(field: VocabularyField, raw: object) -> str:
    if isinstance(raw, date):
        return raw.isoformat()[:10]
    try:
        return date.fromisoformat(str(raw).strip()).isoformat()
    except ValueError:
        raise ValueProblem(field.path, f"{field.label} must be a date (year-month-day).") from None


_CHECKS: dict[str, Callable[[VocabularyField, object], Checked]] = {
    "int": _int,
    "number": _number,
    "grade": _grade,
    "bool": _bool,
    "enum": _word,
    "multi": _multi,
    "text": _text,
    "list": _list,
    "records": _list,
    "date": _date,
}


def check_field(field: VocabularyField, raw: object) -> Checked:
    """The typed value, or ValueProblem. Words and numbers may come as typed text; a decimal comma is a comma."""
    return _CHECKS[field.type](field, raw)


def confirm_field(field: VocabularyField, value: object, *, age: float | None = None) -> str | None:
    """A question to ask once about a possible but unusual value, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if field.confirm is not None and _unusual(field.confirm, value, age):
        return f"{field.label} {show(value)}: {field.confirm.text} Is this correct?"
    return _far_from_norm(field, value)


def _unusual(rule: Confirm, value: float, age: float | None) -> bool:
    if rule.age_from is not None and (age is None or age < rule.age_from):
        return False
    return (rule.below is not None and value < rule.below) or (rule.above is not None and value > rule.above)


def _far_from_norm(field: VocabularyField, value: float) -> str | None:
    if field.namespace == "rom" and field.norm and value > field.norm * _FAR_ABOVE_NORM_PCT / 100:
        return (
            f"{field.label} {show(value)} is above {_FAR_ABOVE_NORM_PCT} % of the norm ({show(field.norm)}). Correct?"
        )
    limits = [norm.mean + _SD_FROM_MEAN * norm.sd for norm in field.norms if norm.mean is not None and norm.sd]
    if limits and value > max(limits):
        return f"{field.label} {show(value)} {field.unit} is far above the norm. Is this correct?"
    return None
