"""Personal log-in links: made, looked at, used once. A link that is wrong, used or old is the same to everybody."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db.models import QuerySet

from clinic.errors import Refused
from clinic.models import LoginLink, Role, User

# Asked for on the log-in page, and handed out by the clinic (on paper, or by mail as an invitation).
ASKED_FOR = timedelta(minutes=30)
INVITATION = timedelta(days=7)
# An open link more than this many is one too many lying about: the oldest ones end.
OPEN_AT_MOST = 3


def make_link(user: User, *, now: datetime, by: User | None = None) -> str:
    """A new link's secret, which is shown once and never stored. ``by``: the member of staff who hands it out.

    Raises Refused for whoever does not log in by link: staff, and log-ins that are closed.
    """
    if user.role != Role.PATIENT or not user.is_active:
        raise Refused("no_link", "Only patients with an open record log in by link.")
    token = secrets.token_urlsafe(32)
    LoginLink.objects.create(
        user=user,
        token_hash=_hash(token),
        made_at=now,
        made_by=by,
        expires_at=now + (INVITATION if by is not None else ASKED_FOR),
    )
    still_open = LoginLink.objects.filter(user=user, used_at__isnull=True, expires_at__gt=now).order_by(
        "-made_at", "-pk"
    )
    surplus = list(still_open.values_list("pk", flat=True)[OPEN_AT_MOST:])
    LoginLink.objects.filter(pk__in=surplus).update(expires_at=now)
    return token


def is_open(token: str, *, now: datetime) -> bool:
    """Whether the link would log somebody in; changes nothing (mail programs open links on their own)."""
    return _open(token, now).exists()


def use_link(token: str, *, now: datetime) -> User | None:
    """The person whose link it is, once; None for a link that is wrong, used, old or of a closed log-in."""
    link = _open(token, now).select_related("user").first()
    if link is None:
        return None
    # Of two clicks at once one wins.
    won = LoginLink.objects.filter(pk=link.pk, used_at__isnull=True).update(used_at=now)
    return link.user if won else None


def _open(token: str, now: datetime) -> QuerySet[LoginLink]:
    return LoginLink.objects.filter(
        token_hash=_hash(token), used_at__isnull=True, expires_at__gt=now, user__is_active=True, user__role=Role.PATIENT
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
