"""Telephone numbers for texts: a table of notations, and of what is none."""

from __future__ import annotations

import pytest

from reminders.phones import NotANumber, to_e164


@pytest.mark.parametrize(
    ("raw", "country", "number"),
    [
        ("07700 900123", "GB", "+447700900123"),
        (" +44 (0)7700 900-123 ", "GB", "+447700900123"),
        ("0044 7700 900123", "FR", "+447700900123"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("+33.7.12.34.56.78", "GB", "+33712345678"),
        ("0470 12 34 56", "BE", "+32470123456"),
        ("079 123 45 67", "CH", "+41791234567"),
        ("(403) 555-0123", "CA", "+14035550123"),
        ("1 403 555 0123", "US", "+14035550123"),
        ("0412 345 678", "AU", "+61412345678"),
        ("612 345 678", "ES", "+34612345678"),
        ("+352 621 123 456", "GB", "+352621123456"),
        ("+81 90 1234 5678", "GB", "+819012345678"),  # a plan that is not known here: any complete number
    ],
)
def test_notations(raw: str, country: str, number: str) -> None:
    assert to_e164(raw, country) == number


@pytest.mark.parametrize(
    ("raw", "country", "code"),
    [
        ("", "GB", "letters"),
        ("call me", "GB", "letters"),
        ("07700 90012x", "GB", "letters"),
        ("+44 7700 900123 ext 4", "GB", "letters"),
        ("\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668", "GB", "letters"),  # digits of another script
        ("+", "GB", "letters"),
        ("0770", "GB", "length"),
        ("07700 900123 4567", "GB", "length"),
        ("+0 123456789", "GB", "length"),
        ("+819", "GB", "length"),
        ("+81901234567890123", "GB", "length"),
        ("020 7946 0100", "GB", "landline"),
        ("01 23 45 67 89", "FR", "landline"),
        ("(103) 555-0123", "CA", "landline"),
        ("090 1234 5678", "JP", "country"),
    ],
)
def test_what_is_no_number(raw: str, country: str, code: str) -> None:
    with pytest.raises(NotANumber) as refused:
        to_e164(raw, country)
    assert refused.value.code == code
