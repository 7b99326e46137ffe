"""What a provider's answer means for the row: only ``Accepted`` is success, only ``Doubtful`` may have been sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the message over."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Transient:
    """Certainly not accepted; another try may succeed, not before ``retry_after`` when the provider names a time."""

    detail: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Permanent:
    """Certainly not accepted, and never will be. ``reason`` is a ``Reason`` of the outbox."""

    detail: str
    reason: str = "refused"


@dataclass(frozen=True, slots=True)
class Doubtful:
    """The connection broke or timed out after the hand-over began: nobody knows, so a person decides."""

    detail: str


Outcome = Accepted | Transient | Permanent | Doubtful


class NotReady(Exception):
    """The channel cannot take anything over at present; nothing was handed over."""
