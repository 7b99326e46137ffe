"""Typed reading of environment variables.

Every helper names the variable and the accepted form in its error, so that a wrong setting stops the start with a
sentence that can be acted on.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off", ""})


class EnvError(ValueError):
    """A setting in the environment is missing or cannot be read."""


@dataclass(frozen=True)
class Env:
    """Reads one mapping of environment variables; `Env(os.environ)` in production, a plain dict in tests."""

    values: Mapping[str, str]

    def text(self, name: str, default: str = "") -> str:
        """The text without blanks around it; an empty one counts as not given."""
        return self.values.get(name, "").strip() or default

    def flag(self, name: str, default: bool = False) -> bool:
        word = self.values.get(name, "").strip().lower()
        if name not in self.values:
            return default
        if word in TRUE_WORDS:
            return True
        if word in FALSE_WORDS:
            return False
        raise EnvError(f"{name} must be 1 or 0 (or true/false, yes/no, on/off), not {word!r}.")

    def integer(self, name: str, default: int, *, low: int, high: int) -> int:
        raw = self.text(name)
        if not raw:
            return default
        try:
            number = int(raw)
        except ValueError:
            raise EnvError(f"{name} must be a whole number from {low} to {high}, not {raw!r}.") from None
        if not low <= number <= high:
            raise EnvError(f"{name} must be from {low} to {high}, not {number}.")
        return number

    def words(self, name: str, default: tuple[str, ...] = ()) -> list[str]:
        """A comma-separated list; blanks are dropped."""
        raw = self.values.get(name)
        if raw is None:
            return list(default)
        return [word.strip() for word in raw.split(",") if word.strip()]

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        word = self.text(name, default).lower() or default
        if word not in allowed:
            raise EnvError(f"{name} must be one of {', '.join(allowed)}, not {word!r}.")
        return word


def environment() -> Env:
    return Env(os.environ)


@dataclass(frozen=True)
class DatabaseAddress:
    """The parts of a `DATABASE_URL`."""

    name: str
    user: str
    password: str
    host: str
    port: str
    options: dict[str, str]


def parse_database_url(url: str) -> DatabaseAddress:
    """Split `postgresql://user:password@host:port/name?sslmode=require`.

    A host that starts with `/` in the query (`?host=/run/postgresql`) names a socket folder.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise EnvError(
            "DATABASE_URL must start with postgresql:// (PostgreSQL is the only database), "
            f"not {(parts.scheme or url[:12])!r}."
        )
    try:
        port = str(parts.port or "")
    except ValueError:
        raise EnvError("DATABASE_URL has a port that is not a number from 1 to 65535.") from None
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise EnvError("DATABASE_URL names no database: postgresql://user:password@host:5432/NAME.")
    options = dict(parse_qsl(parts.query))
    return DatabaseAddress(
        name=name,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        host=options.pop("host", "") or parts.hostname or "",
        port=options.pop("port", "") or port,
        options=options,
    )


def check_redis_url(url: str) -> str:
    """Return `url` when it can address a Redis or Valkey server."""
    if urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
        raise EnvError("REDIS_URL must start with redis://, rediss:// or unix://.")
    return url
