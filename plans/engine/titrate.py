"""The next dose of a home exercise, proposed from its logs and the pain traffic light. Plain values, no clock.

Green: pain rises by less than 2 above the usual level. Amber: it rises by 2 or more and has settled by the next day
(small flare): 30 % less load. Red: 2 or more above the usual level on two days running (clear flare): one step back.
Pain during exercise may rise by 2 (section 5), a rise of 2 already counts as a small flare (section 4): the safer of
the two is taken. Silence never progresses anything. A proposal is only ever a proposal: a person decides.
(phases file, sections 4 and 5; technique reference: settle within 24 h, otherwise regress)
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import floor
from typing import Literal

from plans.engine.draft import Reason

Light = Literal["green", "amber", "red", "unknown"]
Kind = Literal["progress", "hold", "cut", "back"]

RISE = 2.0
LOOK_BACK_DAYS = 14
FLARE_DAYS = 7
CALM_DAYS = 7
# Before a step: a whole week at this dose, three answers about pain, three quarters of what was asked for.
DAYS_AT_DOSE = 7
ANSWERS_NEEDED = 3
SHARE_NEEDED = 0.75
LOAD_RISE = 1.10
LOAD_RISE_MAX = 1.15
CUT = 0.7
# What a patient says when a week was short, and what it asks for: a smaller dose.
LESS: Mapping[str, str] = {"pain": "the patient says it hurt", "time": "the patient says there was no time"}
SOURCE = "phases, sections 4 and 5"


@dataclass(frozen=True, slots=True)
class HomeDose:
    """A dose as it is prescribed: minutes replace repetitions and hold. Units as in the exercise reference."""

    sets: int
    reps: int
    per_day: int
    days_per_week: int
    rpe_low: int
    rpe_high: int
    hold_s: int | None = None
    duration_min: float | None = None
    rest_s: int = 0

    @property
    def load(self) -> float:
        """Work a week: seconds or minutes or repetitions, whatever this exercise is counted in; for ratios only."""
        unit = self.duration_min if self.duration_min is not None else self.sets * self.reps * max(self.hold_s or 0, 1)
        return unit * self.per_day * self.days_per_week


@dataclass(frozen=True, slots=True)
class Session:
    """One logged bout. state: done, part or skipped; pain 0-10 or None when not said; reason of a skip."""

    day: date
    state: str
    pain: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HomeExercise:
    """An exercise of the running phase with its logs. top: highest value of each dose field here (phase ceiling,
    technique limit, conditions); low: lowest; asked: sessions asked for in the look-back; harder, easier: keys of the
    next steps that may be used in this phase ("" when there is none); said: what the patient named when a week was
    short (pain, time, easy, ...; "" when nothing was)."""

    key: str
    dose: HomeDose
    since: date
    sessions: tuple[Session, ...]
    asked: int
    top: Mapping[str, float]
    low: Mapping[str, float]
    harder: str = ""
    easier: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for one exercise. dose: the new dose (progress, cut); swap: key of the exercise to change to."""

    key: str
    kind: Kind
    light: Light
    reasons: tuple[Reason, ...]
    dose: HomeDose | None = None
    swap: str = ""


@dataclass(frozen=True, slots=True)
class PainDay:
    """Worst pain of a day over all exercises."""

    day: date
    pain: float


def propose(
    exercises: Iterable[HomeExercise], days: Sequence[PainDay], *, usual: float | None, stopped: bool, today: date
) -> tuple[Proposal, ...]:
    """A proposal for each exercise. usual: pain when the plan began, used until there are calm days; stopped: the phase
    review has stopped progression (two flares, a step back, a new sign)."""
    levels = levels_before(days, usual)
    flare = clear_flare(days, usual, today)
    found: list[Proposal] = []
    for exercise in exercises:
        proposal = _propose(exercise, levels, flare, stopped, today)
        if proposal.swap and any(proposal.swap == other.swap for other in found):  # no exercise twice in a programme
            proposal = _propose(replace(exercise, harder="", easier=""), levels, flare, stopped, today)
        found.append(proposal)
    return tuple(found)


def _propose(
    exercise: HomeExercise, levels: Mapping[date, float | None], flare: date | None, stopped: bool, today: date
) -> Proposal:
    recent = [s for s in exercise.sessions if today - timedelta(days=LOOK_BACK_DAYS) <= s.day <= today]
    if flare is not None:
        return _back(exercise, flare)
    raised = _raised(recent, levels, today)
    if raised is not None:
        return _cut(exercise, raised, levels.get(raised.day))
    if exercise.said in LESS and (less := cut_dose(exercise.dose, exercise.low)) is not None:
        why = _reason("barrier", f"{LESS[exercise.said]}: 30 % less is more likely to be done")
        return Proposal(exercise.key, "cut", _light(recent), (why,), dose=less)
    why_not = _not_yet(exercise, recent, stopped, today)
    if why_not is not None:
        return Proposal(exercise.key, "hold", _light(recent), (why_not,))
    return _progress(exercise, recent, today)


