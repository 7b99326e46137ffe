"""The demo's mailbox page: letters newest first, codes in sight, nothing of it outside the demo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.mail import EmailMessage, get_connection
from django.http import Http404
from django.test import Client, RequestFactory

from config.demo_mailbox import demo_mailbox


@pytest.fixture
def page(settings: Any, tmp_path: Path, rf: RequestFactory) -> Any:
    settings.DEMO, settings.DEMO_MAILBOX = True, tmp_path

    def get(**query: str) -> str:
        request = rf.get("/demo/mailbox/", query)
        request.user = AnonymousUser()
        return demo_mailbox(request).content.decode()

    return get


def post(to: str, subject: str, text: str) -> None:
    connection = get_connection("config.mailbox.MailboxBackend")
    EmailMessage(subject, text, "clinic@example.test", [to], connection=connection).send()


def test_letters_are_newest_first_with_links_and_codes(page: Any) -> None:
    post("ada@example.test", "Your code", "Hello,\n\nABC-123\n\nGood bye")
    post("ben@example.test", "A reminder", "Open http://localhost:8000/portal/ <script>alert(1)</script>")
    html = page()
    assert html.index("A reminder") < html.index("Your code")
    assert '<strong class="letter-code">ABC-123</strong>' in html
    assert '<a href="http://localhost:8000/portal/"' in html
    assert "<script>alert" not in html
    assert "A reminder" not in page(to="ada@")


def test_no_letters_yet_and_files_that_are_none(page: Any, settings: Any) -> None:
    (settings.DEMO_MAILBOX / "rubbish.eml").write_bytes(b"\xff\xfe")
    assert "No e-mail yet" in page()


def test_outside_the_demo_it_does_not_exist(settings: Any, rf: RequestFactory, client: Client) -> None:
    assert client.get("/demo/mailbox/").status_code == 404
    settings.DEMO = False
    with pytest.raises(Http404):
        demo_mailbox(rf.get("/demo/mailbox/"))
