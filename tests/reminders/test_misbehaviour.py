"""A mail provider that misbehaves, from the sender's side: nothing twice, and what is doubtful waits for a person."""

from __future__ import annotations

import pytest
from django.utils import timezone

from reminders.models import OutboxMessage
from tests.reminders.rig import Rig, all_anew, due_messages, told

pytestmark = [pytest.mark.engines, pytest.mark.django_db(transaction=True)]
# How the provider answers the first try, and what the messages are then and in the end.
MODES = {
    "no_id": ("sent", "sent"),
    "slow": ("sent", "sent"),
    "error": ("planned", "sent"),
    "busy": ("planned", "sent"),
    "refuse": ("failed", "failed"),
    "gone": ("failed", "failed"),
    "timeout": ("unknown", "unknown"),  # taken over, and never answered
    "drop_after": ("unknown", "unknown"),  # the same
    "drop_before": ("unknown", "unknown"),  # not taken over, but who could tell?
}
MESSAGES = 3


@pytest.mark.hazard("H-16")
def test_no_answer_leads_to_a_second_mail_by_itself(rig: Rig) -> None:
    due_messages(MESSAGES)
    for mode, (first, last) in MODES.items():
        all_anew()
        rig.provider.rules({"mode": mode, "seconds": 0.1})
        assert rig.nursery.run({}) == [0]
        assert _states() == {first}, mode
        rig.provider.rules()
        for _ in range(3):  # every pause of a retry is over, and senders come back again and again
            OutboxMessage.objects.filter(state="planned").update(due_at=timezone.now())
            found = rig.settle()
        assert _states() == {last}, mode
        assert (found["duplicates"], found["lost"]) == (0, 0), mode
        told(f"provider: {mode}", found)


def _states() -> set[str]:
    return set(OutboxMessage.objects.filter(channel="email").values_list("state", flat=True))