def _light(recent: Sequence[Session]) -> Light:
    return "green" if any(s.pain is not None for s in recent) else "unknown"


def _reason(rule: str, text: str, *inputs: str) -> Reason:
    return Reason(f"titrate.{rule}", text, inputs, SOURCE)


def _said(day: date) -> str:
    return f"{day.day} {day:%b}"


# --- The traffic light ----------------------------------------------------------------------------------------------


def levels_before(days: Sequence[PainDay], usual: float | None) -> dict[date, float | None]:
    """The usual level that each day is compared with: the mean of the last seven calm days before it; what the plan
    began with until there is one."""
    calm: list[float] = []
    levels: dict[date, float | None] = {}
    for entry in sorted(days, key=lambda d: d.day):
        level = levels[entry.day] = _mean(calm[-CALM_DAYS:], usual)
        if level is None or entry.pain < level + RISE:
            calm.append(entry.pain)
    return levels


def clear_flare(days: Sequence[PainDay], usual: float | None, today: date) -> date | None:
    """First day of a clear flare of the last week: 2 or more above the usual level on two days running."""
    calm: list[float] = []
    high_before: date | None = None
    found: date | None = None
    for entry in sorted(days, key=lambda d: d.day):
        level = _mean(calm[-CALM_DAYS:], usual)
        if level is None or entry.pain < level + RISE:
            calm.append(entry.pain)
            high_before = None
        elif high_before is not None and (entry.day - high_before).days == 1:
            found, high_before = high_before, entry.day
        else:
            high_before = entry.day
    return found if found is not None and (today - found).days < FLARE_DAYS else None


def _mean(values: Sequence[float], otherwise: float | None) -> float | None:
    return sum(values) / len(values) if values else otherwise


def _raised(sessions: Sequence[Session], levels: Mapping[date, float | None], today: date) -> Session | None:
    """The last session of the last week after which this exercise hurt, or that was left because it hurt."""
    since = today - timedelta(days=FLARE_DAYS)
    hurt = [s for s in sessions if s.day > since and (_is_raised(s, levels.get(s.day)) or s.reason == "pain")]
    return max(hurt, key=lambda s: s.day) if hurt else None


def _is_raised(session: Session, level: float | None) -> bool:
    return session.pain is not None and level is not None and session.pain >= level + RISE


# --- Less -----------------------------------------------------------------------------------------------------------


def _back(exercise: HomeExercise, flare: date) -> Proposal:
    text = f"clear flare since {_said(flare)}: pain 2 or more above the usual level on two days running"
    why = _reason("clear_flare", text, "pain.nprs_worst_24h")
    if exercise.easier:
        return Proposal(exercise.key, "back", "red", (why,), swap=exercise.easier)
    less = cut_dose(exercise.dose, exercise.low)
    none = _reason("no_easier", "the library has no easier step in this phase: 30 % less load instead")
    return Proposal(exercise.key, "cut" if less else "hold", "red", (why, none), dose=less)


def _cut(exercise: HomeExercise, session: Session, level: float | None) -> Proposal:
    if session.pain is not None and level is not None and session.pain >= level + RISE:
        text = f"pain {session.pain:g} after it on {_said(session.day)}, usual level {level:.1f}: small flare"
    else:
        text = f"left on {_said(session.day)} because it hurt"
    why = (_reason("small_flare", f"{text}; cut the load by 30 %, repeat in 48 h", "pain.nprs_worst_24h"),)
    less = cut_dose(exercise.dose, exercise.low)
    if less is None and exercise.easier:
        return Proposal(exercise.key, "back", "amber", why, swap=exercise.easier)
    return Proposal(exercise.key, "cut" if less else "hold", "amber", why, dose=less)


def cut_dose(dose: HomeDose, low: Mapping[str, float]) -> HomeDose | None:
    """At least 30 % less load: minutes, else repetitions, sets, hold, times a day; None when nothing can go down."""
    goal = CUT * dose.load
    for smaller in _smaller(dose):
        if smaller.load <= goal + 1e-9 and _within(smaller, {}, low):
            return smaller
    return None


