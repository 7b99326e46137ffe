"""How the portal greets."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _


def greeting(name: str, local: datetime) -> str:
    """ "Good morning, Sam" by the patient's own clock."""
    if 4 <= local.hour < 12:
        return _("Good morning, {name}").format(name=name)
    if 12 <= local.hour < 18:
        return _("Good afternoon, {name}").format(name=name)
    return _("Good evening, {name}").format(name=name)
