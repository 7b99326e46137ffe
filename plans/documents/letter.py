"""A referral letter: who, what is suspected and from which answers, the findings that matter, what was not done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.formats import date_format

from clinic.errors import Invalid, Refused
from clinic.hashing import content_hash
from clinic.models import Patient, Practitioner, User
from plans.actions.guards import licensed
from plans.documents.handout import clinic_block
from plans.documents.report import EMPTY, report_sections
from plans.documents.typeset import typeset
from plans.engine.facts import Facts, Finding
from plans.engine.knowledge import Knowledge
from plans.models import Discharge, Letter, PlanVersion
from plans.refusal import Refusal, answered_how, flag_line, refusal_of
from plans.snapshot import facts_from_json
from plans.wording import Names, finding_label, recorded, symbols

RECIPIENT_MAX, ADDRESS_MAX, TEXT_MAX = 200, 400, 2000
REQUEST = "Please examine the patient and tell us the outcome and what we may treat."
# Told in every letter when they are known; the inputs of the flags and everything neurological are added.
CORE_FINDINGS = (
    "hist.symptom_duration_days",
    "hist.onset_type",
    "hist.mechanism",
    "pain.nprs_current",
    "pain.nprs_worst_24h",
    "hist.night_pain",
    "hist.irritability",
)
TREATED_SOON = ("emergency_now", "urgent_same_day", "urgent_referral")


@transaction.atomic
def write_letter(
    version: PlanVersion,
    by: User,
    *,
    recipient: str,
    address: str = "",
    request: str = REQUEST,
    remarks: str = "",
    knowledge: Knowledge,
    today: date,
) -> Letter:
    """Write and keep a referral letter about the assessment of a version (with its page rows).

    Raises Refused without a valid licence, Invalid for an empty recipient or request and for texts that are too long.
    """
    author = licensed(by, today=today)
    to = _text(recipient, RECIPIENT_MAX, "recipient", "the recipient", needed=True)
    lines = [line for line in _text(address, ADDRESS_MAX, "address", "the address").splitlines() if line.strip()]
    wish = _text(request, TEXT_MAX, "request", "what you ask for", needed=True)
    more = _text(remarks, TEXT_MAX, "remarks", "the remarks")
    content = _content(version, author, to, lines, wish, more, knowledge=knowledge, today=today)
    return Letter.objects.create(
        episode=version.plan.episode,
        assessment=version.assessment,
        disposition=version.disposition,
        recipient=to,
        content=content,
        content_hash=content_hash(content),
        written_by=author,
    )


@transaction.atomic
def write_report(
    row: Discharge, by: User, *, recipient: str, address: str = "", remarks: str = "", today: date
) -> Letter:
    """Write and keep a letter that reports a discharge to the GP or referrer.

    Raises Refused without a valid licence or without the patient's consent to a letter, Invalid as ``write_letter``.
    """
    author = licensed(by, today=today)
    if not row.letter_consent:
        raise Refused("no_consent", "The patient did not agree to a letter. Nothing was written.")
    to = _text(recipient, RECIPIENT_MAX, "recipient", "the recipient", needed=True)
    lines = [line for line in _text(address, ADDRESS_MAX, "address", "the address").splitlines() if line.strip()]
    more = _text(remarks, TEXT_MAX, "remarks", "the remarks")
    patient = row.plan.episode.patient
    sections = [*report_sections(row, patient), *([_section("Remarks", _paragraphs(more))] if more else [])]
    head = f"Physiotherapy report on {patient.given_name} {patient.family_name}"
    content = _sheet(head, patient, author, to, lines, sections, today=today)
    version = row.plan.versions.exclude(signed_at=None).order_by("-number").first()
    assert version is not None  # noqa: S101 - only a signed plan is discharged
    return Letter.objects.create(
        episode=row.plan.episode,
        assessment=version.assessment,
        kind=Letter.Kind.REPORT,
        recipient=to,
        content=content,
        content_hash=content_hash(content),
        written_by=author,
    )


def letter_pdf(letter: Letter, *, paper: str = "a4") -> bytes:
    """The letter as PDF/UA, made from what was kept."""
    return typeset("letter", letter.content, paper=paper)


def _text(raw: str, limit: int, field: str, what: str, *, needed: bool = False) -> str:
    text = raw.strip()
    if needed and not text:
        raise Invalid("needed", f"Fill in {what}.", field=field)
    if len(text) > limit:
        raise Invalid("too_long", f"Shorten {what} to {limit} characters; it has {len(text)}.", field=field)
    if "\x00" in text:
        raise Invalid("character", f"There is a character in {what} that cannot be printed.", field=field)
    return text


# --- Content --------------------------------------------------------------------------------------------------------


def _content(
    version: PlanVersion,
    author: Practitioner,
    recipient: str,
    address: list[str],
    request: str,
    remarks: str,
    *,
    knowledge: Knowledge,
    today: date,
) -> dict[str, Any]:
    patient = version.plan.episode.patient
    facts, names = facts_from_json(version.facts), Names(knowledge)
    refusal = refusal_of(version, names, knowledge, facts.findings)
    sections = [
        _opening(version, patient),
        *_reasons(version, refusal, names),
        *_findings(version, facts),
        *_conditions(facts, knowledge),
        _done(version),
        _section("What we ask for", _paragraphs(request)),
        *([_section("Remarks", _paragraphs(remarks))] if remarks else []),
    ]
    head = f"Referral of {patient.given_name} {patient.family_name}"
    urgency = _urgency(version, refusal)
    return _sheet(head, patient, author, recipient, address, sections, urgency=urgency, today=today)


def _sheet(
    title: str,
    patient: Patient,
    author: Practitioner,
    recipient: str,
    address: list[str],
    sections: list[dict[str, Any]],
    *,
    urgency: str = "",
    today: date,
) -> dict[str, Any]:
    """Everything that the sheet ``letter`` prints."""
    clinic = clinic_block()
    return {
        "title": title,
        "lang": "en",
        "clinic": clinic,
        "recipient": {"name": recipient, "lines": address},
        "date": date_format(today, "j F Y"),
        "urgency": urgency,
        "about": _about(patient, today),
        "greeting": "Dear colleague,",
        "sections": sections,
        "closing": "Kind regards,",
        "signature": [author.user.name, author.title, f"Registration {author.licence_number}", clinic["name"]],
        "foot": f"Confidential. About {patient.given_name} {patient.family_name}, {patient.number}.",
        "words": {"page": "Page"},
    }


def _section(title: str, paragraphs: list[str]) -> dict[str, Any]:
    return {**EMPTY, "title": title, "paragraphs": paragraphs}


def _paragraphs(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _urgency(version: PlanVersion, refusal: Refusal) -> str:
    if version.disposition not in TREATED_SOON:
        return ""
    return f"{refusal.disposition}: {refusal.how_fast}" if refusal.how_fast else refusal.disposition


def _about(patient: Patient, today: date) -> list[str]:
    born = date_format(patient.date_of_birth, "j F Y")
    lines = [f"{patient.given_name} {patient.family_name}, born {born} ({patient.age(today)}), record {patient.number}"]
    reach = [*(part.strip() for part in patient.address.splitlines()), patient.phone]
    return [*lines, ", ".join(part for part in reach if part)] if any(reach) else lines


def _opening(version: PlanVersion, patient: Patient) -> dict[str, Any]:
    seen = date_format(version.assessment.assessed_on, "j F Y")
    text = f"Thank you for seeing {patient.given_name} {patient.family_name}, whom I assessed on {seen}."
    return {
        **EMPTY,
        "paragraphs": [text, f"The complaint, in the patient's words: “{version.plan.episode.complaint}”."],
    }


def _reasons(version: PlanVersion, refusal: Refusal, names: Names) -> list[dict[str, Any]]:
    points = []
    for flag in version.draft["flags"]:
        line = flag_line(flag, names)
        suspected = f", suspected {line.suspected}" if line.suspected else ""
        points.append(f"{line.name}{suspected} ({answered_how(flag, names)})")
    points += [text for text in refusal.tasks if text not in points] if not points else []
    return [{**EMPTY, "title": "Why I am writing", "points": points}] if points else []


def _findings(version: PlanVersion, facts: Facts) -> list[dict[str, Any]]:
    inputs = [path for flag in version.draft["flags"] for reason in flag["reasons"] for path in reason["inputs"]]
    neuro = [path for path in facts.findings if path.startswith("neuro.")]
    wanted = dict.fromkeys([*CORE_FINDINGS, *inputs, *neuro])
    rows = [[finding_label(path), recorded(facts.findings[path])] for path in wanted if path in facts.findings]
    rows += _strongest(version.draft.get("causes", ()), facts.findings, {row[0] for row in rows})
    return [{**EMPTY, "title": "Findings", "head": ["Finding", "Recorded"], "rows": rows}] if rows else []


def _strongest(causes: Iterable[Mapping[str, Any]], findings: Mapping[str, Finding], told: set[str]) -> list[list[str]]:
    """What speaks for the first cause, so that the reader sees what we thought of."""
    first = next(iter(causes), None)
    paths = dict.fromkeys(line["finding"] for line in first["supporting"]) if first else {}
    rows = [[finding_label(path), recorded(findings[path])] for path in paths if path in findings]
    return [row for row in rows if row[0] not in told]


def _conditions(facts: Facts, knowledge: Knowledge) -> list[dict[str, Any]]:
    held = [key for key, fact in facts.conditions.items() if fact.state == "true" and key in knowledge.conditions]
    points = [symbols(knowledge.conditions[key].label) for key in held if not key.startswith("no_")]
    return [{**EMPTY, "title": "Known conditions and medicines", "points": points}] if points else []


def _done(version: PlanVersion) -> dict[str, Any]:
    if version.start_phase is None:
        text = "No physiotherapy treatment was given. The patient was told what was found and what to watch for."
    else:
        text = "Physiotherapy goes on within the limits that these findings set; what they forbid is left out."
    return {**EMPTY, "title": "What was done", "paragraphs": [text]}
