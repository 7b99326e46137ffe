"""The page of the clinical rules is written from the files, and holds every row of them."""

from __future__ import annotations

import pytest

from plans.governance.differences import KINDS
from plans.knowledge.documents import shipped_documents
from plans.knowledge.rendering import render_rules
from plans.management.commands.render_clinical_rules import PAGE


def test_the_page_is_the_rendered_knowledge() -> None:
    assert PAGE.read_text(encoding="utf-8") == render_rules(shipped_documents()), "run manage.py render_clinical_rules"


@pytest.mark.parametrize("where", [where for where in KINDS if "restrictions" not in where and "phases" not in where])
def test_every_row_is_on_the_page(where: str) -> None:
    document, _, name = where.partition(".")
    page = render_rules(shipped_documents())
    missing = [row["key"] for row in getattr(shipped_documents(), document)[name] if f"`{row['key']}`" not in page]
    assert missing == []


def test_what_the_matrix_says_of_a_pacemaker() -> None:
    lines = render_rules(shipped_documents()).splitlines()
    # Soft tissue, joint, needling (with current), electrical, heat and cold, support, exercise.
    assert "| Cardiac pacemaker | ! | | X | X | | | ! |" in lines
