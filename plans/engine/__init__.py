"""The plan engine: pure, deterministic, explainable. No Django, no clock, no randomness.

``generate(facts, knowledge, options, today=...)`` drafts a plan or refuses; ``evaluate`` judges the running phase.
"""

from plans.engine.draft import Draft, Reason, Refusal
from plans.engine.evaluate import evaluate
from plans.engine.facts import Facts, Options
from plans.engine.generate import generate
from plans.engine.knowledge import Knowledge

__all__ = ["Draft", "Facts", "Knowledge", "Options", "Reason", "Refusal", "evaluate", "generate"]
