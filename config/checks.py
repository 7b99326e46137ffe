"""System checks of the platform."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

A_NUMBER = "+447700900123"


@register
def ways_of_messages(**options: Any) -> list[CheckMessage]:
    """What is set up for text messages and notifications can be read; asked at the start."""
    return [*_sms_problems(), *_push_problems()]


def _sms_problems() -> list[CheckMessage]:
    if not settings.SMS_URLS:
        return []
    from reminders.channels.sms import service_for  # takes a moment: only where it is wanted

    wrong = [n for n, url in enumerate(settings.SMS_URLS, start=1) if service_for(url, A_NUMBER) is None]
    return [
        Error(
            f"Address {n} in KINEPLAN_SMS_URLS is none that apprise knows.", id="kineplan.E001", hint="docs/messages.md"
        )
        for n in wrong
    ]


def _push_problems() -> list[CheckMessage]:
    if not settings.PUSH_PRIVATE_KEY:
        return []
    from reminders.pushing import public_of

    try:
        public_of(settings.PUSH_PRIVATE_KEY)
    except ValueError:
        return [Error("KINEPLAN_PUSH_KEY is no key.", id="kineplan.E002", hint="manage.py push_key --new makes one.")]
    return []
