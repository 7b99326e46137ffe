"""From pain to prevention, in plain words: what each phase is for and what opens the next one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _lazy

from plans.summary import PHASE_AIMS, PHASE_TITLES, CriterionLine, Station
from portal.distance import Distance

StrOrPromise = str | Promise

# ``{n}`` is the number of the target. A criterion without words here is for the clinic alone.
CRITERIA: dict[str, StrOrPromise] = {
    "p1_pain": _lazy("Your worst pain of the day is {n} out of 10 or less"),
    "p1_irritability": _lazy("When something stirs the pain up, it settles again quickly"),
    "p1_spasm": _lazy("You have at most {n} spasms a week"),
    "p1_rom": _lazy("The stiff movement has become freer"),
    "p1_tone": _lazy("The tight muscle has become softer"),
    "p1_function": _lazy("You walk 10 minutes, sit 20 minutes and turn over with little pain"),
    "p1_neuro": _lazy("Feeling and strength are as they were, or better"),
    "p1_flags": _lazy("There is no warning sign"),
    "p1_homework": _lazy("You know your exercises and do at least half of them"),
    "p2_pain": _lazy("Your worst pain is {n} out of 10 or less, on two visits a week apart"),
    "p2_spasm": _lazy("You have at most one spasm or cramp in two weeks"),
    "p2_function": _lazy("What you want to do again goes clearly better"),
    "p2_rom": _lazy("The stiff movements are nearly full"),
    "p2_length": _lazy("The short muscles have become long enough"),
    "p2_strength": _lazy("The weak muscles have become strong"),
    "p2_endurance": _lazy("Your muscles last longer before they tire"),
    "p2_control": _lazy("You do the movement well, five times in a row"),
    "p2_load": _lazy("You do your usual work or sport, a little lighter, with little pain"),
    "p2_adherence": _lazy("You do at least three in four of your exercises over two weeks"),
    "p2_habits": _lazy("The habit behind it has changed: breaks, drinking, warm-up or lifting"),
    "p3_pain": _lazy("Your worst pain stays at {n} out of 10 or less for four weeks"),
    "p3_spasm": _lazy("At most one mild spasm in four weeks, which you settled yourself"),
    "p3_function": _lazy("You do what you wanted to do again"),
    "p3_capacity": _lazy("Strength and stamina have reached their target"),
    "p3_independent": _lazy("You run your programme for three weeks without reminders"),
    "p3_flare_plan": _lazy("You know what to do if it comes back"),
    "p3_activity": _lazy("You are active about 150 minutes a week, or as agreed"),
}
UNMEASURED = Distance("unmeasured")


@dataclass(frozen=True, slots=True)
class Opener:
    """One thing that opens the next phase, and how far it is; ``distance`` is None in a phase that is not running."""

    text: str
    is_needed: bool
    distance: Distance | None


@dataclass(frozen=True, slots=True)
class Stop:
    """A phase as the page shows it."""

    station: Station
    title: StrOrPromise
    aim: StrOrPromise
    openers: tuple[Opener, ...]

    @property
    def needed(self) -> list[Opener]:
        """All of these must be reached."""
        return [opener for opener in self.openers if opener.is_needed]

    @property
    def helping(self) -> list[Opener]:
        """At least half of these."""
        return [opener for opener in self.openers if not opener.is_needed]

    @property
    def is_last(self) -> bool:
        return self.station.number == 3


def stop_of(station: Station, distances: Mapping[str, Distance]) -> Stop:
    """The phase in words; ``distances`` are those of the running phase, by criterion. Before its first review there are
    none: then nothing is said, since what was not looked at is not "not measured"."""
    known = distances if distances and station.state == "here" else None
    openers = (_opener(line, known) for line in station.criteria if station.state != "past")
    number = station.number
    return Stop(
        station, PHASE_TITLES.get(number, ""), PHASE_AIMS.get(number, ""), tuple(o for o in openers if o is not None)
    )


def _opener(line: CriterionLine, distances: Mapping[str, Distance] | None) -> Opener | None:
    words = CRITERIA.get(line.key)
    if words is None:
        return None
    number = target_number(line.target)
    if "{n}" in str(words) and number is None:
        return None
    distance = None if distances is None else distances.get(line.key, UNMEASURED)
    return Opener(str(words).format(n=number), line.kind == "gate", distance)


def target_number(target: object) -> str | None:
    """The number of a target such as ``{"pain.nprs_worst_24h": "<= 3.5"}``, rounded as a person would say it."""
    value = next(iter(target.values()), None) if isinstance(target, Mapping) else target
    found = re.search(r"-?\d+(?:\.\d+)?", str(value)) if value is not None else None
    # Rounded down: "at most 3" keeps the promise of "at most 3.5".
    return str(int(float(found.group()))) if found else None
