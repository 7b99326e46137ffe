"""One message in the patient's language, in the shapes that the channels need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.locality import day_words, language_of
from clinic.models import Clinic, Patient
from reminders.channels.wording import SETTINGS, Words, path_for, words_for
from reminders.models import Kind, OutboxMessage
from reminders.recheck import Visit
from reminders.stopping import STOP_PATH, stop_token

# Two SMS at most, whatever a clinic is called.
LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, ready to be handed over. ``key`` is the same at every attempt.

    ``text`` is the whole mail, ``line`` the one sentence for a notification, ``short`` the text message; ``stop_url``
    ends this kind by this channel without a log-in.
    """

    key: str
    to: str
    subject: str
    text: str
    stop_url: str
    uid: str
    patient_id: int
    sender: str
    line: str
    short: str
    link: str
    not_after: datetime


def compose(row: OutboxMessage, patient: Patient, clinic: Clinic, visit: Visit | None, *, to: str) -> Letter:
    """Write the message in the patient's language."""
    with translation.override(language_of(patient)):
        facts = facts_of(row, clinic, visit)
        words = words_for(row.kind, facts)
        link, stop_url = settings.PUBLIC_URL + path_for(row.kind), stop_url_of(row)
        text = _text(words, patient.preferred_name or patient.given_name, facts, link, stop_url)
        short = _short(words, clinic, link)
    return Letter(
        key=f"<{row.uid}@{_host(settings.PUBLIC_URL)}>",
        to=to,
        subject=" ".join(words.subject.split()),
        text=text,
        stop_url=stop_url,
        uid=str(row.uid),
        patient_id=row.patient_id,
        sender=clinic.name,
        line=words.line,
        short=short,
        link=link,
        not_after=row.not_after,
    )


def facts_of(row: OutboxMessage, clinic: Clinic, visit: Visit | None) -> dict[str, str]:
    """What the words may name: the clinic, and for a visit its day and time."""
    facts = {
        "clinic": clinic.name,
        "phone": clinic.phone,
        "address": " ".join(clinic.address.split()),
        "day": "",
        "time": "",
    }
    start = visit.start if visit is not None else _planned_start(row)
    if start is not None:
        # A visit takes place on the clinic's clock, wherever the patient lives.
        local = start.astimezone(ZoneInfo(clinic.time_zone))
        facts |= {"day": day_words(local), "time": date_format(local, "H:i")}
    return facts


def stop_url_of(row: OutboxMessage) -> str:
    return f"{settings.PUBLIC_URL}{STOP_PATH}{stop_token(row.uid)}/"


def _planned_start(row: OutboxMessage) -> datetime | None:
    return datetime.fromisoformat(row.occurrence) if row.kind == Kind.APPOINTMENT else None


def _text(words: Words, name: str, facts: dict[str, str], link: str, stop_url: str) -> str:
    parts = [
        _("Hello %(name)s,") % {"name": name},
        f"{words.lead}\n{link}",
        words.after,
        "\n".join(filter(None, (facts["clinic"], facts["phone"]))),
        "\n".join(
            (
                "--",
                _("No more of these messages:"),
                stop_url,
                _("All settings:"),
                settings.PUBLIC_URL + SETTINGS,
            )
        ),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _short(words: Words, clinic: Clinic, link: str) -> str:
    """The text message: who, what, where, and how to end it."""
    stop = _("Reply STOP to end.")
    return f"{clinic.name[:LONGEST_NAME]}: {words.line} {link} {stop}"


@lru_cache(maxsize=8)
def _host(url: str) -> str:
    return urlsplit(url).hostname or "localhost"
