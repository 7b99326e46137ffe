"""Treatment notes: begin one, save as one types, sign and lock, add to a signed one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from clinic.errors import Conflict, DomainError, Invalid, ManyProblems, Refused
from clinic.hashing import content_hash
from clinic.models import Consent, Practitioner, User
from clinic.signatures import Kind, append
from plans.actions.drafting import usable_knowledge
from plans.actions.guards import licensed
from plans.actions.red_flags import flags_answered
from plans.actions.review import review_after_note
from plans.engine.knowledge import Knowledge
from plans.facts import CREDENTIAL_KEYS, REGISTRATION, facts_for, with_later_flags
from plans.models import NoteAddendum, NoteTechnique, Plan, PlanVersion, Technique, TreatmentNote
from plans.screening import Checker
from plans.visits import limits
from plans.visits.bounds import carried_parameters, visit_bounds
from plans.visits.carry import fill
from plans.visits.held import held_exercises, held_techniques
from plans.visits.questions import Question, answers_of, questions_for
from plans.visits.writing import NoteWriter, screen
from plans.wording import technique_dose

ADDENDUM_MAX = 2000


@dataclass(frozen=True, slots=True)
class SavedNote:
    """What became of a post: the new revision, and the refused fields with their sentences."""

    note: TreatmentNote
    revision: int
    problems: Mapping[str, str]
    questions: tuple[Question, ...]


@transaction.atomic
def start_note(plan: Plan, by: User, *, today: date) -> TreatmentNote:
    """Begin today's note, filled from the plan and the last visit; a draft that is open already is gone on with.

    Raises Conflict when the plan is not running.
    """
    locked = Plan.objects.select_for_update().get(pk=plan.pk)
    mine = TreatmentNote.objects.filter(plan=locked, author=by, state=TreatmentNote.State.DRAFT).first()
    if mine is not None:
        return mine
    version = PlanVersion.objects.for_page().filter(plan=locked, state=PlanVersion.State.SIGNED).first()
    if version is None or locked.state != Plan.State.ACTIVE or locked.current_phase is None:
        raise Conflict("not_running", "Sign the plan first; then visits can be recorded.")
    note = TreatmentNote.objects.create(
        plan=locked, version=version, phase=locked.current_phase, visit_on=today, author=by
    )
    fill(note, version, usable_knowledge())
    return note


@transaction.atomic
def drop_note(note: TreatmentNote, by: User) -> None:
    """Throw an open draft away (history keeps it). Raises Conflict once an adverse event hangs on it."""
    locked = open_note(note.pk, by)
    try:
        locked.delete()
    except ProtectedError as error:
        raise Conflict("has_event", "An adverse event was recorded with this note, so it stays. Sign it.") from error


def open_note(pk: int, by: User) -> TreatmentNote:
    """The draft, locked. Raises Conflict when it is signed, Refused for somebody else's."""
    note: TreatmentNote | None = TreatmentNote.objects.select_for_update(of=("self",)).for_page().filter(pk=pk).first()
    if note is None:
        raise Conflict("note_gone", "This note was dropped. Open the episode again.")
    if note.state != TreatmentNote.State.DRAFT:
        raise Conflict("note_signed", "This note is signed and never changes. Add to it with a dated addendum.")
    if note.author_id != by.pk:
        raise Refused("not_author", f"This draft belongs to {note.author.name}. Write a note of your own.")
    return note


# --- Saving ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def save_note(
    note: TreatmentNote, by: User, *, revision: int, fields: Mapping[str, Sequence[str]], today: date
) -> SavedNote:
    """Keep what was typed, field by field; ``all_done`` decides about every row that is still carried.

    Raises Conflict when the draft was saved elsewhere since ``revision``: nothing is written then.
    """
    locked = open_note(note.pk, by)
    if revision != locked.revision:
        at = timezone.localtime(locked.saved_at)
        raise Conflict("note_moved_on", f"This note was saved elsewhere at {at:%H:%M}. Yours is not saved yet.")
    writer = _writer(locked, by, today=today)
    writer.write(fields)
    if fields.get("all_done"):
        writer.decide_open()
    if not writer.changed:
        return SavedNote(locked, locked.revision, writer.problems, tuple(writer.questions.values()))
    locked.revision += 1
    locked.save()
    fresh = TreatmentNote.objects.for_page().get(pk=locked.pk)
    flags_answered(fresh, before=answers_of(locked), questions=writer.questions, by=by, today=today)
    return SavedNote(fresh, locked.revision, writer.problems, tuple(writer.questions.values()))


def _writer(note: TreatmentNote, by: User, *, today: date) -> NoteWriter:
    knowledge = usable_knowledge()
    practitioner = Practitioner.objects.filter(user=by).first()
    return NoteWriter(
        note,
        knowledge=knowledge,
        questions={q.key: q for q in note_questions(note)},
        held=held_techniques(note.plan, note=note),
        held_exercises=lambda: held_exercises(note.plan),
        credentials=credentials_on(practitioner, note.visit_on),
        checker=lambda: visit_checker(note, practitioner, knowledge, today=today),
        now=timezone.now(),
        today=today,
    )


