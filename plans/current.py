"""The clinical knowledge in force."""

from __future__ import annotations

from plans.engine.knowledge import Knowledge
from plans.knowledge.rows.revision import knowledge_in_force


def current_knowledge() -> Knowledge:
    """The knowledge that drafts, checks and displays use; the same object while the revision stays."""
    return knowledge_in_force()
