"""What the page of a note shows, composed from rows. No rules are decided here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from clinic.anatomy import MUSCLES
from clinic.errors import DomainError
from clinic.models import User
from exercises.sides import side_to_say
from plans.actions.drafting import usable_knowledge
from plans.actions.notes import dose_line, sign_problems
from plans.doses import Bound, WordBound, exercise_bounds
from plans.engine.knowledge import Knowledge
from plans.models import NoteExercise, NoteTechnique, Response, TreatmentNote
from plans.visits.bounds import visit_bounds
from plans.visits.carry import NOTE_DOSE, last_signed
from plans.visits.held import held_techniques
from plans.visits.home import HomeLine, home_since
from plans.visits.measures import Metric, TrendPoint, metrics_for, trends
from plans.visits.questions import Question, answers_of
from plans.wording import place

NOT_DONE = ("Not needed today", "No time", "Patient declined", "Too much pain", "Not well today")
EXERCISE_WORDS = {"sets": "Sets", "reps": "Repetitions", "hold_s": "Hold", "duration_min": "Duration"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One parameter: the name of its input, what stands there, its bounds in words."""

    name: str
    label: str
    value: str
    unit: str
    allowed: str
    carried: bool
    words: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RowView:
    """A technique or exercise of the note as the page draws it."""

    row: NoteTechnique | NoteExercise
    prefix: str
    title: str
    where: str
    figures: tuple[Figure, ...]
    done: str
    held: str = ""
    muscles: tuple[tuple[str, str, bool], ...] = ()
    typed: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_technique(self) -> bool:
        return isinstance(self.row, NoteTechnique)

    @property
    def is_added(self) -> bool:
        return self.row.planned_id is None

    @property
    def is_carried(self) -> bool:
        return bool(self.row.carried)


@dataclass(frozen=True, slots=True)
class MeasureView:
    """A figure to take today, with what it was before."""

    what: Metric
    name: str
    value: str
    points: tuple[TrendPoint, ...]
    problem: str = ""

    @property
    def last(self) -> TrendPoint | None:
        return self.points[-1] if self.points else None


@dataclass(frozen=True, slots=True)
class QuestionView:
    question: Question
    name: str
    answer: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What was posted and refused, to be shown again; empty on a fresh page."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str, stored: object) -> str:
        if self.values.get(name):
            return self.values[name][-1]
        return "" if stored is None else str(stored)


@dataclass(frozen=True, slots=True)
class NotePage:
    """Everything the open note shows."""

    note: TreatmentNote
    last: TreatmentNote | None
    home: tuple[HomeLine, ...]
    measures: tuple[MeasureView, ...]
    questions: tuple[QuestionView, ...]
    techniques: tuple[RowView, ...]
    exercises: tuple[RowView, ...]
    typed: Typed

    @property
    def raised(self) -> tuple[QuestionView, ...]:
        """The questions that were answered with yes."""
        return tuple(view for view in self.questions if view.answer == "yes")

    @property
    def unasked(self) -> int:
        return sum(view.answer == "not_asked" for view in self.questions)


def build_page(
    note: TreatmentNote, questions: Sequence[Question], *, today: date, typed: Typed | None = None
) -> NotePage:
    """The open note (with its page rows)."""
    given = typed or Typed()
    knowledge = usable_knowledge()
    last = last_signed(note.plan_id, before=note)
    since = last.visit_on if last else note.version.assessment.assessed_on
    held = held_techniques(note.plan, note=note)
    return NotePage(
        note=note,
        last=last,
        home=home_since(note.plan.episode.patient, since, today=today),
        measures=_measures(note, given),
        questions=question_views(note, questions, given),
        techniques=tuple(_technique(row, knowledge, held, given) for row in note.notetechniques.all()),
        exercises=tuple(_exercise(row, knowledge, given) for row in note.noteexercises.all()),
        typed=given,
    )


def question_views(
    note: TreatmentNote, questions: Sequence[Question], given: Typed | None = None
) -> tuple[QuestionView, ...]:
    """The short list with today's answers."""
    typed, answers = given or Typed(), answers_of(note)
    return tuple(
        QuestionView(q, f"f:{q.key}", typed.get(f"f:{q.key}", answers.get(q.key, "not_asked"))) for q in questions
    )


def _measures(note: TreatmentNote, given: Typed) -> tuple[MeasureView, ...]:
    known = trends(note.plan, note.version, before=note.visit_on)
    have = {row.metric: f"{row.value.normalize():f}" for row in note.measures.all()}
    return tuple(
        MeasureView(
            what,
            f"m:{what.path}",
            given.get(f"m:{what.path}", have.get(what.path)),
            known.get(what.path, ()),
            given.problems.get(f"m:{what.path}", ""),
        )
        for what in metrics_for(note.phase)
    )


def _technique(row: NoteTechnique, knowledge: Knowledge, held: Mapping[int, str], given: Typed) -> RowView:
    prefix = f"t:{row.pk}:"
    bounds = visit_bounds(knowledge.techniques[row.technique.key], row.note.phase)
    return RowView(
        row,
        prefix,
        row.technique.name,
        place(row.region, row.side),
        _figures(row, row.parameters, bounds, f"{prefix}p.", "p.", given),
        given.get(f"{prefix}done", _decision(row.done)),
        held=held.get(row.technique_id, ""),
        muscles=_muscles(row) if row.technique.category in ("needling", "electro") else (),
        typed={name: given.get(prefix + name, getattr(row, name)) for name in ROW_TEXTS},
        problems={name: given.problems[prefix + name] for name in ROW_FIELDS if prefix + name in given.problems},
    )


