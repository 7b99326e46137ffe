"""Which way a message takes: a table of what was said."""

from __future__ import annotations

import pytest

from reminders.models import Channel, Kind
from reminders.ways import CAPPED, POLICIES, USUAL_ORDER, Choice, wanted_ways


@pytest.mark.parametrize(
    ("kind", "choices", "ways"),
    [
        ("exercises", [], ("email",)),
        ("movement", [], ()),  # only for those who want them
        ("appointment", [], ("email", "portal")),
        ("exercises", [("push", True, 0)], ("push", "email")),  # the usual order: free and at once
        ("exercises", [("push", True, 1), ("email", True, 0)], ("email", "push")),
        ("exercises", [("sms", True, 0), ("push", True, 1), ("email", True, 2)], ("sms", "push", "email")),
        ("exercises", [("email", False, 0)], ()),
        ("exercises", [("portal", True, 0)], ("email",)),  # not offered: the portal shows the programme anyhow
        ("appointment", [("email", False, 0)], ("portal",)),
        ("appointment", [("sms", True, 0), ("portal", False, 0)], ("email", "sms")),
    ],
)
def test_the_first_wanted_way_is_in_front(
    kind: str, choices: list[tuple[str, bool, int]], ways: tuple[str, ...]
) -> None:
    said = [Choice(kind, *choice) for choice in choices]
    assert wanted_ways(kind, said) == ways
    assert wanted_ways(kind, [*said, Choice("nudge", "email", False)]) == ways  # another kind says nothing


def test_every_kind_has_a_policy_and_travels_some_way() -> None:
    assert set(POLICIES) == set(Kind.values)
    assert set(USUAL_ORDER) == set(Channel.values)
    for policy in POLICIES.values():
        assert policy.offered
        assert set(policy.default) <= set(policy.offered)
    assert CAPPED == ("exercises", "nudge", "reassessment", "plan_changed", "question")
    assert [kind for kind, policy in POLICIES.items() if policy.in_pause] == ["appointment"]
