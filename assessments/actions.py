"""Writes about assessments: start, save as one types, clear a flag, sign. HTML and API call these."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from django.db import IntegrityError, transaction
from django.utils import timezone

from assessments.carrying import carry_forward, last_signed
from assessments.changes import Change, FindingChange, FlagChange, Overtaken, Problem, Saved
from assessments.chart import Place, chart_of
from assessments.content import content_hashes
from assessments.crosschecks import CHECKED_TOGETHER, cross_problems, questions
from assessments.desk import Desk, OvertakenBy, Refusal
from assessments.models import Assessment, Finding, FlagClearance
from assessments.vocabulary import RED_FLAGS
from assessments.writing import apply
from clinic.errors import Conflict, Invalid, ManyProblems, Refused
from clinic.models import Answer, Episode, User
from clinic.signatures import Kind, append


def start_assessment(
    episode: Episode, author: User, *, kind: str = "", today: date, copy_forward: bool = False
) -> Assessment:
    """Begin a draft in an open episode. Raises Conflict when the episode is closed or has a draft already.

    Without ``kind`` the first assessment of an episode is the initial one, later ones are reassessments.
    ``copy_forward`` fills it with the last signed findings, each marked until it is measured or confirmed.
    """
    if episode.state != Episode.State.OPEN:
        raise Conflict("episode_closed", "This episode is closed. Open a new one to assess again.")
    if not kind:
        signed_before = episode.assessments.filter(state=Assessment.State.SIGNED).exists()
        kind = Assessment.Kind.REASSESSMENT if signed_before else Assessment.Kind.INITIAL
    if kind not in Assessment.Kind.values:
        raise Invalid("kind", "Choose initial assessment or reassessment.", field="kind")
    try:
        with transaction.atomic():
            made = Assessment.objects.create(episode=episode, author=author, kind=kind, assessed_on=today)
            source = last_signed(episode) if copy_forward else None
            if source is not None:
                carry_forward(source, made, today=today)
            return made
    except IntegrityError as error:
        raise Conflict("draft_exists", "This episode has an assessment in progress.") from error


def locked_draft(assessment: Assessment) -> Assessment:
    """The draft, locked for this transaction. Raises Conflict (code ``signed``) when it does not change any more."""
    row: Assessment = Assessment.objects.with_people().select_for_update(of=("self",)).get(pk=assessment.pk)
    if row.state == Assessment.State.COSIGN:
        raise Conflict("signed", "This assessment waits for a co-signature and does not change until it comes back.")
    if row.state != Assessment.State.DRAFT:
        raise Conflict("signed", "This assessment is signed and does not change any more.")
    return row


@transaction.atomic
def save_changes(assessment: Assessment, changes: Iterable[Change], *, by: User, revision: int, today: date) -> Saved:
    """Save typed changes made on top of ``revision``. Each change stands alone: a refused one names its field and
    loses nothing of the others. A field that somebody else changed meanwhile is not overwritten but reported.

    Raises Conflict (code ``signed``) when the assessment is signed.
    """
    current = _draft_locked(assessment)
    waiting = list(changes)
    findings = _findings_of(current, waiting)
    desk = Desk(current, findings, by, today, base=revision, next=current.revision + 1)
    elsewhere = _changed_since(current, revision)
    written, problems, conflicts = _apply_all(desk, waiting)
    if written:
        desk.write()
        current.revision = desk.next
        current.save(update_fields=["revision", "saved_at", "story", "assessed_on"])
    names = {change.name for change in waiting}  # their outcome is told apart; a repeated save is no news
    return Saved(
        revision=current.revision,
        written=tuple(written),
        problems=tuple(problems),
        conflicts=tuple(conflicts),
        elsewhere=tuple(name for name in elsewhere if name not in names),
        findings=tuple(desk.findings.values()),
    )


def _draft_locked(assessment: Assessment) -> Assessment:
    """The given assessment, locked, with the head as it is now: a save needs neither the people nor a fresh object."""
    heads = Assessment.objects.select_for_update().filter(pk=assessment.pk)
    state, assessment.revision, assessment.story, assessment.assessed_on = heads.values_list(
        "state", "revision", "story", "assessed_on"
    ).get()
    if state == Assessment.State.COSIGN:
        raise Conflict("signed", "This assessment waits for a co-signature and does not change until it comes back.")
    if state != Assessment.State.DRAFT:
        raise Conflict("signed", "This assessment is signed and does not change any more.")
    return assessment


def _findings_of(assessment: Assessment, changes: Iterable[Change]) -> dict[Place, Finding]:
    """The rows that these changes replace, or are checked against: both sides of their paths, not the whole chart."""
    paths = {change.path for change in changes if isinstance(change, FindingChange)}
    if not paths:
        return {}
    if paths & CHECKED_TOGETHER:
        paths |= CHECKED_TOGETHER
    return {(row.path, row.side, row.mode): row for row in assessment.findings.filter(path__in=paths)}


def _apply_all(desk: Desk, waiting: list[Change]) -> tuple[list[str], list[Problem], list[Overtaken]]:
    """Apply until nothing more passes: two fields that check each other may come in either order."""
    written: list[str] = []
    conflicts: list[Overtaken] = []
    while True:
        refused: list[tuple[Change, Problem]] = []
        progress = False
        for change in waiting:
            try:
                if apply(desk, change):
                    written.append(change.name)
                    progress = True
            except OvertakenBy as overtaken:
                conflicts.append(Overtaken(change.name, overtaken.theirs, overtaken.mark))
            except Refusal as refusal:
                refused.append((change, Problem(change.name, refusal.code, refusal.message)))
        waiting = [change for change, problem in refused if problem.code == "cross"]
        if not (progress and waiting):
            break
        final = [problem for _, problem in refused if problem.code != "cross"]
        more_written, more_problems, more_conflicts = _apply_all(desk, waiting)
        return [*written, *more_written], [*final, *more_problems], [*conflicts, *more_conflicts]
    return written, [problem for _, problem in refused], conflicts


def _changed_since(assessment: Assessment, revision: int) -> list[str]:
    """Names of the fields that were changed after ``revision``."""
    if assessment.revision <= revision:
        return []
    names = [f"f:{r.path}:{r.side}:{r.mode}" for r in assessment.findings.all() if r.revision > revision]
    names += [f"g:{r.flag}" for r in assessment.flag_answers.all() if r.revision > revision]
    names += [f"a:{r.position}" for r in assessment.activities.all() if r.revision > revision]
    names += [f"m:{r.key}" for r in assessment.pain_marks.all() if r.revision > revision]
    names += [f"s:{r.key}" for r in assessment.surgeries.all() if r.revision > revision]
    return names


def deny_flags(assessment: Assessment, flags: Iterable[str], *, by: User, revision: int, today: date) -> Saved:
    """ "All asked and denied": a no for each of the named questions, which were on the screen and unanswered.

    A question that has an answer keeps it.
    """
    answered = set(assessment.flag_answers.values_list("flag", flat=True))
    changes = [FlagChange(flag, Answer.NO) for flag in dict.fromkeys(flags) if flag not in answered]
    return save_changes(assessment, changes, by=by, revision=revision, today=today)


def licensed(by: User, today: date) -> None:
    """Raises Refused for everybody but a physiotherapist with a registration of their own that covers today."""
    practitioner = getattr(by, "practitioner", None)
    if practitioner is not None and practitioner.is_student:
        raise Refused("student", "A student may not do this. Ask your supervisor.")
    if practitioner is None or not practitioner.licence_is_valid(today):
        raise Refused("licence", "Only a physiotherapist whose registration is valid today may do this.")


def clear_flag(assessment: Assessment, flag: str, *, by: User, reason: str, source: str, today: date) -> FlagClearance:
    """Clear a red flag with reason and source. It stays on the record and is asked again at the next visit.

    Allowed after signing as well: results come later. Raises Refused without a valid licence, Invalid without reason
    or source or for an unknown flag, Conflict when it is cleared already.
    """
    licensed(by, today)
    if flag not in RED_FLAGS:
        raise Invalid("unknown", "This is not a red-flag question.", field="flag")
    reason, source = reason.strip(), source.strip()
    if not 1 <= len(reason) <= 500:
        raise Invalid("reason", "Give the reason, in at most 500 characters.", field="reason")
    if not 1 <= len(source) <= 200:
        raise Invalid("source", "Name the source, such as the scan result or the letter.", field="source")
    try:
        with transaction.atomic():
            return FlagClearance.objects.create(
                episode=assessment.episode,
                assessment=assessment,
                flag=flag,
                reason=reason,
                source=source,
                cleared_by=by,
            )
    except IntegrityError as error:
        raise Conflict("cleared", "This flag is cleared already.") from error


@transaction.atomic
def sign(assessment: Assessment, *, by: User, today: date, confirmed: Collection[str] = ()) -> Assessment:
    """Sign and lock. ``confirmed`` holds the keys of the questions that the signer has looked at.

    Raises Refused without a valid licence, Conflict when signed already, ManyProblems when a refusing check fails, a
    question is not confirmed or nothing was recorded.
    """
    licensed(by, today)
    row = locked_draft(assessment)
    check_before_signing(row, today=today, confirmed=confirmed)
    row.return_note, row.returned_by, row.returned_at = "", None, None
    return put_signature(row, by=by)


def put_signature(row: Assessment, *, by: User) -> Assessment:
    """Sign and lock, with the next link of the signature chain. The caller has checked everything, in a transaction."""
    row.state, row.signed_by, row.signed_at = Assessment.State.SIGNED, by, timezone.now()
    row.save(update_fields=["state", "signed_by", "signed_at", "return_note", "returned_by", "returned_at"])
    append(Kind.ASSESSMENT, row.pk, content_hashes([row.pk])[row.pk], by=by, at=row.signed_at)
    return row


def check_before_signing(row: Assessment, *, today: date, confirmed: Collection[str]) -> None:
    """What every signature asks. Raises Invalid when nothing is recorded, ManyProblems with every open point."""
    chart = chart_of(row, today=today)
    if not chart.values and not chart.sites:
        raise Invalid("empty", "Nothing is recorded yet.")
    problems = [Invalid(p.key, p.message, field=p.paths[0]) for p in cross_problems(chart) if p.level == "reject"]
    open_questions = [q for q in questions(chart) if q.key not in confirmed]
    problems += [Invalid(f"ask:{q.key}", q.message, field=q.paths[0]) for q in open_questions]
    if problems:
        raise ManyProblems("checks", "Some findings need a look before this can be signed.", tuple(problems))