def _smaller(dose: HomeDose) -> Iterable[HomeDose]:
    if dose.duration_min is not None:
        yield replace(dose, duration_min=floor(2 * CUT * dose.duration_min) / 2)
    else:
        yield replace(dose, reps=floor(CUT * dose.reps))
        yield replace(dose, sets=floor(CUT * dose.sets))
        if dose.hold_s:
            yield replace(dose, hold_s=floor(CUT * dose.hold_s))
    yield replace(dose, per_day=floor(CUT * dose.per_day))


# --- More -----------------------------------------------------------------------------------------------------------


def _not_yet(exercise: HomeExercise, sessions: Sequence[Session], stopped: bool, today: date) -> Reason | None:
    """Why there is no step up yet; None when there may be one."""
    days = (today - exercise.since).days
    answers = [s for s in sessions if s.pain is not None]
    worth = _worth(sessions, today)
    share = worth / exercise.asked if exercise.asked else 0.0
    if stopped:
        return _reason("stopped", "the phase review holds every step up")
    if days < DAYS_AT_DOSE:
        return _reason("too_soon", f"{days} days at this dose: a step a week at most")
    if share < SHARE_NEEDED and exercise.said != "easy":  # who says it is too easy has told why it was not done
        done = f"{worth:g} of {exercise.asked}"
        return _reason("not_done", f"{done} sessions logged as done: 75 % before a step up, silence counts as missed")
    if len(answers) < ANSWERS_NEEDED:
        return _reason("no_answers", f"{len(answers)} answers about pain: {ANSWERS_NEEDED} are needed")
    return None


def _worth(sessions: Iterable[Session], today: date) -> float:
    """Sessions done before today, a part as a half."""
    return sum({"done": 1.0, "part": 0.5}.get(s.state, 0.0) for s in sessions if s.day < today)


def _progress(exercise: HomeExercise, sessions: Sequence[Session], today: date) -> Proposal:
    worst = max(s.pain for s in sessions if s.pain is not None)
    worth = _worth(sessions, today)
    text = f"{worth:g} of {exercise.asked} sessions done, pain at most {worst:g} of 10 after them"
    easy = exercise.said == "easy" or any(s.reason == "easy" for s in sessions)
    why = (_reason("green", text + (", called too easy" if easy else ""), "func.adherence_pct", "pain.nprs_worst_24h"),)
    more = next_dose(exercise.dose, exercise.top, exercise.low)
    if more is not None:
        return Proposal(exercise.key, "progress", "green", why, dose=more)
    if exercise.harder:
        return Proposal(exercise.key, "progress", "green", why, swap=exercise.harder)
    top = _reason("at_the_top", "the dose is at its limit in this phase and the library has no harder step for it")
    return Proposal(exercise.key, "hold", "green", (*why, top))


def next_dose(dose: HomeDose, top: Mapping[str, float], low: Mapping[str, float]) -> HomeDose | None:
    """The next step: repetitions (or minutes), then sets, then effort; a week's load rises by 5-10 %, at most 15 %.

    None at the top of everything: then the harder exercise is next."""
    for bigger in _bigger(dose, top):
        if dose.load < bigger.load <= LOAD_RISE_MAX * dose.load + 1e-9 and _within(bigger, top, low):
            return bigger
    harder = replace(dose, rpe_low=dose.rpe_low + 1, rpe_high=dose.rpe_high + 1)
    return harder if "rpe_high" in top and _within(harder, top, low) else None


def _bigger(dose: HomeDose, top: Mapping[str, float]) -> Iterable[HomeDose]:
    if dose.duration_min is not None:
        yield replace(dose, duration_min=floor(2 * LOAD_RISE * dose.duration_min) / 2)
        yield replace(dose, duration_min=dose.duration_min + 0.5)
        return
    most = int(top.get("reps", dose.reps))
    yield replace(dose, reps=min(most, floor(LOAD_RISE * dose.reps)))
    yield replace(dose, reps=min(most, dose.reps + 1))
    if dose.hold_s and dose.hold_s >= CALM_DAYS:
        yield replace(dose, hold_s=floor(LOAD_RISE_MAX * dose.hold_s))
    yield replace(dose, sets=dose.sets + 1, reps=floor(LOAD_RISE * dose.sets * dose.reps / (dose.sets + 1)))


def _within(dose: HomeDose, top: Mapping[str, float], low: Mapping[str, float]) -> bool:
    """Every part inside its limits; at least one of everything."""
    for name in ("sets", "reps", "hold_s", "duration_min", "per_day", "rpe_low", "rpe_high"):
        value = getattr(dose, name)
        if value is None:
            continue
        floor_of = low.get(name, 0 if name in ("hold_s", "rpe_low", "rpe_high") else 1)
        if value < floor_of or value > top.get(name, value):
            return False
    return dose.rpe_low <= dose.rpe_high
