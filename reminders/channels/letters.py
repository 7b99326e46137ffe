"""The words of a message. They name the clinic and a link, never a condition, an exercise or the kind of visit."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import get_template
from django.utils import translation
from django.utils.formats import date_format

from clinic.models import Clinic, Patient
from reminders.models import Kind, OutboxMessage
from reminders.recheck import Visit

TODAY_PATH, VISITS_PATH, SETTINGS_PATH = "/portal/", "/portal/visits/", "/portal/settings/"


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, ready to be handed over. ``key`` is the same at every attempt."""

    key: str
    to: str
    subject: str
    text: str
    stop_url: str


def compose(row: OutboxMessage, patient: Patient, clinic: Clinic, visit: Visit | None, *, to: str) -> Letter:
    """Write the message in the patient's language."""
    with translation.override(patient.language):
        context = _context(row, patient, clinic, visit)
        text = get_template(f"reminders/{row.kind}.txt").render(context)
        subject = get_template(f"reminders/{row.kind}_subject.txt").render(context)
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    return Letter(f"<{row.uid}@{host}>", to, " ".join(subject.split()), text.strip() + "\n", context["stop_url"])


def _context(row: OutboxMessage, patient: Patient, clinic: Clinic, visit: Visit | None) -> dict[str, str]:
    base = settings.PUBLIC_URL
    path = VISITS_PATH if row.kind == Kind.APPOINTMENT else TODAY_PATH
    context = {
        "name": patient.preferred_name or patient.given_name,
        "clinic": clinic.name,
        "phone": clinic.phone,
        "address": " ".join(clinic.address.split()),
        "link": base + path,
        "stop_url": base + SETTINGS_PATH,
        "day": "",
        "time": "",
    }
    if visit is not None:
        # A visit takes place on the clinic's clock, wherever the patient lives.
        local = visit.start.astimezone(ZoneInfo(clinic.time_zone))
        context |= {"day": date_format(local, "D j M"), "time": date_format(local, "H:i")}
    return context
