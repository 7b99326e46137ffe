"""What is set up wrongly for messages is said at the start, without the secrets in it."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config.checks import ways_of_messages
from reminders.pushing import new_private_key, public_of


@pytest.mark.parametrize(
    ("urls", "found"),
    [
        ([], []),
        (["smsjsons://secret@gateway.example.org/messages"], []),
        ([f"twilio://AC{'a' * 32}:{'b' * 32}@+15551230000/{{to}}"], []),
        (["nonsense"], ["kineplan.E001"]),
        (["smsjsons://secret@gateway.example.org/x", "nosuch://secret@x/{to}"], ["kineplan.E001"]),
    ],
)
def test_addresses_of_text_services(urls: list[str], found: list[str], settings: Any) -> None:
    settings.SMS_URLS = urls
    problems = ways_of_messages()
    assert [problem.id for problem in problems] == found
    assert "secret" not in str(problems)


@pytest.mark.parametrize(("key", "found"), [("", []), ("x", ["kineplan.E002"]), ("é", ["kineplan.E002"])])
def test_a_push_key_that_is_none(key: str, found: list[str], settings: Any) -> None:
    settings.PUSH_PRIVATE_KEY = key
    assert [problem.id for problem in ways_of_messages()] == found


def test_a_fresh_key_is_one(settings: Any) -> None:
    settings.PUSH_PRIVATE_KEY = new_private_key()
    assert ways_of_messages() == []


@pytest.mark.django_db
def test_the_command_prints_the_key_that_is_kept(settings: Any) -> None:
    first, again, fresh = StringIO(), StringIO(), StringIO()
    call_command("push_key", stdout=first)
    call_command("push_key", "--private", stdout=again)
    assert public_of(again.getvalue().strip()) == first.getvalue().strip()
    call_command("push_key", "--new", stdout=fresh)
    assert first.getvalue().strip() not in fresh.getvalue()
    settings.PUSH_PRIVATE_KEY = "x"
    with pytest.raises(CommandError):
        call_command("push_key")
