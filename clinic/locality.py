"""The patient's own calendar, clock and language."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import pgettext

from clinic.models import Patient


def patient_date(patient: Patient, now: datetime) -> date:
    """The day of a moment in the patient's own calendar."""
    return now.astimezone(ZoneInfo(patient.time_zone)).date()


def patient_today(patient: Patient) -> date:
    """Today in the patient's own calendar: what is prescribed begins on it."""
    return patient_date(patient, timezone.now())


@contextmanager
def speaking_to(patient: Patient) -> Iterator[None]:
    """The patient's own language and wall clock.

    A language that this installation does not ship would come out half translated: then the default speaks.
    """
    with translation.override(language_of(patient)), timezone.override(ZoneInfo(patient.time_zone)):
        yield


def language_of(patient: Patient) -> str:
    """The patient's language when this installation ships it, else the default."""
    return patient.language if patient.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def day_words(day: date) -> str:
    """ "Tue 24 Nov" as the active language writes it."""
    # Translators: letters of Django's date filter.
    return date_format(day, pgettext("date format", "D j M"))


def day_year_words(day: date) -> str:
    """ "Tue 24 Nov 2026" as the active language writes it."""
    # Translators: letters of Django's date filter.
    return date_format(day, pgettext("date format", "D j M Y"))
