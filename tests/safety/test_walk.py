"""No way of writing yields a signed plan with a blocked item without a valid override: a random walk over them all."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import pytest

from plans.actions import drafting
from plans.engine.knowledge import Knowledge
from tests.factories.plans import case_signed
from tests.safety.torture import LONG, without_trigger
from tests.safety.walk import STEPS, Walk

pytestmark = pytest.mark.django_db

# KINEPLAN_WALKS: other seeds, as "100,140"
WALKS = range(*(int(n) for n in os.environ.get("KINEPLAN_WALKS", "0,20").split(",")))
SEEDS, LENGTH = (WALKS, 250) if LONG else (range(1), 40)


@pytest.fixture
def set_knowledge(monkeypatch: pytest.MonkeyPatch) -> Callable[[Knowledge], None]:
    def put(known: Knowledge) -> None:
        monkeypatch.setattr(drafting, "knowledge_in_force", lambda: known)

    return put


@pytest.mark.hazard("H-04")
@pytest.mark.hazard("H-06")
@pytest.mark.hazard("H-28")
@pytest.mark.parametrize("seed", SEEDS)
def test_the_walk(seed: int, set_knowledge: Callable[[Knowledge], None]) -> None:
    walk = Walk(case_signed("case_01"), seed, set_knowledge)
    steps(walk, LENGTH)
    say(walk)
    assert walk.done["sign"] + walk.done["put_right"], "the walk never signed"


def say(walk: Walk) -> None:
    done, refused = walk.done, walk.refused
    signed = f"{done['sign'] + done['put_right']} signed by action, {done['force_signature']} by SQL"
    never = sorted(STEPS.keys() - done.keys() - refused.keys())
    sys.stdout.write(f"{done.total()} steps accepted, {refused.total()} refused, {signed}; not walked: {never}\n")


@pytest.mark.hazard("H-06")
def test_without_the_gate_the_walk_finds_it(set_knowledge: Callable[[Knowledge], None]) -> None:
    """It bites: with the signing trigger gone, a walk soon signs what must not be signed."""
    walk = Walk(case_signed("case_01"), 7, set_knowledge, ("revise", "sql_inserts", "bulk_create", "force_signature"))
    without_trigger("plans_planversion", "signing_gate")
    with pytest.raises(AssertionError, match="signed version"):
        steps(walk, 40)


def steps(walk: Walk, count: int) -> None:
    for _ in range(count):
        walk.step()
