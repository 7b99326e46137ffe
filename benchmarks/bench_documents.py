"""The home programme and a referral letter on paper: how long a person waits for the file."""

from __future__ import annotations

from django.core.management import call_command

from benchmarks.measure import Measured, median_seconds
from plans.documents.handout import handout_pdf
from plans.documents.letter import letter_pdf
from tests.factories.clinic import ClinicFactory
from tests.factories.plans import case_letter, case_signed, page_version

CASES = ("case_01", "case_02", "case_03")
ROUNDS = 9
LIMIT_MS = 500


def run() -> list[Measured]:
    call_command("load_knowledge", verbosity=0)
    ClinicFactory()
    versions = [case_signed(name) for name in CASES]
    handouts = [median_seconds(lambda v=v: handout_pdf(page_version(v)), times=ROUNDS) for v in versions]  # type: ignore[misc]
    letter = case_letter(versions[0])
    letters = median_seconds(lambda: letter_pdf(letter), times=ROUNDS)
    return [
        Measured("Handout as PDF, slowest of the cases (median)", max(handouts) * 1000, "ms", LIMIT_MS, note=_cases()),
        Measured("Referral letter as PDF (median)", letters * 1000, "ms", LIMIT_MS),
    ]


def _cases() -> str:
    return f"rows read and typeset, {len(CASES)} cases, {ROUNDS} rounds each"
