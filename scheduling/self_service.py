"""What patients do about their own visits, by the clinic's rules. The front desk's own actions are in ``actions``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.http import Http404

from clinic.errors import Conflict, Refused
from clinic.models import Clinic, Patient, User
from scheduling.actions import cancel, set_state
from scheduling.models import Appointment, CancelReason, State
from scheduling.states import CANCELLABLE


def own_visit(patient: Patient, pk: int) -> Appointment:
    """A visit of this very patient; 404 for any other."""
    found: Appointment | None = Appointment.objects.filter(patient=patient, pk=pk).for_diary().first()
    if found is None:
        raise Http404("No such visit.")
    return found


def cancel_until(visit: Appointment, clinic: Clinic) -> datetime:
    """The last moment at which the patient may cancel without a telephone call."""
    start: datetime = visit.during.lower
    return start - timedelta(hours=clinic.cancel_until_hours)


def may_confirm(visit: Appointment, now: datetime) -> bool:
    """Whether there is anything to confirm."""
    return visit.state == State.BOOKED and visit.during.lower > now


def may_cancel(visit: Appointment, clinic: Clinic, now: datetime) -> bool:
    """Whether the patient may cancel it here; later than that the clinic wants to be called."""
    return visit.state in CANCELLABLE and now <= cancel_until(visit, clinic)


def confirm_own(visit: Appointment, *, by: User, now: datetime) -> Appointment:
    """The patient says that they will come; twice is once. Conflict for a visit that is over or cancelled."""
    if visit.state == State.CONFIRMED:
        return visit
    if visit.during.lower <= now:
        raise _over()
    with _in_patients_words():
        return set_state(visit, State.CONFIRMED, by=by, now=now)


def cancel_own(visit: Appointment, clinic: Clinic, *, sequence: int, by: User, now: datetime) -> Appointment:
    """Cancel a visit that is far enough away; twice is once.

    ``sequence`` is what the patient saw: a visit that the clinic has moved meanwhile raises Conflict instead. Refused
    when it is too late to cancel without a call.
    """
    if visit.state == State.CANCELLED:
        return visit
    if visit.state not in CANCELLABLE:
        raise _over()
    if now > cancel_until(visit, clinic):
        raise Refused("cancel_by_phone", "It is too late to cancel here. Please call the clinic.")
    with _in_patients_words():
        return cancel(visit, CancelReason.PATIENT, by=by, now=now, sequence=sequence)


@contextmanager
def _in_patients_words() -> Iterator[None]:
    """The desk changed the state in the same instant: said without the desk's terms."""
    try:
        yield
    except Conflict as error:
        raise error if error.code != "state" else _over() from error


def _over() -> Conflict:
    return Conflict("visit_over", "This visit has begun or is over.")
