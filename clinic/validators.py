"""Field validators shared by models, forms and serializers."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.utils import timezone

PHONE = re.compile(r"^\+?[0-9][0-9 ()./-]{4,30}$")


@lru_cache(maxsize=1)
def known_time_zones() -> frozenset[str]:
    """IANA zone names known to this installation."""
    return frozenset(available_timezones())


def validate_time_zone(value: str) -> None:
    """Refuse a name that zoneinfo cannot load: a bad zone would poison every reminder of the person."""
    if value not in known_time_zones():
        raise ValidationError(f"“{value}” is not a time zone name such as Europe/London.", code="time_zone")


def validate_phone(value: str) -> None:
    """Accept national and international notations; refuse what no telephone could be."""
    if value and not PHONE.match(value):
        raise ValidationError("Enter a telephone number, digits with optional spaces and a leading +.", code="phone")


def validate_birth_date(value: date) -> None:
    """Refuse a future date and an age over 120 years (assessment reference, hist.age_years)."""
    today = timezone.localdate()
    if value > today:
        raise ValidationError("Date of birth lies in the future.", code="future")
    if value.year < today.year - 120:
        raise ValidationError("Date of birth is more than 120 years ago.", code="too_old")
