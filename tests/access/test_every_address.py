"""Every named address x every role x method, against one table. An address that is missing here fails the suite."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.access.table import ACTORS, OPEN_TO_ALL, OTHERS, TABLE, Row
from tests.access.world import World, build_world

pytestmark = pytest.mark.django_db

MEANING = {".": "let in", "L": "sent to log in", "F": "403", "N": "404", "M": "405", "!": "a server error"}


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


def symbol(answer: HttpResponseBase) -> str:
    """What happened, in one letter of the table."""
    location = answer.headers.get("Location", "")
    if answer.status_code == 401 or (answer.status_code == 302 and "/accounts/login" in location):
        return "L"
    return {403: "F", 404: "N", 405: "M"}.get(answer.status_code, "." if answer.status_code < 500 else "!")


class Asker:
    """Asks as each actor and takes everything back, so that one world serves the whole table."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.clients: Mapping[str, Client] = {actor: self._client(actor) for actor in ACTORS}

    def _client(self, actor: str) -> Client:
        client = Client(raise_request_exception=False)
        user = self.world.users[actor]
        if user is not None:
            client.force_login(user)
        return client

    def __call__(self, actor: str, method: str, name: str, row: Row) -> str:
        url = reverse(name, kwargs=row.kwargs(self.world)) if row.kwargs else reverse(name)
        with transaction.atomic():
            answer = self.clients[actor].generic(method, url, content_type="application/x-www-form-urlencoded")
            transaction.set_rollback(True)
        return symbol(answer)


@pytest.mark.hazard("H-15")
def test_the_table_knows_every_address() -> None:
    known = set(TABLE) | set(OPEN_TO_ALL) | set(OTHERS)
    missing, gone = sorted(named_addresses() - known), sorted(known - named_addresses())
    assert not missing, f"addresses that no row declares: {missing}"
    assert not gone, f"rows whose address is gone: {gone}"


@pytest.mark.hazard("H-14")
@pytest.mark.slow
def test_who_may_ask() -> None:
    ask = Asker(build_world())
    wrong = []
    for name, row in TABLE.items():
        for method, wanted in (("GET", row.get), ("POST", row.post)):
            for actor, expected in zip(ACTORS, wanted, strict=True):
                got = ask(actor, method, name, row)
                if got != expected:
                    wrong.append(f"{name}: {method} as {actor}: {MEANING[got]}, expected {MEANING[expected]}")
    assert not wrong, "\n".join(wrong)


def test_no_other_method_is_let_in_on_a_page() -> None:
    ask = Asker(build_world())
    let_in = [
        f"{method} {name}"
        for name, row in TABLE.items()
        if not name.startswith("api:")
        for method in ("PUT", "PATCH", "DELETE")
        if ask("physio", method, name, row) in (".", "!")
    ]
    assert not let_in, "\n".join(let_in)
