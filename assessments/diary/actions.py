"""Writing in the diary: an episode, a correction, taking it back, and "none this week". Safe to send twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from assessments.models import DiaryEntry, QuietDays
from assessments.models.diary import Doing, EpisodeKind, Fluids, Helped, Lasted
from clinic.anatomy import REGIONS, SIDES, sided
from clinic.errors import Conflict, DomainError, Invalid, ManyProblems, Refused
from clinic.locality import patient_date
from clinic.models import Patient, User

DAYS_BACK = 28
# A telephone's clock may run ahead by this much without the entry being refused.
TOLERANCE = timedelta(minutes=10)
COMMENT_MAX = 500
COUNTED = (EpisodeKind.SPASM, EpisodeKind.CRAMP)


@dataclass(frozen=True, slots=True)
class Episode:
    """What the patient wrote, as typed; empty where nothing was answered."""

    happened_at: datetime
    kind: str
    region: str
    side: str
    strength: int
    lasted: str = ""
    doing: str = ""
    helped: Sequence[str] = ()
    fluids: str = ""
    comment: str = ""


def write_entry(
    patient: Patient, episode: Episode, *, client_id: UUID, acted_at: datetime, by: User, now: datetime
) -> DiaryEntry:
    """Store an entry, or correct the one with this ``client_id``; of two corrections the later act stands.

    Raises Invalid (several at once: ManyProblems) naming the fields, Conflict for a ``client_id`` of somebody else,
    Refused for an entry that is too old to be changed.
    """
    _raise_all(_problems(episode, patient, now))
    acted = min(acted_at, now)
    try:
        with transaction.atomic():
            stored = DiaryEntry.objects.select_for_update().filter(client_id=client_id).first()
            if stored is None:
                stored = DiaryEntry(client_id=client_id, patient=patient)
            elif stored.patient_id != patient.pk:
                raise Conflict("client_id_reused", "This entry was already sent for somebody else.")
            elif stored.acted_at >= acted:
                return stored
            else:
                _check_recent(stored, now)
            return _store(stored, patient, episode, acted, by)
    except IntegrityError as error:  # the same entry came twice in one instant
        raise Conflict("client_id_reused", "This entry was sent twice at once. Please try again.") from error


def _store(row: DiaryEntry, patient: Patient, episode: Episode, acted: datetime, by: User) -> DiaryEntry:
    for name, value in asdict(episode).items():
        setattr(row, name, value)
    row.helped, row.comment = list(episode.helped), episode.comment.strip()
    row.on = patient_date(patient, episode.happened_at)
    row.acted_at, row.recorded_by, row.removed_at = acted, by, None
    row.save()
    if row.kind in COUNTED:  # somebody who writes an episode takes back that there was none
        QuietDays.objects.filter(patient=patient, first__lte=row.on, last__gte=row.on).delete()
    return row


def remove_entry(entry: DiaryEntry, *, acted_at: datetime, by: User, now: datetime) -> None:
    """Take an entry back; twice is once, and a correction made later than this act stands. History keeps it."""
    acted = min(acted_at, now)
    with transaction.atomic():
        stored = DiaryEntry.objects.select_for_update().get(pk=entry.pk)
        if stored.removed_at is not None or stored.acted_at > acted:
            return
        _check_recent(stored, now)
        stored.removed_at, stored.acted_at, stored.recorded_by = now, acted, by
        stored.save(update_fields=["removed_at", "acted_at", "recorded_by", "recorded_at"])


def say_quiet(patient: Patient, *, by: User, now: datetime) -> QuietDays:
    """The last seven days, today included, were free of spasms and cramps. Twice a day is once.

    Raises Conflict when the diary holds an episode in these days.
    """
    last = patient_date(patient, now)
    first = last - timedelta(days=6)
    with transaction.atomic():
        Patient.objects.select_for_update().get(pk=patient.pk)
        if DiaryEntry.objects.standing().filter(patient=patient, kind__in=COUNTED, on__range=(first, last)).exists():
            raise Conflict("diary_not_quiet", "Your diary has a spasm or cramp in the last seven days.")
        row, _ = QuietDays.objects.get_or_create(
            patient=patient, last=last, defaults={"first": first, "said_at": now, "recorded_by": by}
        )
    return row


def _check_recent(row: DiaryEntry, now: datetime) -> None:
    if row.on < patient_date(row.patient, now) - timedelta(days=DAYS_BACK):
        raise Refused("diary_closed", f"Only entries of the last {DAYS_BACK} days can be changed.")


def _problems(episode: Episode, patient: Patient, now: datetime) -> list[DomainError]:
    found: list[DomainError] = []

    def check(is_wrong: bool, code: str, message: str, field: str) -> None:
        if is_wrong:
            found.append(Invalid(code, message, field=field))

    ahead = episode.happened_at > now + TOLERANCE
    old = patient_date(patient, episode.happened_at) < patient_date(patient, now) - timedelta(days=DAYS_BACK)
    check(ahead, "diary_future", "That time has not come yet.", "happened_at")
    check(old, "too_old", f"Only the last {DAYS_BACK} days can be filled in.", "happened_at")
    check(episode.kind not in EpisodeKind.values, "diary_kind", "Choose what it was.", "kind")
    check(episode.region not in REGIONS, "diary_region", "Choose where it was.", "region")
    check(episode.side not in SIDES, "diary_side", "Choose the side.", "side")
    needs_side = episode.region in REGIONS and sided(episode.region) and episode.side == "midline"
    check(needs_side, "diary_side", "Choose the side.", "side")
    check(not 0 <= episode.strength <= 10, "diary_strength", "Strength is a number from 0 to 10.", "strength")
    check(episode.lasted not in ("", *Lasted.values), "diary_choice", "Choose one of the answers.", "lasted")
    check(episode.doing not in ("", *Doing.values), "diary_choice", "Choose one of the answers.", "doing")
    check(episode.fluids not in ("", *Fluids.values), "diary_choice", "Choose one of the answers.", "fluids")
    check(not set(episode.helped) <= set(Helped.values), "diary_choice", "Choose one of the answers.", "helped")
    check(
        len(episode.comment.strip()) > COMMENT_MAX, "comment", f"Please use at most {COMMENT_MAX} letters.", "comment"
    )
    check("\x00" in episode.comment, "diary_text", "Please leave out what cannot be read.", "comment")
    return found


def _raise_all(problems: list[DomainError]) -> None:
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise ManyProblems("invalid", "Please check the marked answers.", tuple(problems))
