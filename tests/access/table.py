"""Who may ask for what. Seven letters per method, one for each actor in ``ACTORS``:

``.`` let in (also with a complaint about the input), ``L`` sent to log in, ``F`` 403, ``N`` 404, ``M`` 405,
``-`` not tried.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.access.world import World

ACTORS = ("anonymous", "physio", "stranger", "desk", "manager", "patient", "other")
NO_METHOD = "LMMMMMM"
NO_ACTION = "LFFFFFF"


@dataclass(frozen=True, slots=True)
class Row:
    """Answers to GET and POST, and the address' arguments from the world."""

    get: str
    post: str = NO_METHOD
    kwargs: Callable[[World], dict[str, Any]] | None = None


def of(**names: str) -> Callable[[World], dict[str, Any]]:
    """Address arguments by name of the world's id: ``of(pk="patient")``."""
    return lambda world: {argument: world.ids[name] for argument, name in names.items()}


PATIENT = of(pk="patient")
EPISODE = of(pk="episode")
ASSESSMENT = of(pk="assessment")
VERSION = of(pk="version")
PLAN = of(pk="plan")
VISIT = of(pk="visit")
NOTE = of(pk="note")
PRESCRIPTION = of(pk="prescription")
LOG = of(pk="log")

# Who reads clinical rows, and who writes them: order of ACTORS.
READS, TREATS = "L.NF.FN", "L.NFFFN"

# Not behind the log-in at all.
OPEN_TO_ALL: dict[str, str] = {
    "link-send": "mails a log-in link, the same answer for everybody, tests/clinic/test_links.py",
    "link-enter": "asks for a secret of its own, tests/clinic/test_links.py",
    "healthz": "says whether the parts are up, nothing about people",
    "portal:manifest": "the name of the clinic and its icons",
    "portal:worker": "the service worker, the same for everybody",
    "portal:offline": "the page without a connection: nothing of a person but the language",
    "language": "the language of the pages before log-in, kept in a cookie",
}

# Tested elsewhere, with the reason.
OTHERS: dict[str, str] = {
    "home": "redirects by role, tests/house",
    "portal:stop": "carries a signed token instead of a log-in, tests/portal/test_stop.py",
    "hooks:email": "signed, tests/reminders/test_hooks.py",
    "hooks:sms": "signed, tests/reminders/test_hooks.py",
    "hooks:sms-inbound": "signed, tests/reminders/test_hooks.py",
    "metrics": "asks for a token of its own, tests/reminders/test_watching.py",
    "api:nothing": "answers every unknown address below /api/ with 404, tests/api",
}

