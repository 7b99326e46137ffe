"""Entries that a telephone sends after the fact: what kinds there are, and the answer to each of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.db import transaction
from django.http import Http404
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from clinic.acts import Applied, receive
from clinic.errors import DomainError, ManyProblems
from exercises.access import own_prescription
from exercises.actions import UNDO, Outcome
from exercises.late import LateLog, log_late, undo_late
from portal.forms import LogForm
from portal.pages import Visitor
from portal.problems import words

logger = logging.getLogger(__name__)

# What one request may bring; the device sends the rest with the next one.
MOST_ACTS = 50
BIGGEST_KEY = 10**12


@dataclass(frozen=True, slots=True)
class Act:
    """One entry as it was sent; ``acted_at`` never lies ahead of the visitor's ``now``."""

    visitor: Visitor
    uuid: UUID
    acted_at: datetime
    payload: Mapping[str, Any]


class NotPossible(Exception):
    """The entry cannot be stored; the words are for the patient, ``field`` names what to mend."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.field = field


class UndoForm(forms.Form):
    """Which session is taken back."""

    on = forms.DateField()
    bout = forms.IntegerField(min_value=1, max_value=10)


def _log(act: Act) -> Applied:
    """A session done, done in part or left out; also a correction of one."""
    prescription = own_prescription(act.visitor.patient, _key(act.payload.get("prescription")))
    data = _checked(LogForm({**_plain(act.payload), "client_id": str(act.uuid)}))
    data.pop("client_id")
    late = LateLog(**data, is_fresh=act.payload.get("fresh") is True, corrects=_uuid(act.payload.get("corrects")))
    visitor = act.visitor
    return log_late(prescription, late, by=visitor.user, uuid=act.uuid, acted_at=act.acted_at, now=visitor.now)


def _undo(act: Act) -> Applied:
    """A session taken back."""
    prescription = own_prescription(act.visitor.patient, _key(act.payload.get("prescription")))
    data = _checked(UndoForm(_plain(act.payload)))
    corrects = _uuid(act.payload.get("corrects"))
    return undo_late(prescription, **data, corrects=corrects, by=act.visitor.user, acted_at=act.acted_at)


# A handler applies the entry and says what it did; it raises DomainError, Http404 or NotPossible to refuse it.
HANDLERS: dict[str, Callable[[Act], Applied]] = {
    "log": _log,
    UNDO: _undo,
}


def answer(visitor: Visitor, sent: Any) -> dict[str, str]:
    """Apply one entry and say what became of it: ``stored``, ``known``, ``superseded``, ``refused`` or ``failed``.

    ``failed`` is a fault of ours: the device keeps the entry and sends it again.
    """
    name = str(sent.get("uuid"))[:64] if isinstance(sent, dict) else ""
    try:
        return {"uuid": name, "status": _apply(visitor, sent)}
    except NotPossible as refusal:
        return {"uuid": name, "status": "refused", "words": refusal.text, "field": refusal.field}
    except DomainError as error:
        first = error.problems[0] if isinstance(error, ManyProblems) else error
        return {"uuid": name, "status": "refused", "words": words(first), "field": first.field or ""}
    except Http404:
        text = _("This does not belong to your programme any more.")
        return {"uuid": name, "status": "refused", "words": text, "field": ""}
    except Exception:  # one entry that meets a fault of ours must not keep the others from being stored
        logger.exception("an entry of a device could not be applied")
        return {"uuid": name, "status": "failed"}


def _apply(visitor: Visitor, sent: Any) -> str:
    kind, uuid, acted_at, payload = _read(sent)

    def apply(at: datetime) -> Applied:
        return HANDLERS[kind](Act(visitor, uuid, at, payload))

    with transaction.atomic():
        receipt = receive(visitor.patient, uuid=uuid, kind=kind, acted_at=acted_at, now=visitor.now, apply=apply)
    if receipt.is_known or receipt.outcome == Outcome.UNCHANGED:
        return "known"
    return "superseded" if receipt.outcome == Outcome.SUPERSEDED else "stored"


def _read(sent: Any) -> tuple[str, UUID, datetime, Mapping[str, Any]]:
    """The parts of an entry, or NotPossible."""
    content = sent if isinstance(sent, dict) else {}
    uuid, kind, payload = _uuid(content.get("uuid")), content.get("kind"), content.get("payload")
    acted_at = _moment(content.get("acted_at"))
    if uuid is None or acted_at is None or kind not in HANDLERS or not isinstance(payload, dict):
        raise NotPossible(_("This entry cannot be read. Please enter it again."))
    return kind, uuid, acted_at, payload


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _moment(value: Any) -> datetime | None:
    """A time with its zone, or None."""
    try:
        found = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None and found.year > 1 else None


def _key(value: Any) -> int:
    """A row's number; 404 for what can be none."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and int(text) < BIGGEST_KEY):
        raise Http404
    return int(text)


def _plain(payload: Mapping[str, Any]) -> dict[str, str]:
    """The values as a form would have sent them."""
    return {key: "" if value is None else str(value) for key, value in payload.items()}


def _checked(form: forms.Form) -> dict[str, Any]:
    """The form's values, or NotPossible with the words of its first complaint."""
    if not form.is_valid():
        field, texts = next(iter(form.errors.items()))
        raise NotPossible(str(texts[0]), field)
    return form.cleaned_data
