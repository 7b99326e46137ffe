"""`/demo/mailbox/`: what the demo clinic has e-mailed, log-in codes included. Exists in demo mode only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

NEWEST = 40
# A log-in code stands alone on its line.
CODE = re.compile(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as the page shows it; ``code`` is the log-in code in it, if any."""

    sent_at: datetime
    to: str
    subject: str
    text: str
    code: str
    channel: str = "email"


@login_not_required
@require_safe
def demo_mailbox(request: HttpRequest) -> HttpResponse:
    """The newest e-mails, or those to one address (`?to=`). 404 in every mode but the demo."""
    if not settings.DEMO:
        raise Http404
    wanted = request.GET.get("to", "").strip().lower()[:254]
    letters = read_letters(Path(settings.DEMO_MAILBOX), wanted)
    return render(request, "config/demo_mailbox.html", {"letters": letters, "wanted": wanted})


def read_letters(folder: Path, wanted: str) -> list[Letter]:
    """The newest letters, newest first; names of files sort by time. A file that is no letter is left out."""
    found: list[Letter] = []
    for path in sorted(folder.glob("*.eml"), reverse=True)[: NEWEST * (25 if wanted else 1)]:
        letter = _read(path)
        if letter is not None and wanted in letter.to.lower():
            found.append(letter)
        if len(found) == NEWEST:
            break
    return found


def _read(path: Path) -> Letter | None:
    try:
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        sent_at = datetime.fromtimestamp(int(path.name.split("-")[0]) / 1e9, tz=UTC)
    except (OSError, ValueError):
        return None  # being thrown away at this moment, or put there by somebody else
    assert isinstance(message, EmailMessage)  # noqa: S101 - policy.default makes this kind
    body = message.get_body(("plain",))
    text = str(body.get_content()) if body is not None else ""
    code = CODE.search(text)
    return Letter(
        sent_at,
        str(message["To"] or ""),
        str(message["Subject"] or ""),
        text.strip(),
        code[1] if code else "",
        str(message["X-Channel"] or "email"),
    )
