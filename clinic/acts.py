"""Acts that arrive later than they happened: a telephone without a connection keeps them and sends them afterwards.

Each act carries its own UUID and the time of the tap. It is applied once, whoever sends it again and however often.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from clinic.errors import Conflict, Invalid
from clinic.models import Patient, ReceivedAct

# Clocks of telephones differ by seconds; one that is minutes ahead is set wrong, and its acts would win unfairly.
CLOCK_AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Applied:
    """What an act did (``outcome``) and what it was about."""

    outcome: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """``is_known``: the act had been applied before; ``outcome`` is what it did then."""

    outcome: str
    is_known: bool


def receive(
    patient: Patient,
    *,
    uuid: UUID,
    kind: str,
    acted_at: datetime,
    now: datetime,
    apply: Callable[[datetime], Applied],
) -> Receipt:
    """Apply an act once; ``apply`` is given the time of the act, never later than ``now``.

    Raises Invalid for a time that lies ahead by more than ``CLOCK_AHEAD``, Conflict for a UUID that was used for
    something else, and whatever ``apply`` raises; then nothing is kept.
    """
    if acted_at > now + CLOCK_AHEAD:
        raise Invalid("clock", "The clock of this device is ahead. Please set it right and send this again.")
    known = _known(patient, uuid, kind)
    if known is not None:
        return known
    try:
        with transaction.atomic():
            applied = apply(min(acted_at, now))
            record(patient, kind=kind, uuid=uuid, applied=applied, acted_at=min(acted_at, now))
    except IntegrityError:  # the same act by another way in the same instant
        known = _known(patient, uuid, kind)
        if known is None:
            raise
        return known
    return Receipt(applied.outcome, is_known=False)


def record(patient: Patient, *, kind: str, applied: Applied, acted_at: datetime, uuid: UUID | None = None) -> None:
    """Keep that an act was applied; without a UUID, one that no device will send again."""
    ReceivedAct.objects.create(
        uuid=uuid or uuid4(),
        patient=patient,
        kind=kind,
        subject=applied.subject,
        outcome=applied.outcome,
        acted_at=acted_at,
    )


def overruled(patient_id: int, *, kind: str, subject: str, since: datetime) -> bool:
    """True when an act of that kind about the same subject happened then or later."""
    return ReceivedAct.objects.filter(patient=patient_id, kind=kind, subject=subject, acted_at__gte=since).exists()


def subject_of(patient_id: int, uuid: UUID) -> str:
    """What an earlier act of this patient was about; empty when it is not known."""
    found = ReceivedAct.objects.filter(patient=patient_id, uuid=uuid).values_list("subject", flat=True).first()
    return found or ""


def _known(patient: Patient, uuid: UUID, kind: str) -> Receipt | None:
    row = ReceivedAct.objects.filter(pk=uuid).first()
    if row is None:
        return None
    if (row.patient_id, row.kind) != (patient.pk, kind):
        raise Conflict("act_reused", "This entry could not be told from another one. Please enter it again.")
    return Receipt(row.outcome, is_known=True)
