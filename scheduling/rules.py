"""What may be booked at all: each refusal names its field and says what would be accepted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from clinic.errors import Invalid
from clinic.models import Patient, Practitioner
from scheduling.models import SHORTEST, Kind, Room
from scheduling.querysets import LONGEST
from scheduling.readers import clinic_zone, hours_of
from scheduling.slots import Interval, windows_on

FARTHEST = timedelta(days=2 * 366)
NOTE_LENGTH = 200


def check_time(start: datetime, minutes: int, *, now: datetime) -> Interval:
    """The wanted time as an interval in UTC, or the reason why it cannot be one."""
    if start.tzinfo is None or start.utcoffset() is None:
        raise Invalid("no_zone", "The start needs a time zone.", field="start")
    if minutes <= 0:
        raise Invalid("not_forward", "A visit ends after it starts.", field="minutes")
    length = timedelta(minutes=min(minutes, 100_000))
    if not SHORTEST <= length <= LONGEST:
        raise Invalid("length", "A visit takes 5 minutes to 8 hours.", field="minutes")
    if start < now:
        raise Invalid("past", "That time has passed. Choose a later one.", field="start")
    if start > now + FARTHEST:
        raise Invalid("too_far", "Visits are booked at most two years ahead.", field="start")
    begin = start.astimezone(UTC)
    return Interval(begin, begin + length)


def check_people(patient: Patient, practitioner: Practitioner, room: Room | None) -> None:
    """Refuse who is not in service any more."""
    if not patient.is_active:
        raise Invalid("inactive", "This record is closed. Open it again to book.", field="patient")
    if not practitioner.user.is_active:
        raise Invalid("inactive", f"{practitioner} does not work here any more.", field="practitioner")
    if room is not None and not room.is_active:
        raise Invalid("inactive", f"{room} is not in use.", field="room")


def check_hours(practitioner: Practitioner, wanted: Interval) -> None:
    """Refuse what does not lie wholly inside the practitioner's working hours of that day."""
    zone = clinic_zone()
    day = wanted.start.astimezone(zone).date()
    windows = windows_on(hours_of([practitioner.pk])[practitioner.pk], day, zone)
    if any(window.contains(wanted) for window in windows):
        return
    if not windows:
        message = f"{practitioner} does not work on {day:%A}s. Choose another day or practitioner."
    else:
        open_at = ", ".join(
            f"{window.start.astimezone(zone):%H:%M}-{window.end.astimezone(zone):%H:%M}" for window in windows
        )
        message = f"{practitioner} works {open_at} on that day. Choose a time inside."
    raise Invalid("outside_hours", message, field="start")


def check_words(kind: str, note: str) -> str:
    """Refuse an unknown kind of visit or a note that is none; return the note without blanks around it."""
    if kind not in Kind.values:
        raise Invalid("kind", "Choose the kind of visit from the list.", field="kind")
    return check_note(note)


def check_note(note: str) -> str:
    """A note for the desk: one short line of text."""
    if "\x00" in note:
        raise Invalid("text", "The note holds a character that cannot be stored.", field="desk_note")
    if len(note.strip()) > NOTE_LENGTH:
        raise Invalid("text", f"A note has at most {NOTE_LENGTH} characters.", field="desk_note")
    return note.strip()
