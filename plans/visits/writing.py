"""What was typed into a note, into its rows. A refused value names its field; everything else is kept.

A field of a row is named ``t:<id>:<what>`` (technique) or ``e:<id>:<what>`` (exercise), a question ``f:<key>``, a
measure ``m:<path>``. What was not posted stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from clinic.anatomy import MUSCLES, REGIONS, SIDES
from clinic.errors import DomainError, Invalid, ManyProblems, Refused
from clinic.models import Answer
from plans.doses import Bound, WordBound, checked_technique_dose, exercise_bounds, parse_number
from plans.engine.facts import Site
from plans.engine.knowledge import Knowledge
from plans.models import NoteExercise, NoteFlag, NoteTechnique, Response, TreatmentNote, VisitMeasure
from plans.screening import Checker
from plans.visits.bounds import missing_credentials, visit_bounds
from plans.visits.carry import NOTE_DOSE
from plans.visits.measures import Metric, measured, metrics_for
from plans.visits.questions import Question
from plans.wording import CREDENTIALS

Fields = Mapping[str, Sequence[str]]
TEXTS = {"not_done_reason": 300, "sign_before": 120, "sign_after": 120, "licensed_reason": 300}
NOTE_TEXTS = {"subjective": 2000, "next_visit": 2000}
DECISIONS = {"yes": True, "no": False, "": None}
MINUTES = (5, 180)
LATE_DAYS = 30


class NoteWriter:
    """Writes one post into one open note. ``problems`` maps field names to sentences."""

    def __init__(
        self,
        note: TreatmentNote,
        *,
        knowledge: Knowledge,
        questions: Mapping[str, Question],
        held: Mapping[int, str],
        credentials: frozenset[str],
        held_exercises: Callable[[], Mapping[int, str]],
        checker: Callable[[], Checker],
        now: datetime,
        today: date,
    ) -> None:
        self.note, self.knowledge, self.questions = note, knowledge, questions
        self.held, self.credentials, self.checker = held, credentials, checker
        self.held_exercises = cache(held_exercises)
        self.now, self.today = now, today
        self.problems: dict[str, str] = {}
        self.changed = False

    def write(self, fields: Fields) -> None:
        """Everything that was posted."""
        self._head(fields)
        for row in self.note.notetechniques.all():
            self._technique(row, _own(fields, f"t:{row.pk}:"))
        for entry in self.note.noteexercises.all():
            self._exercise(entry, _own(fields, f"e:{entry.pk}:"))
        self._measures(fields)
        self._flags(fields)

    # --- the visit ----------------------------------------------------------------------------------------------------

    def _head(self, fields: Fields) -> None:
        note, before = self.note, _columns(self.note)
        for name, longest in NOTE_TEXTS.items():
            if name in fields:
                self._try(name, self._say, note, name, fields[name][0], longest)
        if "minutes" in fields:
            self._try("minutes", lambda: setattr(note, "minutes", _minutes(fields["minutes"][0])))
        if "visit_on" in fields:
            self._try("visit_on", lambda: setattr(note, "visit_on", self._day(fields["visit_on"][0])))
        if "consent" in fields and DECISIONS.get(fields["consent"][0]) != note.consent_confirmed:
            note.consent_confirmed = DECISIONS.get(fields["consent"][0])
            note.consent_at = None if note.consent_confirmed is None else self.now
        if _columns(note) != before:
            self.changed = True
            note.measures.update(day=note.visit_on)

    def _day(self, text: str) -> date:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise Invalid("visit_day", "Enter the day of the visit.", field="visit_on") from None
        if day > self.today:
            raise Invalid("visit_day", "The visit cannot be in the future.", field="visit_on")
        if (self.today - day).days > LATE_DAYS or day < self.note.plan.episode.opened_on:
            message = f"Choose a day of this episode, at most {LATE_DAYS} days back."
            raise Invalid("visit_day", message, field="visit_on")
        return day

    # --- techniques ---------------------------------------------------------------------------------------------------

    def _technique(self, row: NoteTechnique, own: Fields) -> None:
        if not own:
            return
        known, before = self.knowledge.techniques[row.technique.key], _columns(row)
        prefix, refused = f"t:{row.pk}:", len(self.problems)
        bounds = visit_bounds(known, self.note.phase)
        self._site(row, own, prefix)
        self._figures(row, row.parameters, own, prefix, "p.", bounds)
        self._texts(row, own, prefix)
        if "response" in own and own["response"][0] in (*Response.values, ""):
            row.response = own["response"][0]
        if "done" in own and len(self.problems) == refused:
            self._decide(row, own["done"][0])
        self._save(row, before)

    def _may_be_done(self, row: NoteTechnique) -> None:
        lacking = missing_credentials(self.knowledge.techniques[row.technique.key], row.region, self.credentials)
        if lacking:
            names = " and ".join(CREDENTIALS.get(key, key) for key in lacking)
            raise Refused(
                "credential", f"{row.technique.name} needs {names}, in date. You do not hold it.", field="done"
            )
        if row.technique_id in self.held and len(row.licensed_reason) < 3:
            why = f"{row.technique.name} is {self.held[row.technique_id]}. Say why you use it all the same."
            raise Refused("held", why, field="licensed_reason")

    def _site(self, row: NoteTechnique, own: Fields, prefix: str) -> None:
        region, side = own.get("region", [row.region])[0], own.get("side", [row.side])[0]
        if (region, side) != (row.region, row.side):
            self._try(f"{prefix}region", lambda: self._move(row, region, side))
        if "muscles" in own:
            muscles = [key for key in own["muscles"] if key in MUSCLES]
            if muscles != row.muscles:
                row.muscles = muscles
                _touch(row, "muscles")

    def _move(self, row: NoteTechnique, region: str, side: str) -> None:
        if region not in REGIONS or side not in (*SIDES, ""):
            raise Invalid("region", "Choose region and side.", field="region")
        screen(self.checker(), row.technique.key, row.technique.name, self.note.phase, region, side)
        for name, value in (("region", region), ("side", side)):
            if getattr(row, name) != value:
                setattr(row, name, value)
                _touch(row, name)

    # --- exercises ----------------------------------------------------------------------------------------------------

    def _exercise(self, row: NoteExercise, own: Fields) -> None:
        if not own:
            return
        prefix, refused, before = f"e:{row.pk}:", len(self.problems), _columns(row)
        self._figures(row, row.dose, own, prefix, "d.", self.exercise_bounds(row))
        self._texts(row, own, prefix)
        if "shown" in own:
            row.shown_correctly = DECISIONS.get(own["shown"][0])
        if "done" in own and len(self.problems) == refused:
            self._decide(row, own["done"][0])
        self._save(row, before)

    def exercise_bounds(self, row: NoteExercise) -> dict[str, Bound | WordBound]:
        """Bounds of the supervised dose; none for an exercise that the knowledge does not dose in this phase."""
        known = self.knowledge.exercises.get(row.exercise.key)
        if known is None or self.note.phase not in known.dosage:
            return {}
        found = exercise_bounds(known, self.note.phase, self.knowledge)
        return {name: bound for name, bound in found.items() if name in NOTE_DOSE}

    # --- what both rows share -----------------------------------------------------------------------------------------

    def _figures(
        self,
        row: NoteTechnique | NoteExercise,
        values: dict[str, Any],
        own: Fields,
        prefix: str,
        mark: str,
        bounds: Mapping[str, Bound | WordBound],
    ) -> None:
        for name in bounds:
            if mark + name not in own:
                continue
            typed = own[mark + name][0].strip()
            if typed == "":
                changed = values.pop(name, None) is not None
            else:
                old = values.get(name)
                checked = self._checked(f"{prefix}{mark}{name}", name, typed, bounds)
                changed = checked is not None and checked != old
                if checked is not None:
                    values[name] = checked
            if changed:
                _touch(row, mark + name)

    def _checked(self, field: str, name: str, typed: str, bounds: Mapping[str, Bound | WordBound]) -> Any:
        try:
            return checked_technique_dose({name: typed}, {}, bounds)[name]
        except DomainError as error:
            self._refuse(field, error)
            return None

    def _texts(self, row: NoteTechnique | NoteExercise, own: Fields, prefix: str) -> None:
        for name, longest in TEXTS.items():
            if name in own and hasattr(row, name):
                self._try(prefix + name, self._say, row, name, own[name][0], longest)

    def _decide(self, row: NoteTechnique | NoteExercise, answer: str) -> None:
        """Done and not done are a person's word; what the row still carries is confirmed with it."""
        if answer not in DECISIONS or DECISIONS[answer] is None:
            return
        prefix = f"{'t' if isinstance(row, NoteTechnique) else 'e'}:{row.pk}:"
        try:
            if DECISIONS[answer] and isinstance(row, NoteTechnique):
                self._may_be_done(row)
        except DomainError as error:
            row.done = None
            self._refuse(prefix + (error.field or "done"), error)
            return
        row.done, row.carried = DECISIONS[answer], []

    def decide_open(self) -> None:
        """ "As carried": every row that nobody decided about was done as it stands. What is held is never said so."""
        rows: list[NoteTechnique | NoteExercise] = [*self.note.notetechniques.all(), *self.note.noteexercises.all()]
        for row in rows:
            if row.done is None:
                if isinstance(row, NoteExercise) and row.exercise_id in (held := self.held_exercises()):
                    why = f"{row.exercise.name} is {held[row.exercise_id]}. Say yourself whether it was done."
                    self._refuse(f"e:{row.pk}:done", Refused("held", why, field="done"))
                    continue
                before = _columns(row)
                self._decide(row, "yes")
                self._save(row, before)

    def _save(self, row: NoteTechnique | NoteExercise, before: dict[str, Any]) -> None:
        if _columns(row) != before:
            row.save()
            self.changed = True

    # --- measures and questions ---------------------------------------------------------------------------------------

    def _measures(self, fields: Fields) -> None:
        have = {row.metric: row for row in self.note.measures.all()}
        for what in metrics_for(self.note.phase):
            name = f"m:{what.path}"
            if name not in fields:
                continue
            typed, row = fields[name][0].strip(), have.get(what.path)
            if typed == "":
                self.changed |= row is not None
                VisitMeasure.objects.filter(note=self.note, metric=what.path).delete()
                continue
            self._try(name, self._measure, what, typed, name, row)

    def _measure(self, what: Metric, typed: str, field: str, row: VisitMeasure | None) -> None:
        path, value = what.path, measured(typed, what, field=field)
        if row is not None and row.value == value:
            return
        self.changed = True
        VisitMeasure.objects.update_or_create(
            note=self.note, metric=path, side="", defaults={"value": value, "day": self.note.visit_on}
        )

    def _flags(self, fields: Fields) -> None:
        have = {row.flag: row.answer for row in self.note.flags.all()}
        for key in self.questions:
            answer = fields.get(f"f:{key}", [None])[0]
            if answer not in Answer.values or answer == have.get(key, Answer.NOT_ASKED):
                continue
            self.changed = True
            NoteFlag.objects.update_or_create(note=self.note, flag=key, defaults={"answer": answer})

    # --- problems -----------------------------------------------------------------------------------------------------

    def _say(self, row: Any, name: str, value: str, longest: int) -> None:
        setattr(row, name, _text(value, longest, name, line=name in TEXTS))

    def _try(self, field: str, act: Callable[..., object], *given: object) -> None:
        try:
            act(*given)
        except DomainError as error:
            self._refuse(field, error)

    def _refuse(self, field: str, error: DomainError) -> None:
        first = error.problems[0] if isinstance(error, ManyProblems) and error.problems else error
        self.problems[field] = first.message


