"""Visits of the demo that were written up, and one course of care that has ended."""

from __future__ import annotations

from datetime import date, timedelta

from clinic.anatomy import MUSCLES
from clinic.errors import ManyProblems
from clinic.models import User
from config.demo.clock import clock_at
from plans.actions.discharge import DischargeWish, discharge, dischargeable
from plans.actions.drafting import usable_knowledge
from plans.actions.notes import note_questions, save_note, sign_note, start_note
from plans.discharge.record import baseline_of, flare_plan_draft
from plans.doses import Bound
from plans.models import Discharge, Plan, TreatmentNote
from plans.visits.bounds import visit_bounds
from plans.visits.measures import NOW, WORST

VISIT_DAYS = (3, 7, 11)  # days after the phase began
SAID = (
    "Slept through two nights. Mornings are still stiff.",
    "Sitting at work is easier. One tight evening after gardening.",
    "Much better; first long walk without a break.",
)
NEXT = ("Check the hip hinge without the stick.", "One step harder if it stays calm.", "Talk about lifting at work.")


def write_visits(plan: Plan, *, today: date) -> int:
    """Signed notes of the visits of the running phase so far; returns how many."""
    author, written = plan.episode.practitioner.user, 0
    begun = plan.progress.get(left_on__isnull=True).entered_on
    for number, days in enumerate(VISIT_DAYS):
        day = begun + timedelta(days=days)
        if day >= today:
            break
        with clock_at(day, 11, 15):
            _visit(plan, author, day, number)
        written += 1
    return written


def _visit(plan: Plan, author: User, day: date, number: int) -> None:
    note = _fresh(start_note(plan, author, today=day))
    said = {f"f:{question.key}": ["no"] for question in note_questions(note)}
    said |= {name: [value] for name, value in _missing(note).items()}
    said |= {"subjective": [SAID[number]], "next_visit": [NEXT[number]], "consent": ["yes"], "minutes": ["30"]}
    said |= {f"m:{path}": [_eased(plan, path, number)] for path in (NOW, WORST)}
    said |= {f"t:{row.pk}:response": ["better" if number else "same"] for row in note.notetechniques.all()}
    said |= {f"e:{row.pk}:shown": ["yes"] for row in note.noteexercises.all()}
    saved = save_note(note, author, revision=0, fields={**said, "all_done": ["1"]}, today=day)
    try:
        sign_note(note, author, today=day)
    except ManyProblems:
        _leave_out(saved.note, author, day)
        sign_note(note, author, today=day)


def _eased(plan: Plan, path: str, number: int) -> str:
    """Pain a little lower from visit to visit than at the assessment."""
    version = plan.versions.order_by("-number")[0]
    return str(max(0, round(baseline_of(version, path, "") or 0) - number - 1))


def _missing(note: TreatmentNote) -> dict[str, str]:
    """What the plan says in words only is measured at the visit."""
    found: dict[str, str] = {}
    for row in note.notetechniques.all():
        technique = usable_knowledge().techniques[row.technique.key]
        for name, bound in visit_bounds(technique, note.phase).items():
            if row.parameters.get(name) is None:
                value = f"{(bound.low + bound.high) / 4:g}" if isinstance(bound, Bound) else bound.words[0]
                found[f"t:{row.pk}:p.{name}"] = value
        if technique.category == "needling":
            found[f"t:{row.pk}:muscles"] = next((m.key for m in MUSCLES.values() if m.region == row.region), "")
    return found


def _leave_out(note: TreatmentNote, author: User, day: date) -> None:
    """Passive treatment that a rule holds back was not given."""
    fields: dict[str, list[str]] = {}
    for row in note.notetechniques.all():
        if row.technique.category != "support":
            fields |= {f"t:{row.pk}:done": ["no"], f"t:{row.pk}:not_done_reason": ["Not needed today"]}
    save_note(note, author, revision=note.revision, fields=fields, today=day)


def _fresh(note: TreatmentNote) -> TreatmentNote:
    found: TreatmentNote = TreatmentNote.objects.for_page().get(pk=note.pk)
    return found


def end_course(plan: Plan, *, today: date) -> Discharge:
    """A discharge with a programme that goes on and a follow-up in three months."""
    wish = DischargeWish(
        kind=Discharge.Kind.SELF_MANAGE,
        home=Discharge.Home.KEEP,
        flare_plan=flare_plan_draft(dischargeable(plan)),
        summary="Back at work in full and walking daily. Goes on alone with the programme.",
        follow_up_on=today + timedelta(days=90),
        letter_consent=True,
    )
    with clock_at(today, 8, 30):
        return discharge(plan, plan.episode.practitioner.user, wish=wish, today=today)
