"""Telephone numbers for text messages: national notations to E.164. Pure: no Django.

Only what a text can reach is taken: for countries whose numbering plan is known here a mobile number, for all others
any complete international number. Numbering plans: ITU-T E.164 and the national annexes, checked 2026.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SEPARATORS = re.compile(r"[\s()./\u00a0\u2010-\u2015-]+")


class NotANumber(ValueError):
    """``code`` is ``letters``, ``length``, ``country`` or ``landline``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class NumberingPlan:
    """Calling code, trunk prefix before national numbers, and what a national mobile number looks like."""

    code: str
    trunk: str
    mobile: re.Pattern[str]
    length: range

    def is_complete(self, national: str) -> bool:
        return len(national) in self.length


def _plan(code: str, trunk: str, mobile: str, *lengths: int) -> NumberingPlan:
    return NumberingPlan(code, trunk, re.compile(mobile), range(min(lengths), max(lengths) + 1))


# North America does not tell mobile numbers from others.
_NANP = _plan("1", "1", r"[2-9]\d{2}[2-9]\d{6}", 10)
PLANS = {
    "GB": _plan("44", "0", r"7[1-57-9]\d{8}", 9, 10),
    "IE": _plan("353", "0", r"8[3-9]\d{7}", 7, 9),
    "FR": _plan("33", "0", r"[67]\d{8}", 9),
    "BE": _plan("32", "0", r"4[5-9]\d{7}", 8, 9),
    "CH": _plan("41", "0", r"7[5-9]\d{7}", 9),
    "LU": _plan("352", "", r"6\d{8}", 6, 9),
    "DE": _plan("49", "0", r"1[5-7]\d{8,9}", 6, 11),
    "NL": _plan("31", "0", r"6\d{8}", 9),
    "ES": _plan("34", "", r"[67]\d{8}", 9),
    "AU": _plan("61", "0", r"4\d{8}", 9),
    "NZ": _plan("64", "0", r"2\d{7,9}", 8, 10),
    "CA": _NANP,
    "US": _NANP,
}


def to_e164(raw: str, country: str) -> str:
    """The number as ``+`` and digits. National notations are read by the country (ISO 3166).

    Raises :class:`NotANumber` for what is no telephone number or cannot take a text.
    """
    digits = _SEPARATORS.sub("", raw.strip().replace("(0)", ""))
    digits = "+" + digits[2:] if digits.startswith("00") else digits
    if not re.fullmatch(r"\+?[0-9]+", digits, flags=re.ASCII):
        raise NotANumber("letters")
    number = digits if digits.startswith("+") else _from_national(digits, country)
    _check(number)
    return number


def _from_national(digits: str, country: str) -> str:
    plan = PLANS.get(country)
    if plan is None:
        raise NotANumber("country")
    # A leading 0 never belongs to the number; a leading 1 does where ten digits stand already.
    if plan.trunk and digits.startswith(plan.trunk) and (plan.trunk == "0" or not plan.is_complete(digits)):
        digits = digits[len(plan.trunk) :]
    if not plan.is_complete(digits):
        raise NotANumber("length")
    return f"+{plan.code}{digits}"


def _check(number: str) -> None:
    if not E164.fullmatch(number):
        raise NotANumber("length")
    # The longest calling code that fits: +352 is not a number of a country +3.
    plans = [plan for plan in PLANS.values() if number.startswith("+" + plan.code)]
    if not plans:
        return
    plan = max(plans, key=lambda found: len(found.code))
    national = number[len(plan.code) + 1 :]
    if not plan.is_complete(national):
        raise NotANumber("length")
    if not plan.mobile.fullmatch(national):
        raise NotANumber("landline")