ROW_TEXTS = ("response", "sign_before", "sign_after", "licensed_reason", "not_done_reason", "region", "side")
ROW_FIELDS = (*ROW_TEXTS, "done", "muscles")


def _muscles(row: NoteTechnique) -> tuple[tuple[str, str, bool], ...]:
    """The muscles of the treated region, and those that are named already."""
    near = [m for m in MUSCLES.values() if m.region == row.region or m.key in row.muscles]
    return tuple((m.key, m.label, m.key in row.muscles) for m in near)


def _exercise(row: NoteExercise, knowledge: Knowledge, given: Typed) -> RowView:
    prefix = f"e:{row.pk}:"
    known = knowledge.exercises.get(row.exercise.key)
    found = exercise_bounds(known, row.note.phase, knowledge) if known and row.note.phase in known.dosage else {}
    bounds: dict[str, Bound | WordBound] = {name: bound for name, bound in found.items() if name in NOTE_DOSE}
    exercise = row.exercise
    side = side_to_say(
        row.side,
        technique=exercise.technique,
        region=exercise.region,
        position=exercise.position,
        load_tags=exercise.load_tags,
    )
    return RowView(
        row,
        prefix,
        row.exercise.name,
        place(row.region, side) if side else "",
        _figures(row, row.dose, bounds, f"{prefix}d.", "d.", given),
        given.get(f"{prefix}done", _decision(row.done)),
        typed={
            "shown": given.get(f"{prefix}shown", _decision(row.shown_correctly)),
            "not_done_reason": given.get(f"{prefix}not_done_reason", row.not_done_reason),
        },
        problems={n: given.problems[prefix + n] for n in ("done", "not_done_reason") if prefix + n in given.problems},
    )


def _figures(
    row: NoteTechnique | NoteExercise,
    values: Mapping[str, Any],
    bounds: Mapping[str, Bound | WordBound],
    name: str,
    mark: str,
    given: Typed,
) -> tuple[Figure, ...]:
    return tuple(
        Figure(
            name + key,
            EXERCISE_WORDS.get(key, bound.label) if mark == "d." else bound.label,
            given.get(name + key, _plain(values.get(key))),
            bound.unit if isinstance(bound, Bound) else "",
            bound.text() if isinstance(bound, Bound) else "",
            mark + key in row.carried,
            bound.words if isinstance(bound, WordBound) else (),
            given.problems.get(name + key, ""),
        )
        for key, bound in bounds.items()
    )


def _plain(value: object) -> str | None:
    return f"{value:g}" if isinstance(value, (int, float)) else None if value is None else str(value)


def _decision(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"


def carried_names(note: TreatmentNote) -> list[str]:
    """The inputs that still hold a carried value."""
    names = [f"t:{row.pk}:{name}" for row in note.notetechniques.all() for name in row.carried]
    return names + [f"e:{row.pk}:{name}" for row in note.noteexercises.all() for name in row.carried]


@dataclass(frozen=True, slots=True)
class Standing:
    """What still stands between the note and the signature."""

    problems: tuple[DomainError, ...]
    open_rows: int

    @property
    def others(self) -> tuple[DomainError, ...]:
        """Everything but the carried rows, which one tap confirms."""
        return tuple(problem for problem in self.problems if problem.code != "carried")


def standing_of(note: TreatmentNote, user: User, questions: Sequence[Question], *, today: date) -> Standing:
    """For the sign bar."""
    rows = [*note.notetechniques.all(), *note.noteexercises.all()]
    return Standing(sign_problems(note, user, today=today, questions=questions), sum(row.done is None for row in rows))


# --- The signed note -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TechniqueLine:
    row: NoteTechnique
    where: str
    dose: str
    muscles: str


def technique_lines(note: TreatmentNote) -> list[TechniqueLine]:
    """The techniques of a note, read-only."""
    return [
        TechniqueLine(
            row,
            place(row.region, row.side),
            dose_line(row),
            ", ".join(MUSCLES[key].label for key in row.muscles if key in MUSCLES),
        )
        for row in note.notetechniques.all()
    ]


def exercise_line(row: NoteExercise) -> str:
    """ "2 sets of 10, hold 5 s"."""
    dose = row.dose
    if dose.get("duration_min"):
        return f"{_plain(float(dose['duration_min']))} min"
    parts = [f"{dose.get('sets', '?')} × {dose.get('reps', '?')}"]
    return ", ".join(parts + ([f"hold {dose['hold_s']} s"] if dose.get("hold_s") else []))


def measure_lines(note: TreatmentNote) -> list[tuple[str, str]]:
    """The measures of a note as (label, value)."""
    labels = {m.path: m.label for phase in (1, 2) for m in metrics_for(phase)}
    return [(labels[m.metric], f"{m.value.normalize():f}") for m in note.measures.all() if m.metric in labels]


RESPONSES = Response.choices
