"""What a report to the GP or referrer says of a discharge: taken from its signed record, nothing computed anew."""

from __future__ import annotations

from typing import Any

from django.utils.formats import date_format

from clinic.models import Patient
from plans.models import Discharge

EMPTY: dict[str, Any] = {"title": "", "paragraphs": [], "points": [], "head": [], "rows": []}
MET = {True: "met", False: "not met", None: "not measured again"}
CAUSES = {
    "corrected": "corrected",
    "weaker": "weaker than at the beginning",
    "remaining": "remains",
    "not_retested": "not tested again",
}


def report_sections(row: Discharge, patient: Patient) -> list[dict[str, Any]]:
    """The sections of the letter, those without content left out."""
    record = row.record
    found = [
        {**EMPTY, "paragraphs": _opening(row, patient)},
        {**EMPTY, "title": "Summary", "paragraphs": _lines(row.summary)},
        _outcomes(record["outcomes"]),
        {**EMPTY, "title": "Goals", "points": [f"{goal['text']}: {MET[goal['met']]}" for goal in record["goals"]]},
        {**EMPTY, "title": "Causes", "points": [_cause(cause) for cause in record["causes"]]},
        {**EMPTY, "title": "Home programme", "points": [f"{r['name']}: {r['dose']}" for r in record["programme"]]},
        {**EMPTY, "title": "If it comes back", "paragraphs": _lines(row.flare_plan)},
    ]
    return [section for section in found if section["paragraphs"] or section["points"] or section["rows"]]


def _opening(row: Discharge, patient: Patient) -> list[str]:
    episode = row.plan.episode
    began, ended = (date_format(day, "j F Y") for day in (episode.opened_on, row.discharged_on))
    name = f"{patient.given_name} {patient.family_name}"
    lines = [
        f"I treated {name} from {began} to {ended} for: “{episode.complaint}”.",
        f"The course of care ended so: {row.get_kind_display().lower()}.",
    ]
    if row.follow_up_on:
        lines.append(f"A follow-up is planned for {date_format(row.follow_up_on, 'j F Y')}.")
    return lines


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _outcomes(rows: list[dict[str, Any]]) -> dict[str, Any]:
    head = ["Measure", "Beginning", "End", "Change that matters"]
    cells = [
        [
            f"{row['label']}, {row['side']}" if row["side"] else row["label"],
            row["baseline"] or "–",
            row["end"] or "–",
            _matters(row),
        ]
        for row in rows
    ]
    return {**EMPTY, "title": "What has changed", "head": head, "rows": cells}


def _matters(row: dict[str, Any]) -> str:
    if not row["end"]:
        return "not measured again"
    return {True: "yes", False: "no"}.get(row["meaningful"], "no threshold known")


def _cause(cause: dict[str, str]) -> str:
    return f"{cause['title']}: {CAUSES.get(cause['state'], cause['state'])}"
