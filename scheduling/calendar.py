"""A visit as an entry of a calendar (RFC 5545). Calendars are shared: the entry names the clinic and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from clinic.models import Clinic
from scheduling.models import Appointment, State


def calendar_of(visits: list[Appointment], clinic: Clinic) -> bytes:
    """The visits with the same UID at every download and a SEQUENCE that rises with every change."""
    calendar = Calendar()
    calendar.add("prodid", "-//Kineplan//Visits//EN")
    calendar.add("version", "2.0")
    for visit in visits:
        calendar.add_component(_entry(visit, clinic))
    text: bytes = calendar.to_ical()
    return text


def _entry(visit: Appointment, clinic: Clinic) -> Event:
    entry = Event()
    entry.add("uid", f"{visit.uid}@{urlsplit(settings.PUBLIC_URL).hostname or 'localhost'}")
    entry.add("dtstamp", datetime.now(UTC).replace(microsecond=0))
    entry.add("dtstart", visit.during.lower.astimezone(UTC))
    entry.add("dtend", visit.during.upper.astimezone(UTC))
    entry.add("sequence", visit.sequence)
    entry.add("status", "CANCELLED" if visit.state == State.CANCELLED else "CONFIRMED")
    entry.add("summary", _("Visit at {clinic}").format(clinic=clinic.name))
    if clinic.address:
        entry.add("location", ", ".join(clinic.address.split("\n")))
    entry.add("url", f"{settings.PUBLIC_URL}/portal/visits/")
    return entry
