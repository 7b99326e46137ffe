"""Typed domain errors, shared by every layer and translated once per delivery channel."""

from __future__ import annotations


class DomainError(Exception):
    """A rule refused the request; nothing was written.

    ``code`` is stable and machine-readable, ``message`` is a sentence for the person, ``field`` names the input
    that caused it when there is one. ``rule`` names the clinical rule behind a refusal, for counting.
    """

    rule: str = ""

    def __init__(self, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class Invalid(DomainError):
    """The input cannot be accepted as it stands (HTTP 400, or an error at the form field)."""


class Conflict(DomainError):
    """The record moved on, or a rule of the current state forbids the step (HTTP 409)."""


class Refused(DomainError):
    """A safety or permission rule forbids the step for this person or record (HTTP 403)."""


class ManyProblems(DomainError):
    """Several problems found together; ``problems`` keeps each with its own field."""

    def __init__(self, code: str, message: str, problems: tuple[DomainError, ...]) -> None:
        super().__init__(code, message)
        self.problems = problems
