"""The note of a visit: carried over, saved as one types, refused where a rule says so, signed and locked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from clinic.errors import Conflict, DomainError, Invalid, ManyProblems, Refused
from clinic.models import Consent, Credential, PatientCondition, Practitioner
from exercises.models import Prescription
from plans.actions.adverse import record_adverse_event, review_adverse_event
from plans.actions.holds import settle
from plans.actions.notes import (
    SavedNote,
    add_addendum,
    add_note_technique,
    drop_note,
    note_questions,
    save_note,
    sign_note,
    sign_problems,
    start_note,
)
from plans.models import AdverseEvent, Alert, NoteTechnique, Plan, TreatmentNote
from plans.signatures import verify_signatures
from tests.factories.assessments import AssessmentFactory, RedFlagAnswerFactory
from tests.factories.clinic import PractitionerFactory
from tests.factories.plans import TODAY, case_signed

pytestmark = pytest.mark.django_db


def begin(**patient: Any) -> TreatmentNote:
    """A new note on the plan of the first case, by its practitioner."""
    version = case_signed("case_01", **patient)
    return fresh(start_note(version.plan, version.created_by, today=TODAY))


def fresh(note: TreatmentNote) -> TreatmentNote:
    found: TreatmentNote = TreatmentNote.objects.for_page().get(pk=note.pk)
    return found


def save(note: TreatmentNote, *, today: date = TODAY, revision: int | None = None, **fields: Any) -> SavedNote:
    """Post fields; ``__`` stands for ``:`` in a keyword."""
    return post(
        note, {name.replace("__", ":"): value for name, value in fields.items()}, today=today, revision=revision
    )


def post(note: TreatmentNote, fields: dict[str, Any], *, today: date = TODAY, revision: int | None = None) -> SavedNote:
    note.refresh_from_db()
    lists = {name: value if isinstance(value, list) else [value] for name, value in fields.items()}
    return save_note(
        note, note.author, revision=note.revision if revision is None else revision, fields=lists, today=today
    )


def denied(note: TreatmentNote) -> dict[str, str]:
    return {f"f:{question.key}": "no" for question in note_questions(note)}


def complete(note: TreatmentNote, **more: Any) -> TreatmentNote:
    """Everything a usual visit says."""
    save(note, consent="yes", all_done="1")
    post(note, {**denied(note), "m:pain.nprs_current": "3", "m:pain.nprs_worst_24h": "5", **more})
    return fresh(note)


def signed(note: TreatmentNote, today: date = TODAY) -> TreatmentNote:
    return fresh(sign_note(complete(note), note.author, today=today))


def row(note: TreatmentNote, key: str = "") -> NoteTechnique:
    rows = NoteTechnique.objects.filter(note=note).select_related("technique")
    return rows.get(technique__key=key) if key else rows[0]


def needling(note: TreatmentNote) -> NoteTechnique:
    """Needling that the plan only names as an alternative, in place of the planned heat."""
    added = add_note_technique(note, note.author, key="dn_superficial", region="lumbar", side="right", today=TODAY)
    heat = row(note, "th_heat_superficial")
    post(note, {f"t:{heat.pk}:done": "no", f"t:{heat.pk}:not_done_reason": "Needling instead"})
    return added


def settled(note: TreatmentNote) -> None:
    """Facts that a test changed in the rows are screened, as the actions do it."""
    settle(note.plan.episode.patient, note.author, today=TODAY)


# --- Carrying over ---------------------------------------------------------------------------------------------------


@pytest.mark.hazard("H-25")
def test_a_note_begins_with_the_phase_of_the_plan_and_nothing_is_done() -> None:
    note = begin()
    planned = note.version.phases.get(number=note.phase)
    techniques = planned.plantechniques.filter(is_alternative=False)
    assert [r.technique_id for r in note.notetechniques.all()] == [t.technique_id for t in techniques]
    assert [r.exercise_id for r in note.noteexercises.all()] == [e.exercise_id for e in planned.planexercises.all()]
    rows = [*note.notetechniques.all(), *note.noteexercises.all()]
    assert {r.done for r in rows} == {None}
    assert all(r.carried and r.carried_from is None for r in rows)
    assert not note.measures.exists()
    assert not note.flags.exists()


def test_the_second_start_goes_on_with_the_open_draft() -> None:
    note = begin()
    assert start_note(note.plan, note.author, today=TODAY).pk == note.pk


def test_the_last_visit_wins_over_the_plan() -> None:
    note = begin()
    first = row(note, "mt_soft_tissue_release")
    post(note, {f"t:{first.pk}:p.session_min": "7,5", f"t:{first.pk}:side": "left", "all_done": "1"})
    signed(note)
    later = fresh(start_note(note.plan, note.author, today=TODAY + timedelta(days=3)))
    again = row(later, "mt_soft_tissue_release")
    assert (again.parameters["session_min"], again.side, again.carried_from) == (7.5, "left", TODAY)
    assert "p.session_min" in again.carried
    assert again.done is None


def test_a_touched_field_is_no_longer_carried_and_a_decision_confirms_the_rest() -> None:
    note = begin()
    item = row(note, "mt_soft_tissue_release")
    post(note, {f"t:{item.pk}:p.session_min": "12", f"t:{item.pk}:p.depth": str(item.parameters["depth"])})
    item.refresh_from_db()
    assert "p.session_min" not in item.carried
    assert "p.depth" in item.carried
    assert item.done is None
    post(note, {f"t:{item.pk}:done": "yes"})
    decided = row(note, "mt_soft_tissue_release")
    assert (decided.done, decided.carried) == (True, [])


def test_no_note_without_a_running_plan() -> None:
    version = case_signed()
    Plan.objects.filter(pk=version.plan_id).update(state="completed")
    with pytest.raises(Conflict, match="Sign the plan first"):
        start_note(version.plan, version.created_by, today=TODAY)
    assert not TreatmentNote.objects.exists()


# --- Saving ----------------------------------------------------------------------------------------------------------

REFUSED = [
    ("p.temp_c", "th_heat_superficial", "400", "38 to 43"),
    ("p.temp_c", "th_heat_superficial", "warm", "not a number"),
    ("p.session_min", "mt_soft_tissue_release", "-1", "3 to 20"),
    ("p.depth", "mt_soft_tissue_release", "6", "1 to 5"),
    ("p.session_min", "mt_soft_tissue_release", "1e9", "3 to 20"),
    ("p.session_min", "mt_soft_tissue_release", "NaN", "not a number"),
]


@pytest.mark.parametrize(("field", "technique", "typed", "says"), REFUSED)
def test_a_value_out_of_range_names_the_range_and_the_rest_is_kept(
    field: str, technique: str, typed: str, says: str
) -> None:
    note = begin()
    item = NoteTechnique.objects.filter(note=note, technique__key=technique).first() or add_note_technique(
        note, note.author, key=technique, region="lumbar", side="right", today=TODAY
    )
    before = dict(item.parameters)
    saved = post(note, {f"t:{item.pk}:{field}": typed, f"t:{item.pk}:done": "yes", "subjective": "Slept better"})
    assert list(saved.problems) == [f"t:{item.pk}:{field}"]
    assert says in saved.problems[f"t:{item.pk}:{field}"]
    item.refresh_from_db()
    assert (item.parameters, item.done, fresh(note).subjective) == (before, None, "Slept better")


MEASURES = [("0", 0), ("10", 10), ("3,5", 3.5), ("11", None), ("-1", None), ("much", None)]


@pytest.mark.parametrize(("typed", "stored"), MEASURES)
def test_pain_is_a_number_from_0_to_10_and_0_is_an_answer(typed: str, stored: float | None) -> None:
    note = begin()
    saved = post(note, {"m:pain.nprs_current": typed})
    found = note.measures.filter(metric="pain.nprs_current").first()
    assert (float(found.value) if found else None) == stored
    assert bool(saved.problems) is (stored is None)


def test_an_empty_measure_is_none_again() -> None:
    note = begin()
    post(note, {"m:pain.nprs_current": "4"})
    post(note, {"m:pain.nprs_current": ""})
    assert not note.measures.exists()


DAYS = [(TODAY, True), (TODAY + timedelta(days=1), False), (TODAY - timedelta(days=31), False)]


@pytest.mark.parametrize(("day", "accepted"), DAYS)
def test_the_day_of_the_visit_is_plausible(day: date, accepted: bool) -> None:
    saved = save(begin(), visit_on=day.isoformat())
    assert (not saved.problems) is accepted


def test_a_second_device_does_not_overwrite() -> None:
    note = begin()
    save(note, subjective="From the tablet")
    with pytest.raises(Conflict, match="saved elsewhere"):
        save(note, revision=0, subjective="From the laptop")
    assert fresh(note).subjective == "From the tablet"


def test_only_the_author_writes_and_a_signed_note_is_closed() -> None:
    note = begin()
    with pytest.raises(Refused, match="belongs to"):
        save_note(note, PractitionerFactory().user, revision=0, fields={"subjective": ["x"]}, today=TODAY)
    done = signed(note)
    with pytest.raises(Conflict, match="signed"):
        save(done, subjective="later")


def test_consent_is_stamped_when_it_is_given() -> None:
    note = begin()
    save(note, consent="yes")
    given = fresh(note).consent_at
    save(note, consent="yes")
    assert fresh(note).consent_at == given is not None


# --- Who may use what ------------------------------------------------------------------------------------------------


def test_a_technique_needs_the_credential_of_the_one_who_treats() -> None:
    note = begin()
    needle = needling(note)
    Credential.objects.filter(practitioner__user=note.author).update(valid_until=TODAY - timedelta(days=1))
    settled(note)
    saved = post(note, {f"t:{needle.pk}:done": "yes"})
    assert "dry-needling certificate" in saved.problems[f"t:{needle.pk}:done"]
    needle.refresh_from_db()
    assert needle.done is None
    Credential.objects.filter(practitioner__user=note.author).update(valid_until=TODAY)
    settled(note)
    assert not post(note, {f"t:{needle.pk}:done": "yes"}).problems


def problem_codes(note: TreatmentNote) -> list[str]:
    return [problem.code for problem in sign_problems(fresh(note), note.author, today=TODAY)]


def test_needling_needs_the_form_on_file_and_the_word_of_today() -> None:
    note = begin()
    needle = needling(note)
    complete(note)
    assert problem_codes(note) == ["needling_muscle"]
    post(note, {f"t:{needle.pk}:muscles": ["", "quadratus_lumborum"]})
    assert problem_codes(note) == []
    save(note, consent="no")
    assert problem_codes(note) == ["consent_today"]
    save(note, consent="yes")
    Consent.objects.filter(patient=note.plan.episode.patient, kind="needling").update(withdrawn_on=TODAY)
    settled(note)  # needling is an alternative of this plan: held too
    assert problem_codes(note) == ["consent_missing", "held"]


def test_another_region_is_screened_and_refused() -> None:
    note = begin()
    item = row(note, "mt_soft_tissue_release")
    heat = row(note, "th_heat_superficial")
    saved = post(note, {f"t:{heat.pk}:region": "head_face", f"t:{heat.pk}:side": "", f"t:{item.pk}:side": "left"})
    assert list(saved.problems) == [f"t:{heat.pk}:region"]
    assert row(note, "th_heat_superficial").region == "lumbar"
    assert row(note, "mt_soft_tissue_release").side == "left"
    with pytest.raises(Refused):
        add_note_technique(note, note.author, key="th_cold", region="head_face", side="", today=TODAY)
    with pytest.raises(Invalid):
        add_note_technique(note, note.author, key="ex_balance", region="lumbar", side="", today=TODAY)


def test_a_flag_that_a_later_assessment_raised_closes_the_region_to_what_is_added() -> None:
    note = begin()
    later = AssessmentFactory(episode=note.plan.episode, author=note.author, assessed_on=TODAY)
    RedFlagAnswerFactory(assessment=later, flag="ces_bladder", answer="yes")
    settled(note)
    with pytest.raises(Refused):
        add_note_technique(note, note.author, key="th_cold", region="lumbar", side="", today=TODAY)


# --- The short list --------------------------------------------------------------------------------------------------


@pytest.mark.hazard("H-27")
def test_a_red_flag_acts_at_once_and_a_correction_takes_it_back() -> None:
    note = begin()
    post(note, {**denied(note), "f:ces_saddle": "yes"})
    alert = Alert.objects.get(rule="red_flag_at_visit", key="ces_saddle")
    assert (alert.severity, alert.state, alert.plan_id) == ("urgent", "open", note.plan_id)
    assert note.measures.get(metric="check.new_red_flag").value == 1
    programme = Prescription.objects.filter(patient=note.plan.episode.patient)
    assert set(programme.values_list("state", flat=True)) == {"paused"}
    post(note, {"f:ces_saddle": "no"})
    alert.refresh_from_db()
    assert alert.state == "done"
    assert note.measures.get(metric="check.new_red_flag").value == 0
    assert set(programme.values_list("state", flat=True)) == {"active"}


def test_a_visit_with_a_red_flag_can_be_signed() -> None:
    note = begin()
    open_rows = {f"t:{r.pk}:done": "no" for r in note.notetechniques.all()}
    open_rows |= {f"t:{r.pk}:not_done_reason": "Sent to the emergency department" for r in note.notetechniques.all()}
    open_rows |= {f"e:{r.pk}:done": "no" for r in note.noteexercises.all()}
    post(note, {**denied(note), **open_rows, "f:ces_bladder": "yes"})
    assert fresh(sign_note(note, note.author, today=TODAY)).state == "signed"
    assert Alert.objects.filter(rule="red_flag_at_visit", state="open").count() == 1


def test_a_new_medicine_asks_for_the_condition_list() -> None:
    note = begin()
    post(note, {"f:also.new_medicines": "yes"})
    alert = Alert.objects.get(rule="facts_changed_at_visit")
    assert (alert.key, alert.severity) == ("also.new_medicines", "high")
    assert set(Prescription.objects.values_list("state", flat=True)) == {"active"}


# --- Adverse events --------------------------------------------------------------------------------------------------


def event_after(note: TreatmentNote, key: str, **more: str) -> AdverseEvent:
    said = {"what": "Dizzy and pale for ten minutes", "severity": "moderate", "action": "Lay down, stopped", **more}
    return record_adverse_event(note, note.author, row=row(note, key), **said)


@pytest.mark.hazard("H-24")
def test_after_an_adverse_event_the_technique_is_held_until_reviewed() -> None:
    note = begin()
    complete(note)
    event = event_after(note, "mt_soft_tissue_release")
    assert Alert.objects.get(rule="adverse_event").severity == "high"
    sign_note(note, note.author, today=TODAY)
    later = fresh(start_note(note.plan, note.author, today=TODAY + timedelta(days=3)))
    again = row(later, "mt_soft_tissue_release")
    saved = post(later, {f"t:{again.pk}:done": "yes"}, today=TODAY + timedelta(days=3))
    assert "held since an adverse event" in saved.problems[f"t:{again.pk}:licensed_reason"]
    assert row(later, "mt_soft_tissue_release").done is None
    post(later, {f"t:{again.pk}:done": "yes", f"t:{again.pk}:licensed_reason": "Lighter, patient wishes it"},
         today=TODAY + timedelta(days=3))  # fmt: skip
    assert row(later, "mt_soft_tissue_release").done is True
    review_adverse_event(event, note.author, reason="Faint from standing up fast", today=TODAY)
    assert Alert.objects.get(rule="adverse_event").state == "done"
    with pytest.raises(Conflict):
        review_adverse_event(event, note.author, reason="Once more", today=TODAY)


@pytest.mark.parametrize("screened", [False, True])
def test_what_a_new_fact_holds_is_done_only_with_a_reason(screened: bool) -> None:
    note = begin()
    item = row(note, "mt_soft_tissue_release")
    PatientCondition.objects.filter(patient=note.plan.episode.patient, condition__key="dvt_suspected").update(
        answer="yes"
    )
    if screened:
        settled(note)
    saved = post(note, {f"t:{item.pk}:done": "yes"})
    says = "held since" if screened else "held until the facts that are new have been checked"
    assert says in saved.problems[f"t:{item.pk}:licensed_reason"]
    assert row(note, "mt_soft_tissue_release").done is None
    post(note, {f"t:{item.pk}:done": "yes", f"t:{item.pk}:licensed_reason": "Scan was clear, report seen today"})
    assert row(note, "mt_soft_tissue_release").done is True


@pytest.mark.parametrize("screened", [False, True])
def test_a_held_exercise_is_not_done_by_confirming_all_as_carried(screened: bool) -> None:
    note = begin()
    PatientCondition.objects.filter(patient=note.plan.episode.patient, condition__key="dvt_suspected").update(
        answer="yes"
    )
    if screened:
        settled(note)
    saved = post(note, {"all_done": "1"})
    held = [row for row in fresh(note).noteexercises.all() if row.done is None]
    assert held
    assert all(f"e:{row.pk}:done" in saved.problems for row in held)
    post(note, {f"e:{held[0].pk}:done": "yes"})
    assert fresh(note).noteexercises.get(pk=held[0].pk).done is True, "a person's own word is recorded"


EVENTS: list[tuple[dict[str, str], list[str]]] = [
    ({"what": ""}, ["what"]),
    ({"action": " "}, ["action"]),
    ({"severity": "huge"}, ["severity"]),
    ({"what": "", "severity": "", "action": ""}, ["what", "action", "severity"]),
]


@pytest.mark.parametrize(("given", "fields"), EVENTS)
def test_an_event_says_what_how_bad_and_what_was_done(given: dict[str, str], fields: list[str]) -> None:
    note = begin()
    with pytest.raises(ManyProblems) as refusal:
        event_after(note, "mt_soft_tissue_release", **given)
    assert [problem.field for problem in refusal.value.problems] == fields
    assert not AdverseEvent.objects.exists()
    assert not Alert.objects.exists()


# --- Signing ---------------------------------------------------------------------------------------------------------


def refused(note: TreatmentNote, **options: Any) -> list[str]:
    with pytest.raises(ManyProblems) as refusal:
        sign_note(note, note.author, today=TODAY, **options)
    assert fresh(note).state == "draft"
    return [problem.code for problem in refusal.value.problems]


@pytest.mark.hazard("H-25")
def test_what_is_still_carried_is_asked_about() -> None:
    note = begin()
    post(note, {**denied(note), "consent": "yes"})
    assert refused(note) == ["carried"]
    assert fresh(sign_note(note, note.author, today=TODAY, confirm_carried=True)).state == "signed"
    assert not NoteTechnique.objects.filter(note=note, done=None).exists()


@pytest.mark.hazard("H-27")
def test_everything_that_is_missing_is_said_at_once() -> None:
    note = begin()
    item = row(note, "mt_soft_tissue_release")
    heat = row(note, "th_heat_superficial")
    post(note, {f"t:{item.pk}:p.session_min": "", f"t:{item.pk}:done": "yes", f"t:{heat.pk}:done": "no"})
    codes = refused(note)
    assert codes[0] == "carried"
    assert {"parameter_missing", "not_done_reason", "short_list", "consent_today", "passive_only"} <= set(codes)


def test_only_a_registered_physiotherapist_signs() -> None:
    note = complete(begin())
    Practitioner.objects.filter(user=note.author).update(licence_valid_until=TODAY - timedelta(days=1))
    assert "licence_expired" in refused(note)


def test_a_signed_note_is_added_to_never_changed() -> None:
    note = begin()
    with pytest.raises(Conflict):
        add_addendum(note, note.author, text="Too early", today=TODAY)
    done = signed(note)
    assert (len(done.content_hash), done.signed_by and done.signed_by.user) == (64, note.author)
    with pytest.raises(Invalid):
        add_addendum(done, note.author, text=" ", today=TODAY)
    added = add_addendum(done, note.author, text="Phoned the day after: settled.", today=TODAY)
    assert verify_signatures().holds
    assert added.by.user == note.author


def test_a_draft_is_dropped_unless_an_event_hangs_on_it() -> None:
    note = begin()
    event_after(note, "mt_soft_tissue_release")
    with pytest.raises(DomainError, match="adverse event"):
        drop_note(note, note.author)
    other = fresh(start_note(note.plan, PractitionerFactory().user, today=TODAY))
    drop_note(other, other.author)
    assert list(TreatmentNote.objects.all()) == [note]
