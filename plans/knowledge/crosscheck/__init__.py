"""What one document says about another: every dangling key, loop, missing dose and impossible figure, all at once."""

from __future__ import annotations

from plans.knowledge.crosscheck.causes import check_education, check_phases, check_root_causes
from plans.knowledge.crosscheck.report import PHASES, Parsed, keys_of
from plans.knowledge.crosscheck.safety import check_conditions, check_red_flags
from plans.knowledge.crosscheck.treatments import check_exercises, check_techniques

__all__ = ["PHASES", "Parsed", "cross_check"]


def cross_check(parsed: Parsed) -> list[str]:
    """Every problem between the documents, in the order of the files; empty when all is well."""
    keys = keys_of(parsed)
    reports = [
        check_conditions(parsed.conditions, keys),
        check_techniques(parsed.techniques, keys),
        check_red_flags(parsed.red_flags, keys),
        check_exercises(parsed.exercises, keys),
        check_root_causes(parsed.root_causes, keys),
        check_phases(parsed.phases, keys),
        check_education(parsed.education, keys),
    ]
    return [problem for report in reports for problem in report.problems]