TABLE: dict[str, Row] = {
    # ---------------------------------------------------------------------------- staff: people and records
    "staff:today": Row("L....FF"),
    "staff:patient-list": Row("L....FF"),
    "staff:patient-new": Row("L....FF", "L....FF"),
    "staff:patient-detail": Row("L.N..FN", kwargs=PATIENT),
    "staff:patient-edit": Row("L.N..FN", "L.N..FN", PATIENT),
    "staff:patient-link": Row(NO_METHOD, "L.N..FN", PATIENT),
    "staff:patient-conditions": Row("L.NF.FN", "L.NFFFN", PATIENT),
    "staff:patient-conditions-deny-rest": Row(NO_METHOD, "L.NFFFN", PATIENT),
    "staff:patient-proxies": Row("L.N..FN", "L.N..FN", PATIENT),
    "staff:proxy-end": Row(NO_METHOD, "L.N..FN", of(pk="proxy")),
    "staff:patient-consents": Row("L.NF.FN", "L.NFFFN", PATIENT),
    "staff:consent-withdraw": Row(NO_METHOD, "L.NFFFN", of(pk="patient", consent_pk="consent")),
    "staff:episode-new": Row("L.NFFFN", "L.NFFFN", PATIENT),
    "staff:episode-detail": Row("L.NF.FN", kwargs=EPISODE),
    # ---------------------------------------------------------------------------- staff: assessments
    "staff:assessment-new": Row(NO_METHOD, TREATS, EPISODE),
    "staff:assessment-detail": Row(READS, kwargs=ASSESSMENT),
    "staff:assessment-edit": Row(TREATS, TREATS, ASSESSMENT),
    "staff:assessment-save": Row(NO_METHOD, TREATS, ASSESSMENT),
    "staff:assessment-section": Row(TREATS, kwargs=lambda w: {"pk": w.ids["assessment"], "key": "history"}),
    "staff:assessment-summary": Row(TREATS, kwargs=ASSESSMENT),
    "staff:assessment-sign": Row(TREATS, TREATS, ASSESSMENT),
    "staff:assessment-consent": Row(NO_METHOD, TREATS, ASSESSMENT),
    "staff:assessment-amend": Row(TREATS, TREATS, ASSESSMENT),
    "staff:assessment-cosign": Row(NO_METHOD, TREATS, ASSESSMENT),
    "staff:assessment-return": Row(NO_METHOD, TREATS, ASSESSMENT),
    "staff:patient-compare": Row(READS, kwargs=PATIENT),
    "staff:assessment-flag-clear": Row(NO_METHOD, TREATS, ASSESSMENT),
    # ---------------------------------------------------------------------------- staff: plans
    "staff:hold-release": Row(NO_METHOD, TREATS, of(pk="hold")),
    "staff:safety-review": Row("LFFF.FF"),
    "staff:plan-draft-new": Row(NO_METHOD, TREATS, ASSESSMENT),
    "staff:plan-version": Row(READS, kwargs=VERSION),
    "staff:plan-redraft": Row(NO_METHOD, TREATS, VERSION),
    "staff:plan-recheck": Row(NO_METHOD, TREATS, VERSION),
    "staff:plan-sign": Row(NO_METHOD, TREATS, VERSION),
    "staff:plan-revise": Row(NO_METHOD, TREATS, PLAN),
    # ---------------------------------------------------------------------------- staff: the course of care
    "staff:episode-progress": Row(READS, kwargs=EPISODE),
    "staff:home-pause-new": Row(NO_METHOD, TREATS, EPISODE),
    "staff:home-pause-end": Row(NO_METHOD, TREATS, of(pk="episode", pause_pk="home_pause")),
    "staff:plan-review": Row(READS, kwargs=PLAN),
    "staff:plan-review-judge": Row(NO_METHOD, TREATS, PLAN),
    "staff:plan-review-waive": Row(NO_METHOD, TREATS, PLAN),
    "staff:plan-review-observe": Row(NO_METHOD, TREATS, PLAN),
    "staff:dose-proposal": Row(NO_METHOD, TREATS, of(pk="plan", prescription_pk="prescription")),
    "staff:phase-review-decide": Row(NO_METHOD, TREATS, of(pk="review")),
    "staff:plan-cause": Row(NO_METHOD, TREATS, of(pk="cause")),
    "staff:plan-add": Row(TREATS, TREATS, lambda w: {"pk": w.ids["phase"], "kind": "exercise"}),
    "staff:plan-item": Row(TREATS, TREATS, lambda w: {"pk": w.ids["technique_item"], "kind": "technique"}),
    "staff:plan-item-move": Row(NO_METHOD, TREATS, lambda w: {"pk": w.ids["exercise_item"], "kind": "exercise"}),
    # ---------------------------------------------------------------------------- staff: worklist
    "staff:worklist": Row("L..F.FF"),
    "staff:alert-snooze": Row(NO_METHOD, TREATS, of(pk="alert")),
    "staff:alert-settle": Row(NO_METHOD, TREATS, of(pk="alert")),
    "staff:told-question": Row(TREATS, TREATS, of(pk="asked")),
    "staff:told-report": Row(TREATS, TREATS, of(pk="told")),
    "staff:plan-limits": Row(TREATS, TREATS, PLAN),
    # ---------------------------------------------------------------------------- staff: documents
    "staff:plan-handout": Row(READS, kwargs=VERSION),
    "staff:letter-new": Row(TREATS, TREATS, VERSION),
    "staff:report-new": Row(TREATS, TREATS, of(pk="discharge")),
    "staff:letter-pdf": Row(READS, kwargs=of(pk="letter")),
    # ---------------------------------------------------------------------------- staff: outcome measures
    "staff:outcomes": Row(READS, kwargs=EPISODE),
    "staff:outcome-ask": Row(NO_METHOD, TREATS, EPISODE),
    "staff:outcome-fill": Row(TREATS, TREATS, of(pk="outcome_request")),
    "staff:outcome-leave-out": Row(NO_METHOD, TREATS, of(pk="outcome_request")),
    "staff:outcome-correct": Row(TREATS, TREATS, of(pk="outcome_response")),
    # ---------------------------------------------------------------------------- staff: treatment notes
    "staff:note-new": Row(NO_METHOD, TREATS, EPISODE),
    "staff:note-detail": Row(READS, kwargs=NOTE),
    "staff:note-edit": Row(TREATS, TREATS, NOTE),
    "staff:note-save": Row(NO_METHOD, TREATS, NOTE),
    "staff:note-sign": Row(TREATS, TREATS, NOTE),
    "staff:note-technique": Row(NO_METHOD, TREATS, NOTE),
    "staff:note-addendum": Row(NO_METHOD, TREATS, NOTE),
    "staff:note-drop": Row(NO_METHOD, TREATS, NOTE),
    "staff:event-new": Row(TREATS, TREATS, NOTE),
    "staff:event-review": Row(TREATS, TREATS, of(pk="event")),
    "staff:plan-step": Row(NO_METHOD, TREATS, of(pk="exercise_item")),
    "staff:plan-undo": Row(NO_METHOD, TREATS, VERSION),
    "staff:plan-reason": Row(NO_METHOD, TREATS, VERSION),
    "staff:plan-words": Row(NO_METHOD, TREATS, VERSION),
    "staff:plan-declined": Row(NO_METHOD, TREATS, VERSION),
    "staff:plan-changes": Row(READS, kwargs=VERSION),
    "staff:plan-coverage": Row(TREATS, kwargs=of(pk="phase")),
    "staff:plan-bulk": Row(TREATS, TREATS, of(pk="phase")),
    "staff:plan-packs": Row(TREATS, TREATS, of(pk="phase")),
    "staff:plan-favourite": Row(NO_METHOD, TREATS, of(pk="phase")),
    "staff:discharge-new": Row(TREATS, TREATS, EPISODE),
    "staff:discharge-detail": Row(READS, kwargs=of(pk="discharge")),
    # ---------------------------------------------------------------------------- staff: diary
    "staff:diary": Row("L....FF"),
    "staff:appointment-new": Row("L....FF", "L....FF"),
    "staff:appointment-edit": Row("L.N..FN", "L.N..FN", VISIT),
    "staff:appointment-cancel": Row("L.N..FN", "L.N..FN", VISIT),
    "staff:appointment-state": Row(NO_METHOD, "L.N..FN", VISIT),
    # ---------------------------------------------------------------------------- staff: messages
    "staff:messages": Row("L....FF"),
    "staff:message-settle": Row(NO_METHOD, "L.NF.FF", of(pk="message")),
    "staff:messages-switch": Row(NO_METHOD, "LFFF.FF"),
    # ---------------------------------------------------------------------------- staff: knowledge
    "staff:knowledge-review": Row("LFFF.FF"),
    "staff:knowledge-sign-off": Row(NO_METHOD, "LFFF.FF"),
    "staff:knowledge-take-shipped": Row(NO_METHOD, "LFFF.FF"),
    "staff:knowledge-change": Row("LFFF.FF", kwargs=of(pk="knowledge_change")),
    "staff:knowledge-change-decide": Row(NO_METHOD, "LFFF.FF", of(pk="knowledge_change")),
    # ---------------------------------------------------------------------------- portal
    "portal:today": Row("LFFFF.."),
    "portal:sync": Row("LFFFF..", "LFFFF.."),
    "portal:plan": Row("LFFFF.."),
    "portal:flare": Row("LFFFF.."),
    "portal:visits": Row("LFFFF.."),
    "portal:visit-confirm": Row(NO_METHOD, "LFFFF.N", VISIT),
    "portal:visit-cancel": Row("LFFFF.N", "LFFFF.N", VISIT),
    "portal:visit-calendar": Row("LFFFF.N", kwargs=VISIT),
    "portal:people": Row("LFFFF..", "LFFFF.."),
    "portal:people-end": Row(NO_METHOD, "LFFFF.N", of(pk="proxy")),
    "portal:ask": Row("LFFFF..", "LFFFF.."),
    "portal:ask-read": Row(NO_METHOD, "LFFFF.N", of(pk="asked")),
    "portal:changed": Row("LFFFF..", "LFFFF.."),
    "portal:told": Row("LFFFF.N", kwargs=of(pk="told")),
    "portal:settings": Row("LFFFF..", "LFFFF.."),
    "portal:barrier": Row("LFFFF..", "LFFFF.."),
    "portal:pauses": Row("LFFFF..", "LFFFF.."),
    "portal:pause-end": Row(NO_METHOD, "LFFFF.N", of(pk="home_pause")),
    "portal:reminders": Row(NO_METHOD, "LFFFF.."),
    "portal:pause-messages": Row(NO_METHOD, "LFFFF.."),
    "portal:notices": Row("LFFFF.."),
    "portal:notices-seen": Row(NO_METHOD, "LFFFF.."),
    "portal:notice-open": Row(NO_METHOD, "LFFFF.N", of(pk="notice")),
    "portal:push-key": Row("LFFFF.."),
    "portal:push-on": Row(NO_METHOD, "LFFFF.."),
    "portal:push-off": Row(NO_METHOD, "LFFFF.."),
    "portal:know": Row("LFFFF.."),
    "portal:topic": Row("LFFFFNN", "LFFFFNN", lambda _w: {"key": "ed_warning_signs"}),
    "portal:tip-rest": Row(NO_METHOD, "LFFFFNN", lambda _w: {"key": "ed_warning_signs"}),
    "portal:habits": Row("LFFFF..", "LFFFF.."),
    "portal:habit-tick": Row(NO_METHOD, "LFFFF.."),
    "portal:session": Row("LFFFF.."),
    "portal:session-one": Row("LFFFF.N", kwargs=PRESCRIPTION),
    "portal:exercise": Row("LFFFF.N", kwargs=PRESCRIPTION),
    "portal:log": Row("LFFFF.N", "LFFFF.N", PRESCRIPTION),
    "portal:log-pain": Row(NO_METHOD, "LFFFF.N", LOG),
    "portal:log-undo": Row(NO_METHOD, "LFFFF.N", LOG),
    "portal:news-seen": Row(NO_METHOD, "LFFFF.."),
    "portal:progress": Row("LFFFF.."),
    "portal:handout": Row("LFFFFNN"),
    "portal:diary": Row("LFFFF.."),
    "portal:diary-new": Row("LFFFF..", "LFFFF.."),
    "portal:diary-quiet": Row(NO_METHOD, "LFFFF.."),
    "portal:diary-edit": Row("LFFFF.N", "LFFFF.N", of(pk="diary_entry")),
    "portal:diary-remove": Row(NO_METHOD, "LFFFF.N", of(pk="diary_entry")),
    "portal:questions-first": Row("LFFFF.."),
    "portal:questions": Row("LFFFF.N", "LFFFF.N", of(pk="outcome_request")),
    "portal:questions-decline": Row(NO_METHOD, "LFFFF.N", of(pk="outcome_request")),
    # ------------------------------------------------------------------------ API (a method that no action serves: 403)
    "api:patient-list": Row("L......", "L....FF"),
    "api:patient-detail": Row("L.N...N", NO_ACTION, PATIENT),
    "api:assessment-list": Row("L..F.FF", "L..FFFF"),
    "api:assessment-detail": Row("L.NF.FF", NO_ACTION, ASSESSMENT),
    "api:plan-list": Row("L..F.FF", NO_ACTION),
    "api:plan-detail": Row("L.NF.FF", NO_ACTION, PLAN),
    "api:plan-version-list": Row("L..F.FF", NO_ACTION),
    "api:plan-version-detail": Row("L.NF.FF", NO_ACTION, VERSION),
    "api:prescription-list": Row("L..F...", NO_ACTION),
    "api:prescription-detail": Row("L.NF..N", NO_ACTION, PRESCRIPTION),
    "api:session-log-list": Row("L..F...", "LFFFF.."),
    "api:session-log-detail": Row("L.NF..N", NO_ACTION, LOG),
    "api:appointment-list": Row("L......", "L....FF"),
    "api:appointment-detail": Row("L.N...N", NO_ACTION, VISIT),
    "api:appointment-cancel": Row(NO_ACTION, "L.N..FF", VISIT),
    "api:schema": Row("L......"),
}
