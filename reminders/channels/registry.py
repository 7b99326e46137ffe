"""Which class carries which channel. Classes are loaded when the first message of their channel goes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Protocol, Self

from django.utils.module_loading import import_string

from reminders.channels.letters import Letter
from reminders.channels.outcomes import Outcome

CLASSES: Mapping[str, str] = {
    "email": "reminders.channels.email.EmailChannel",
    "sms": "reminders.channels.sms.SmsChannel",
    "push": "reminders.channels.push.PushChannel",
    "portal": "reminders.channels.portal.PortalChannel",
}


class MessageChannel(Protocol):
    """What the sender needs of a channel."""

    @property
    def is_open(self) -> bool: ...

    def open(self) -> None: ...

    def send(self, letter: Letter) -> Outcome: ...


class Channels:
    """The channels of one batch: each is made when first needed, and all are closed together."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def of(self, name: str) -> MessageChannel:
        """The one for this channel; ``KeyError`` for a channel that does not exist."""
        if name not in self._made:
            self._made[name] = self._stack.enter_context(import_string(CLASSES[name])())
        made: MessageChannel = self._made[name]
        return made
