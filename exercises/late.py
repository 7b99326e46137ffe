"""Sessions that were logged, corrected or taken back while the telephone had no connection.

The rules are those of :mod:`exercises.actions`; what is added here is that two devices which did not know of each other
lose nothing: two sessions stay two sessions, and an answer about pain or a comment outlives a later tap without one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from clinic.acts import Applied, overruled, subject_of
from clinic.models import User
from exercises.actions import UNDO, Outcome, bout_subject, log_session, undo
from exercises.models import Prescription, SessionLog

COMMENT_LENGTH = 500
HISTORY: Any = SessionLog.pgh_event_model  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class LateLog:
    """What was tapped. ``is_fresh``: the screen showed nothing for this session, so it is no correction.

    ``corrects`` is the earlier act of the same device that this one changes; that one may have been given another
    session of the day meanwhile.
    """

    on: date
    bout: int
    state: str
    reason: str
    pain: int | None
    comment: str
    is_fresh: bool = False
    corrects: UUID | None = None


def log_late(
    prescription: Prescription, act: LateLog, *, by: User, uuid: UUID, acted_at: datetime, now: datetime
) -> Applied:
    """Store the session, correct it, or leave what is stored because it was said later. Call it in a transaction.

    Raises what :func:`exercises.actions.log_session` raises.
    """
    Prescription.objects.select_for_update(of=("self",)).get(pk=prescription.pk)  # one device after the other
    bout = _bout(prescription, act.on, act.bout, act.corrects)
    stored = SessionLog.objects.filter(prescription=prescription, on=act.on, bout=bout).first()
    # What stands there was said by a device that this one did not know of.
    is_unseen = stored is not None and stored.client_id not in (uuid, act.corrects)
    is_second = is_unseen and act.is_fresh and act.corrects is None
    if stored is not None and (stored.client_id == uuid or (is_unseen and _was_stored(stored, uuid))):
        return Applied(Outcome.UNCHANGED, bout_subject(prescription, act.on, bout))
    if is_second:
        bout = _free_bout(prescription, act.on) or bout
    subject = bout_subject(prescription, act.on, bout)
    if overruled(prescription.patient_id, kind=UNDO, subject=subject, since=acted_at):
        return Applied(Outcome.SUPERSEDED, subject)
    other = stored if is_unseen and (is_second or act.corrects) and stored and stored.bout == bout else None
    return Applied(_log(prescription, act, bout, other, by=by, uuid=uuid, acted_at=acted_at, now=now), subject)


def undo_late(
    prescription: Prescription, *, on: date, bout: int, corrects: UUID | None, by: User, acted_at: datetime
) -> Applied:
    """Take a session back unless something was said about it later. Call it in a transaction.

    What arrives afterwards and happened before finds it taken back.
    """
    Prescription.objects.select_for_update(of=("self",)).get(pk=prescription.pk)
    bout = _bout(prescription, on, bout, corrects)
    subject = bout_subject(prescription, on, bout)
    stored = SessionLog.objects.select_related("prescription__patient").filter(
        prescription=prescription, on=on, bout=bout
    )
    log = stored.first()
    if log is not None and log.acted_at > acted_at:
        return Applied(Outcome.SUPERSEDED, subject)
    if log is not None:
        undo(log, by=by)
    return Applied(Outcome.CORRECTED if log is not None else Outcome.UNCHANGED, subject)


def _log(
    prescription: Prescription,
    act: LateLog,
    bout: int,
    other: SessionLog | None,
    *,
    by: User,
    uuid: UUID,
    acted_at: datetime,
    now: datetime,
) -> str:
    """Store the act; ``other`` is what another device said about the only session that there is."""
    is_later = other is not None and acted_at > other.acted_at
    pain, comment = act.pain, act.comment
    if other is not None and is_later:
        pain, comment = other.pain if pain is None else pain, _both(other.comment, comment)
    result = log_session(
        prescription, by=by, on=act.on, bout=bout, state=act.state, reason=act.reason, pain=pain, comment=comment,
        acted_at=acted_at, client_id=uuid, now=now,
    )  # fmt: skip
    if other is not None and result.outcome == Outcome.SUPERSEDED:
        _fill_in(result.log, act)
    return result.outcome


def _fill_in(stored: SessionLog, earlier: LateLog) -> None:
    """Add what the earlier act says and the later one leaves open."""
    pain = earlier.pain if stored.pain is None else stored.pain
    comment = _both(earlier.comment.strip(), stored.comment)
    if (pain, comment) != (stored.pain, stored.comment):
        stored.pain, stored.comment = pain, comment
        stored.save(update_fields=["pain", "comment", "recorded_at"])


def _both(first: str, second: str) -> str:
    """Two comments in one, as long as they fit; else the later one, and history keeps the other."""
    second = second.strip()
    if not second or first == second:
        return first
    joined = f"{first}\n{second}" if first else second
    return joined if len(joined) <= COMMENT_LENGTH else second


def _bout(prescription: Prescription, on: date, bout: int, corrects: UUID | None) -> int:
    """The session that the act is about: where the corrected act was put, else the one that was tapped."""
    known = subject_of(prescription.patient_id, corrects) if corrects else ""
    head, _, number = known.rpartition(":")
    return int(number) if head and f"{head}:" == bout_subject(prescription, on, "") else bout


def _free_bout(prescription: Prescription, on: date) -> int | None:
    taken = set(SessionLog.objects.filter(prescription=prescription, on=on).values_list("bout", flat=True))
    return next((number for number in range(1, prescription.per_day + 1) if number not in taken), None)


def _was_stored(stored: SessionLog, uuid: UUID) -> bool:
    """True when this very act stood there before somebody corrected it."""
    same_day = SessionLog.objects.filter(prescription=stored.prescription_id, on=stored.on).values("pk")
    return bool(HISTORY.objects.filter(pgh_obj_id__in=same_day, client_id=uuid).exists())
