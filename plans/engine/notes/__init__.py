"""What the plan must say beside its items: notes that follow from rules, never from a case.

Each rule looks at the finished plan and returns the sentences it owes. The order of rules is the order of notes.
"""

from plans.engine.notes.hands_on import HANDS_ON
from plans.engine.notes.refusal import refusal_notes
from plans.engine.notes.screening import SCREENING, contradiction_texts
from plans.engine.notes.situations import SITUATIONS
from plans.engine.notes.told import Told

__all__ = ["Told", "contradiction_texts", "notes", "refusal_notes"]


def notes(told: Told) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for rule in (*SCREENING, *SITUATIONS, *HANDS_ON) for text in rule(told)))