def note_questions(note: TreatmentNote) -> tuple[Question, ...]:
    """The short list of this visit."""
    used = {row.technique.key for row in note.notetechniques.all()}
    before = NoteTechnique.objects.filter(note__plan=note.plan_id, note__state="signed", done=True)
    used.update(before.values_list("technique__key", flat=True))
    return questions_for(note.version, used)


def credentials_on(practitioner: Practitioner | None, day: date) -> frozenset[str]:
    """What this practitioner may do on that day, in the words of the knowledge."""
    if practitioner is None or not practitioner.licence_is_valid(day):
        return frozenset()
    valid = practitioner.credentials.filter(valid_until__gte=day)
    return frozenset({REGISTRATION, *(CREDENTIAL_KEYS.get(row.kind, row.kind) for row in valid)})  # type: ignore[call-overload]


def visit_checker(
    note: TreatmentNote, practitioner: Practitioner | None, knowledge: Knowledge, *, today: date
) -> Checker:
    """The safety rules for today's facts, red flags of a later assessment among them, and the treating practitioner."""
    who = practitioner or note.plan.episode.practitioner
    note.version.assessment.episode = note.plan.episode
    rejected = note.version.causes.filter(decision="rejected").values_list("key", flat=True)
    facts = facts_for(note.version.assessment, practitioner=who, today=today)
    facts = with_later_flags(facts, note.version.assessment)
    return Checker(facts, knowledge, today=today, rejected=rejected)


@transaction.atomic
def add_note_technique(
    note: TreatmentNote, by: User, *, key: str, region: str, side: str, today: date
) -> NoteTechnique:
    """Record a technique that the plan does not hold; screened like one that is added to the plan.

    A new row cannot clash with what is being typed in the others, so the revision stays.
    """
    locked = open_note(note.pk, by)
    knowledge = usable_knowledge()
    technique, row = knowledge.techniques.get(key), Technique.objects.filter(key=key).first()
    if technique is None or row is None or technique.category in ("exercise", "education"):
        raise Invalid("technique_unknown", "Choose a technique.", field="key")
    practitioner = Practitioner.objects.filter(user=by).first()
    checker = visit_checker(locked, practitioner, knowledge, today=today)
    screen(checker, key, technique.name, locked.phase, region, side)
    added = NoteTechnique.objects.create(
        note=locked,
        technique=row,
        region=region,
        side=side,
        position=locked.notetechniques.count(),
        parameters=carried_parameters(technique, locked.phase, {p.parameter: p.default for p in technique.dose}),
    )
    return added


# --- Signing ---------------------------------------------------------------------------------------------------------


def sign_problems(
    note: TreatmentNote, by: User, *, today: date, questions: Sequence[Question] | None = None
) -> tuple[DomainError, ...]:
    """Everything that stands between this note (with its page rows) and the signature."""
    asked = note_questions(note) if questions is None else questions
    return (*_person(by, today), *_rows(note), *_short_list(note, asked), *_visit(note))


def _person(by: User, today: date) -> Iterator[DomainError]:
    try:
        licensed(by, today=today)
    except Refused as problem:
        yield problem


def _rows(note: TreatmentNote) -> Iterator[DomainError]:
    knowledge = usable_knowledge()
    open_rows = [row for row in (*note.notetechniques.all(), *note.noteexercises.all()) if row.done is None]
    if open_rows:
        count = "One row is" if len(open_rows) == 1 else f"{len(open_rows)} rows are"
        yield Conflict("carried", f"{count} still carried. Say done or not done, or confirm all as carried.")
    for row in note.notetechniques.all():
        if row.done:
            bounds = visit_bounds(knowledge.techniques[row.technique.key], note.phase)
            for name in (name for name in bounds if row.parameters.get(name) is None):
                label = f"{row.technique.name}: enter {bounds[name].label.lower()}."
                yield Invalid("parameter_missing", label, field=f"t:{row.pk}:p.{name}")
        elif row.done is False and row.planned_id and not row.not_done_reason:
            message = f"{row.technique.name} was planned and not done: say why."
            yield Invalid("not_done_reason", message, field=f"t:{row.pk}:not_done_reason")


def _short_list(note: TreatmentNote, questions: Sequence[Question]) -> Iterator[DomainError]:
    answers = answers_of(note)
    unasked = [q for q in questions if answers.get(q.key, "not_asked") == "not_asked"]
    if unasked:
        count = "One question" if len(unasked) == 1 else f"{len(unasked)} questions"
        yield Conflict("short_list", f"{count} of the short list not asked. “Not asked” is never “no”.", field="flags")


def _visit(note: TreatmentNote) -> Iterator[DomainError]:
    for problem in limits.problems(visit_of(note)):
        field = f"t:{problem.row}:licensed_reason" if problem.row and problem.ask else None
        yield Refused(problem.code, problem.message, field=field)
    held = held_techniques(note.plan, note=note)
    for row in note.notetechniques.all():
        if row.done and row.technique_id in held and not row.licensed_reason:
            why = f"{row.technique.name} is {held[row.technique_id]}. Say why it was used all the same."
            yield Refused("held", why, field=f"t:{row.pk}:licensed_reason")


