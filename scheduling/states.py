"""Which state of a visit may follow which: one table, used by pages and API alike."""

from __future__ import annotations

from scheduling.models import State

# Forward on the left of each row, the undo of the last step on the right. Cancelling has its own action and reason.
MOVES: dict[str, tuple[str, ...]] = {
    State.BOOKED: (State.CONFIRMED, State.ARRIVED, State.DID_NOT_ATTEND),
    State.CONFIRMED: (State.ARRIVED, State.DID_NOT_ATTEND, State.BOOKED),
    State.ARRIVED: (State.IN_SESSION, State.COMPLETED, State.CONFIRMED),
    State.IN_SESSION: (State.COMPLETED, State.ARRIVED),
    State.COMPLETED: (State.IN_SESSION,),
    State.DID_NOT_ATTEND: (State.ARRIVED, State.BOOKED),
    State.CANCELLED: (State.BOOKED,),
}
# A visit may change its time or be cancelled while nobody has come for it.
MOVABLE = (State.BOOKED, State.CONFIRMED)
CANCELLABLE = (State.BOOKED, State.CONFIRMED)
# These say that the person stands at the desk, so they make no sense before the day of the visit.
ON_THE_DAY = (State.ARRIVED, State.IN_SESSION, State.COMPLETED)


def may_follow(state: str, new: str) -> bool:
    """True when a visit in ``state`` may be put into ``new``."""
    return new in MOVES.get(state, ())
