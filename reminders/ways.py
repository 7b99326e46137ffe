"""Which kinds of message may travel which way, and which way is tried first. Pure: plain values, no Django.

A message goes one way only. Where that way fails for certain, the next one that the patient wants is taken
(:mod:`reminders.fallback`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Free and at once, then free, then paid for, then waiting for the next look.
USUAL_ORDER = ("push", "email", "sms", "portal")


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for one kind of message.

    ``offered``: the ways it may travel; ``default``: those it travels as long as the patient has said nothing.
    ``capped``: it counts against the daily cap and is held back by it. ``in_pause``: it goes although the patient has
    paused messages. ``timed``: the patient chooses its times.
    """

    offered: tuple[str, ...]
    default: tuple[str, ...] = ("email",)
    capped: bool = True
    in_pause: bool = False
    timed: bool = False


_EVERY_WAY = ("push", "email", "sms", "portal")
_NOTICE = ("email", "portal")
# The portal shows the programme anyhow: a notice there would say nothing. Habit prompts are many and short-lived:
# not worth a paid text. They come at times that the patient has chosen, so the cap does not take the fourth away.
POLICIES: Mapping[str, Policy] = {
    "exercises": Policy(("push", "email", "sms"), timed=True),
    "nudge": Policy(("push", "email", "sms")),
    "movement": Policy(("push", "email"), default=(), capped=False, timed=True),
    "fluids": Policy(("push", "email"), default=(), capped=False, timed=True),
    "appointment": Policy(_EVERY_WAY, _NOTICE, capped=False, in_pause=True),
    "reassessment": Policy(_EVERY_WAY, _NOTICE),
    "plan_changed": Policy(_EVERY_WAY, _NOTICE),
    "question": Policy(_EVERY_WAY, _NOTICE),
    "wait_list": Policy(_EVERY_WAY, _NOTICE, capped=False),
}
HABITS = ("movement", "fluids")
CAPPED = tuple(kind for kind, policy in POLICIES.items() if policy.capped)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the patient has said about one kind and one way. The lowest ``rank`` is tried first."""

    kind: str
    channel: str
    enabled: bool
    rank: int = 0


def wanted_ways(kind: str, choices: Iterable[Choice]) -> tuple[str, ...]:
    """The ways that the patient wants for one kind, the first to try in front; the defaults where nothing is said."""
    policy = POLICIES[kind]
    said = {choice.channel: choice for choice in choices if choice.kind == kind}
    chosen = [way for way in policy.offered if (said[way].enabled if way in said else way in policy.default)]
    # Where nothing was said, or said without an order, the usual order holds: the sort is stable.
    in_usual_order = sorted(chosen, key=USUAL_ORDER.index)
    return tuple(sorted(in_usual_order, key=lambda way: said[way].rank if way in said else 0))