def visit_of(note: TreatmentNote) -> limits.Visit:
    """The note as the rules of one visit see it."""
    done = tuple(_done(row) for row in note.notetechniques.all() if row.done)
    return limits.Visit(
        on=note.visit_on,
        phase=note.phase,
        done=done,
        exercises=sum(row.done is True for row in note.noteexercises.all()),
        consent=note.consent_confirmed,
        written=_written(note),
        earlier=_earlier(note),
    )


def _done(row: NoteTechnique) -> limits.DoneTechnique:
    return limits.DoneTechnique(
        row.pk,
        row.technique.key,
        row.technique.category,
        row.technique.name,
        row.region,
        row.side,
        tuple(row.muscles),
        row.parameters,
        row.licensed_reason,
    )


def _written(note: TreatmentNote) -> frozenset[str]:
    patient = note.plan.episode.patient
    minor = patient.is_minor(note.visit_on)
    rows = Consent.objects.filter(patient=patient, kind__in=("needling", "thrust"))
    return frozenset(row.kind for row in rows if row.is_valid(note.visit_on) and (row.by_guardian or not minor))


def _earlier(note: TreatmentNote) -> tuple[limits.Earlier, ...]:
    rows = (
        NoteTechnique.objects.filter(
            note__plan__episode=note.plan.episode_id, note__state="signed", note__visit_on__lte=note.visit_on, done=True
        )
        .exclude(note=note)
        .select_related("technique", "note")
    )
    return tuple(
        limits.Earlier(row.note.visit_on, row.technique.key, row.technique.category, _done(row).sites) for row in rows
    )


@transaction.atomic
def sign_note(note: TreatmentNote, by: User, *, today: date, confirm_carried: bool = False) -> TreatmentNote:
    """Sign and lock. ``confirm_carried`` is the person's word that the rows still carried were done as they stand.

    Raises ManyProblems with everything that stands in the way; then nothing is written.
    """
    locked = open_note(note.pk, by)
    if confirm_carried:
        writer = _writer(locked, by, today=today)
        writer.decide_open()
        if writer.problems:
            problems = tuple(Refused("carried", text, field=field) for field, text in writer.problems.items())
            raise ManyProblems("cannot_sign", "The note was not signed.", problems)
        locked = TreatmentNote.objects.for_page().get(pk=locked.pk)
    found = sign_problems(locked, by, today=today)
    if found:
        raise ManyProblems("cannot_sign", "The note was not signed.", found)
    locked.content_hash = content_hash(note_content(locked))
    locked.state, locked.signed_by = TreatmentNote.State.SIGNED, licensed(by, today=today)
    locked.signed_at = timezone.now()
    append(Kind.TREATMENT_NOTE, locked.pk, locked.content_hash, by=by, at=locked.signed_at)
    try:
        locked.save()
    except IntegrityError as error:
        raise Conflict("database_refused", "The database refused the signature. Nothing was locked.") from error
    plan = locked.plan
    transaction.on_commit(lambda: review_after_note(plan, by, today=today), robust=True)
    return locked


def note_content(note: TreatmentNote) -> dict[str, Any]:
    """What the signature binds, as plain data."""
    return {
        "note": note.pk,
        "plan": note.plan_id,
        "version": note.version_id,
        "phase": note.phase,
        "visit_on": note.visit_on.isoformat(),
        "subjective": note.subjective,
        "next_visit": note.next_visit,
        "consent": note.consent_confirmed,
        "minutes": note.minutes,
        "techniques": [_technique_content(row) for row in note.notetechniques.all()],
        "exercises": [
            [row.exercise.key, row.side, row.dose, row.done, row.shown_correctly, row.not_done_reason]
            for row in note.noteexercises.all()
        ],
        "measures": [[row.metric, row.side, str(row.value)] for row in note.measures.all()],
        "flags": [[row.flag, row.answer] for row in note.flags.all()],
    }


def _technique_content(row: NoteTechnique) -> list[Any]:
    site = [row.region, row.side, row.muscles]
    said = [row.response, row.sign_before, row.sign_after, row.not_done_reason, row.licensed_reason]
    return [row.technique.key, *site, row.parameters, row.done, *said]


def dose_line(row: NoteTechnique) -> str:
    """ "Session 10 min, depth 4 of 10"."""
    return ", ".join(
        f"{name} {value}" for name, value in technique_dose(row.parameters, row.technique.key, usable_knowledge())
    )


@transaction.atomic
def add_addendum(note: TreatmentNote, by: User, *, text: str, today: date) -> NoteAddendum:
    """Add to a signed note, dated and by name; the note stays as it was signed."""
    if note.state != TreatmentNote.State.SIGNED:
        raise Conflict("note_open", "This note is still open: change it directly.")
    words = text.replace("\x00", "").strip()
    if len(words) < 3:
        raise Invalid("addendum_empty", "Write what is to be added.", field="text")
    if len(words) > ADDENDUM_MAX:
        raise Invalid("addendum_long", f"Keep this under {ADDENDUM_MAX} characters.", field="text")
    return NoteAddendum.objects.create(note=note, text=words, by=licensed(by, today=today))
