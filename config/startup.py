"""Rules that a start must satisfy. Pure: settings values in, sentences out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MINIMUM_KEY_LENGTH = 50


@dataclass(frozen=True)
class StartFacts:
    """What the rules look at."""

    mode: str
    debug: bool
    secret_key: str
    allowed_hosts: Sequence[str]
    database_url: str
    redis_url: str
    demo_flag: bool


def start_problems(facts: StartFacts) -> list[str]:
    """Every reason not to start, each naming the variable and the remedy."""
    if facts.mode != "production":
        return []
    problems = [*_key_problems(facts.secret_key)]
    if facts.debug:
        problems.append("KINEPLAN_DEBUG must be off in production: debug pages show patient data.")
    if facts.demo_flag:
        problems.append("KINEPLAN_DEMO and KINEPLAN_ENV=production exclude each other.")
    if not facts.allowed_hosts:
        problems.append("KINEPLAN_ALLOWED_HOSTS must name the host names of this clinic, comma separated.")
    if any(host.strip() in {"*", "."} for host in facts.allowed_hosts):
        problems.append("KINEPLAN_ALLOWED_HOSTS must not contain *: name the hosts.")
    if not facts.database_url:
        problems.append("DATABASE_URL must be set: postgresql://user:password@host:5432/name.")
    if not facts.redis_url:
        problems.append("REDIS_URL must be set: redis://host:6379/0.")
    return problems


def _key_problems(key: str) -> list[str]:
    if not key:
        return ["KINEPLAN_SECRET_KEY must be set to a random text of 50 characters or more."]
    if len(key) < MINIMUM_KEY_LENGTH or len(set(key)) < 5 or key.startswith(("django-insecure-", "change-me")):
        return ["KINEPLAN_SECRET_KEY is a default or too short: use a random text of 50 characters or more."]
    return []
