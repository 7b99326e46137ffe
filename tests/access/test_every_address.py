"""Every named address x every role x method, against one table. An address that is missing here fails the suite."""

from __future__ import annotations

import pytest
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.access.table import ACTORS, OPEN_TO_ALL, OTHERS, TABLE, Row
from tests.access.world import World, build_world

pytestmark = pytest.mark.django_db

MEANING = {".": "let in", "L": "sent to log in", "F": "403", "N": "404", "M": "405", "-": "not tried"}


def named_addresses() -> set[str]:
    """All names of our own addresses; the admin and the log-in pages have their own tests."""
    found: set[str] = set()

    def walk(resolver: URLResolver, prefix: str) -> None:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLPattern):
                found.add(f"{prefix}{entry.name}")
            elif entry.namespace not in ("admin",):
                walk(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)

    walk(get_resolver(), "")
    return {name for name in found if not name.startswith("account_")}


@pytest.fixture
def world() -> World:
    return build_world()


def symbol(answer: HttpResponseBase) -> str:
    """What happened, in one letter of the table."""
    location = answer.headers.get("Location", "")
    if answer.status_code == 401 or (answer.status_code == 302 and "/accounts/login" in location):
        return "L"
    return {403: "F", 404: "N", 405: "M"}.get(answer.status_code, "." if answer.status_code < 500 else "!")


def ask(world: World, actor: str, method: str, name: str, row: Row) -> str:
    client = Client(raise_request_exception=True)
    user = world.users[actor]
    if user is not None:
        client.force_login(user)
    url = reverse(name, kwargs=row.kwargs(world)) if row.kwargs else reverse(name)
    return symbol(client.generic(method, url, content_type="application/x-www-form-urlencoded"))


def test_the_table_knows_every_address() -> None:
    known = set(TABLE) | set(OPEN_TO_ALL) | set(OTHERS)
    assert sorted(named_addresses() - known) == [], "addresses that no row declares"
    assert sorted(known - named_addresses()) == [], "rows whose address is gone"


@pytest.mark.parametrize("name", sorted(TABLE))
def test_who_may_ask(world: World, name: str) -> None:
    row = TABLE[name]
    wrong = []
    for method, wanted in (("GET", row.get), ("POST", row.post)):
        for actor, expected in zip(ACTORS, wanted, strict=True):
            if expected == "-":
                continue
            got = ask(world, actor, method, name, row)
            if got != expected:
                wrong.append(f"{method} as {actor}: {MEANING.get(got, got)}, expected {MEANING[expected]}")
    assert wrong == []


@pytest.mark.parametrize("name", sorted(name for name in TABLE if not name.startswith("api:")))
def test_no_other_method_is_let_in(world: World, name: str) -> None:
    for method in ("PUT", "PATCH", "DELETE"):
        assert ask(world, "physio", method, name, TABLE[name]) in ("M", "N", "F")