def screen(checker: Checker, key: str, name: str, phase: int, region: str, side: str) -> None:
    """Refuse a technique at a place where the safety rules do not allow it."""
    verdict = checker.technique(key, phase, Site(region, side))  # type: ignore[arg-type] # one of SIDES
    if verdict.is_blocked:
        why = "; ".join(reason.text for reason in verdict.reasons)
        raise Refused("blocked", f"{name} is not possible there: {why}.", field="region")


def _own(fields: Fields, prefix: str) -> Fields:
    return {name.removeprefix(prefix): values for name, values in fields.items() if name.startswith(prefix) and values}


def _columns(row: Any) -> dict[str, Any]:
    found = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}
    return {
        name: list(v) if isinstance(v, list) else dict(v) if isinstance(v, dict) else v for name, v in found.items()
    }


def _touch(row: NoteTechnique | NoteExercise, field: str) -> None:
    row.carried = [name for name in row.carried if name != field]


def _text(value: str, longest: int, field: str, *, line: bool = False) -> str:
    text = value.replace("\x00", "").replace("\r\n", "\n").strip()
    text = " ".join(text.split()) if line else text
    if len(text) > longest:
        raise Invalid("too_long", f"Keep this under {longest} characters.", field=field)
    return text


def _minutes(value: str) -> int | None:
    if not value.strip():
        return None
    low, high = MINUTES
    try:
        number = parse_number(value)
    except ValueError:
        number = -1.0
    if number != int(number) or not low <= number <= high:
        raise Invalid("minutes", f"Enter whole minutes, {low} to {high}.", field="minutes")
    return int(number)
