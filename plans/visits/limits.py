"""What one visit may hold: the ceilings and intervals of the phases and techniques references.

Pure: plain values in, problems out. A problem with ``ask`` may be answered with a licensed reason (the reference says
"review" or "only after a recorded review"); every other one stands until the entry changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from math import ceil
from typing import Any

# Phases reference, section 5, and techniques reference, sections 1, 3 and 6.
PASSIVE = frozenset({"manual_soft", "manual_joint", "needling", "electro", "thermal"})
HANDS_ON = frozenset({"manual_soft", "manual_joint"})
PASSIVE_MAX = 3
HANDS_ON_MAX_MIN = 30
NEEDLES_MAX = 6
NEEDLING_MIN_DAYS = 3
NEEDLING_SESSIONS_REVIEW = 6
THRUST = "mt_joint_thrust_5"
THRUSTS_MAX = 2
THRUST_VISITS_REVIEW, THRUST_VISITS_MAX = 4, 6
NMES = ("es_nmes_reeducation", "es_nmes_spasm_reduction")
NMES_PER_WEEK = 5
SPASM_SESSIONS_MAX = 2
TENS = ("es_tens_conventional", "es_tens_low_frequency")
TENS_REVIEW_DAYS = 14
COLD_NERVE_REGIONS = ("knee", "elbow")
COLD_NERVE_MAX_MIN = 10
RIB_REGIONS = ("chest_anterior", "thoracic", "scapular")
RIB_DEPTH_MAX_MM = 5  # verify
DEPTH_PHASE_1 = 5
MOVEMENT_S = 3  # seconds for one repetition without a hold (exercise reference, time estimate)


@dataclass(frozen=True, slots=True)
class DoneTechnique:
    """A technique that was done; ``row`` names its row of the note, ``reason`` is the licensed reason given."""

    row: int
    key: str
    category: str
    name: str
    region: str = ""
    side: str = ""
    muscles: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""

    @property
    def sites(self) -> tuple[tuple[str, str], ...]:
        """What was treated: the muscles when they are named, else the region; each with the side."""
        return tuple((place, self.side) for place in self.muscles or (self.region,))


@dataclass(frozen=True, slots=True)
class Earlier:
    """A technique of an earlier visit of the same course of care."""

    day: date
    key: str
    category: str
    sites: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit as the rules see it. ``written``: kinds of signed consent that are valid on the day."""

    on: date
    phase: int
    done: tuple[DoneTechnique, ...]
    exercises: int
    consent: bool | None
    written: frozenset[str] = frozenset()
    earlier: tuple[Earlier, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """``row`` is the technique's row, None when it is about the visit; ``ask``: a licensed reason answers it."""

    code: str
    message: str
    row: int | None = None
    ask: bool = False


def problems(visit: Visit) -> tuple[Problem, ...]:
    """Everything that stands against signing this visit, in the order in which one would put it right."""
    checks = (_consent, _passive, _hands_on, _needling, _thrust, _electro, _thermal)
    found = [problem for check in checks for problem in check(visit)]
    reasons = {row.row: row.reason for row in visit.done}
    return tuple(p for p in found if not (p.ask and p.row is not None and reasons.get(p.row)))


def same_site(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """The same muscle or region; both sides, and a side that is not named, overlap with either."""
    return one[0] == other[0] and (one[1] == other[1] or not {"left", "right"} >= {one[1], other[1]})


# --- Consent ---------------------------------------------------------------------------------------------------------


def _consent(visit: Visit) -> Iterator[Problem]:
    if visit.done and visit.consent is not True:
        yield Problem("consent_today", "Confirm that the patient consented to today's treatment.")
    for row in visit.done:
        kind = written_consent(row.key, row.category)
        if kind and kind not in visit.written:
            yield Problem("consent_missing", f"{row.name} needs a signed consent on file. There is none.", row.row)


def written_consent(key: str, category: str) -> str:
    """The kind of signed consent that a technique needs; "" when verbal consent is enough."""
    return "needling" if category == "needling" else "thrust" if key == THRUST else ""


# --- The visit as a whole --------------------------------------------------------------------------------------------


def _passive(visit: Visit) -> Iterator[Problem]:
    passive = [row for row in visit.done if row.category in PASSIVE]
    if len(passive) > PASSIVE_MAX:
        message = f"A visit holds at most {PASSIVE_MAX} passive techniques; {len(passive)} are marked as done."
        yield Problem("passive_ceiling", message)
    if passive and not visit.exercises:
        yield Problem("passive_only", "Every visit with passive treatment contains at least one exercise.")


def _hands_on(visit: Visit) -> Iterator[Problem]:
    minutes = hands_on_minutes(visit.done)
    if minutes > HANDS_ON_MAX_MIN:
        message = f"{minutes:.0f} minutes hands-on; a visit holds at most {HANDS_ON_MAX_MIN}."
        yield Problem("hands_on", message)


def hands_on_minutes(done: Iterable[DoneTechnique]) -> float:
    """Hands-on time of the manual techniques, in minutes, from their parameters."""
    return sum(_minutes(row.parameters) for row in done if row.category in HANDS_ON)


def _minutes(given: Mapping[str, Any]) -> float:
    if "session_min" in given:
        return _number(given, "session_min")
    sets, points = _number(given, "sets", 1), _number(given, "points", 1)
    repeats = _number(given, "repeats", 1)
    if "duration_s" in given:
        return sets * _number(given, "duration_s") / 60
    if "hold_s" in given:
        return points * repeats * (_number(given, "hold_s") + _number(given, "relax_stretch_s", 0)) / 60
    return sets * _number(given, "reps", 0) * MOVEMENT_S / 60


def _number(given: Mapping[str, Any], name: str, default: float = 0) -> float:
    value = given.get(name)
    return float(value) if isinstance(value, (int, float)) else default


# --- Needling --------------------------------------------------------------------------------------------------------


def _needling(visit: Visit) -> Iterator[Problem]:
    rows = [row for row in visit.done if row.category == "needling"]
    points = sum(_number(row.parameters, "points_per_session") for row in rows)
    if points > NEEDLES_MAX:
        yield Problem("needling_points", f"{points:g} needling points; a visit holds at most {NEEDLES_MAX} in all.")
    for row in rows:
        if not row.muscles:
            yield Problem("needling_muscle", f"{row.name}: name the muscle, so that intervals can be kept.", row.row)
        yield from _needling_before(visit, row)
        depth = _number(row.parameters, "depth_mm")
        if row.region in RIB_REGIONS and row.key == "dn_superficial" and depth > RIB_DEPTH_MAX_MM:
            message = f"{row.name} over the ribs: {RIB_DEPTH_MAX_MM} mm at most, {depth:g} entered."
            yield Problem("rib_depth", message, row.row)


def _needling_before(visit: Visit, row: DoneTechnique) -> Iterator[Problem]:
    for site in row.sites if row.muscles else ():
        days = sorted({e.day for e in visit.earlier if e.category == "needling" and _touched(e, site)})
        last = days[-1] if days else None
        if last is not None and (visit.on - last).days < NEEDLING_MIN_DAYS:
            message = (
                f"{row.name}: the same muscle was needled on {last:%d %b}; at least {NEEDLING_MIN_DAYS} days apart."
            )
            yield Problem("needling_interval", message, row.row)
        if len(days) >= NEEDLING_SESSIONS_REVIEW:
            message = f"{row.name}: {len(days)} sessions at this muscle. Review first, and say why it goes on."
            yield Problem("needling_review", message, row.row, ask=True)


def _touched(earlier: Earlier, site: tuple[str, str]) -> bool:
    return any(same_site(entry, site) for entry in earlier.sites)


# --- Thrust, electrical, heat and cold -------------------------------------------------------------------------------


def _thrust(visit: Visit) -> Iterator[Problem]:
    rows = [row for row in visit.done if row.key == THRUST]
    if not rows:
        return
    count = sum(_number(r.parameters, "thrusts", 1) * _number(r.parameters, "segments", 1) for r in rows)
    if count > THRUSTS_MAX:
        yield Problem("thrusts", f"{count:g} thrusts; a visit holds at most {THRUSTS_MAX}.", rows[0].row)
    before = len({e.day for e in visit.earlier if e.key == THRUST and e.day != visit.on})
    if before >= THRUST_VISITS_MAX:
        message = f"{before} visits with a thrust in this episode; {THRUST_VISITS_MAX} is the limit."
        yield Problem("thrust_visits", message, rows[0].row)
    elif before >= THRUST_VISITS_REVIEW:
        message = f"{before} visits with a thrust in this episode. More need a recorded review: say what it found."
        yield Problem("thrust_review", message, rows[0].row, ask=True)


def _electro(visit: Visit) -> Iterator[Problem]:
    for row in visit.done:
        if row.key in NMES:
            yield from _nmes(visit, row)
        if row.key in TENS:
            first = min((e.day for e in visit.earlier if e.key in TENS), default=visit.on)
            if (visit.on - first).days >= TENS_REVIEW_DAYS:
                message = f"{row.name} since {first:%d %b}. Review whether it is still needed, and say why it goes on."
                yield Problem("tens_review", message, row.row, ask=True)


def _nmes(visit: Visit, row: DoneTechnique) -> Iterator[Problem]:
    for site in row.sites:
        days = {e.day for e in visit.earlier if e.key in NMES and _touched(e, site) and e.day != visit.on}
        week = sum((visit.on - day).days < 7 for day in days)
        if week >= NMES_PER_WEEK:
            yield Problem("nmes_week", f"{row.name}: {week} sessions in 7 days; {NMES_PER_WEEK} at most.", row.row)
        spasm = {e.day for e in visit.earlier if e.key == row.key and _touched(e, site) and e.day != visit.on}
        if row.key == "es_nmes_spasm_reduction" and len(spasm) >= SPASM_SESSIONS_MAX:
            message = f"{row.name}: {len(spasm)} sessions were given; it stops after {SPASM_SESSIONS_MAX}."
            yield Problem("nmes_spasm", message, row.row)
    contractions, minutes = _number(row.parameters, "contractions"), _number(row.parameters, "duration_min")
    cycle = _number(row.parameters, "on_s") + _number(row.parameters, "off_s")
    if contractions and cycle and minutes != ceil(contractions * cycle / 60):
        needed = ceil(contractions * cycle / 60)
        message = f"{row.name}: {contractions:g} contractions of {cycle:g} s take {needed} min, not {minutes:g}."
        yield Problem("nmes_minutes", message, row.row)


def _thermal(visit: Visit) -> Iterator[Problem]:
    for row in visit.done:
        minutes = _number(row.parameters, "duration_min")
        if row.key == "th_cold" and row.region in COLD_NERVE_REGIONS and minutes > COLD_NERVE_MAX_MIN:
            message = f"{row.name} over a superficial nerve: {COLD_NERVE_MAX_MIN} min at most, {minutes:g} entered."
            yield Problem("cold_nerve", message, row.row)
