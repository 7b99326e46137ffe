"""How the provider behaves: well, or as a rule says. Pure."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

MODES = (
    "accept",
    "timeout",  # takes it, and never answers
    "error",  # answers 500, or 451 to DATA
    "error_taken",  # takes it and answers 500
    "busy",  # 429 with Retry-After, or 450
    "no_id",  # takes it and names no id
    "slow",  # takes it, and answers after `seconds`
    "refuse",  # this recipient never: 400, or 550
    "gone",  # 410, or 550
    "drop_before",  # hangs up before the message
    "drop_after",  # takes the message and hangs up before the answer
)
REPORTS = ("none", "delivered", "delivered_twice", "bounced", "late_bounce", "failed")


class BadRule(ValueError):
    """The rule cannot be followed; the text says why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """For messages of ``channel`` whose recipient contains ``to``, the next ``times`` of them (0: all)."""

    mode: str = "accept"
    channel: str = ""
    to: str = ""
    times: int = 0
    seconds: float = 30.0
    report: str = "none"

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """A rule from its JSON form. Raises ``BadRule``."""
        try:
            rule = cls(**given)
        except TypeError:
            raise BadRule(f"A rule has {', '.join(cls.__slots__)}.") from None
        if rule.mode not in MODES or rule.report not in REPORTS:
            raise BadRule(f"mode is one of {', '.join(MODES)}; report one of {', '.join(REPORTS)}.")
        if type(given.get("times", 0)) is not int or type(given.get("seconds", 0)) not in (int, float):
            raise BadRule("times and seconds are numbers.")
        if not 0 <= rule.seconds <= 600:
            raise BadRule("times is a whole number, seconds from 0 to 600.")
        return rule

    def fits(self, channel: str, to: str) -> bool:
        return self.channel in ("", channel) and self.to in to


@dataclass(slots=True)
class _Counted:
    rule: Rule
    left: int


@dataclass
class Rules:
    """The rules in force; the first that fits decides. Safe for many threads."""

    _rules: list[_Counted] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, rules: list[Rule]) -> None:
        """These from now on, in this order; none: everything is accepted."""
        with self._lock:
            self._rules = [_Counted(rule, rule.times) for rule in rules]

    def pick(self, channel: str, to: str) -> Rule:
        """The rule for one message; counts it."""
        with self._lock:
            for counted in self._rules:
                if counted.rule.fits(channel, to) and (not counted.rule.times or counted.left > 0):
                    counted.left -= 1
                    return counted.rule
        return Rule()

    def shown(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(counted.rule) for counted in self._rules]
