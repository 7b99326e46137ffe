"""Booking, moving, cancelling and checking in: exact results, and refusals that change nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clinic.errors import Conflict, DomainError, Invalid
from clinic.models import Patient, Practitioner, User
from scheduling.actions import book, cancel, move, set_state
from scheduling.errors import SlotTaken
from scheduling.models import Appointment, State
from scheduling.readers import next_visit, upcoming_for
from scheduling.states import MOVES
from tests.factories.clinic import ClinicFactory, FrontDeskFactory, PatientFactory, PractitionerFactory
from tests.factories.scheduling import AppointmentFactory, RoomFactory, works_all_week

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
NINE = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@pytest.fixture
def desk() -> User:
    ClinicFactory()
    return FrontDeskFactory()


@pytest.fixture
def physio() -> Practitioner:
    return works_all_week(PractitionerFactory())


@pytest.fixture
def patient() -> Patient:
    return PatientFactory()


def _book(patient: Patient, physio: Practitioner, desk: User, **kwargs: Any) -> Appointment:
    return book(patient, physio, **{"start": NINE, "minutes": 30, "by": desk, "now": NOW, **kwargs})


def test_booking_writes_the_visit_and_joins_the_care_team(patient: Patient, physio: Practitioner, desk: User) -> None:
    visit = _book(patient, physio, desk, desk_note=" Brings a friend ")
    assert (visit.starts_at, visit.ends_at) == (NINE, NINE + timedelta(minutes=30))
    assert (visit.state, visit.sequence, visit.desk_note) == ("booked", 0, "Brings a friend")
    assert list(patient.care_team.all()) == [physio.user]


def test_booking_takes_at_most_twelve_queries(
    patient: Patient, physio: Practitioner, desk: User, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(12):
        _book(patient, physio, desk, key="k1")


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"minutes": 0}, "not_forward", "minutes"),
        ({"minutes": -30}, "not_forward", "minutes"),
        ({"minutes": 4}, "length", "minutes"),
        ({"minutes": 481}, "length", "minutes"),
        ({"minutes": 10**12}, "length", "minutes"),
        ({"start": NOW - timedelta(minutes=1)}, "past", "start"),
        ({"start": datetime(9999, 12, 31, 23, 59, tzinfo=UTC)}, "too_far", "start"),
        ({"start": datetime(2026, 11, 25, 9, 0)}, "no_zone", "start"),
        ({"start": NINE.replace(hour=7, minute=59)}, "outside_hours", "start"),
        ({"start": NINE.replace(hour=17, minute=31)}, "outside_hours", "start"),
        ({"kind": "party"}, "kind", "kind"),
        ({"desk_note": "x" * 201}, "text", "desk_note"),
        ({"desk_note": "a\x00b"}, "text", "desk_note"),
    ],
)
def test_what_can_never_be_booked_names_its_field(
    patient: Patient, physio: Practitioner, desk: User, change: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        _book(patient, physio, desk, **change)
    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert not Appointment.objects.exists()
    assert not patient.care_team.exists()


def test_who_is_out_of_service_is_not_booked(patient: Patient, physio: Practitioner, desk: User) -> None:
    room = RoomFactory(is_active=False)
    with pytest.raises(Invalid) as refusal:
        _book(patient, physio, desk, room=room)
    assert refusal.value.field == "room"
    physio.user.is_active = False
    with pytest.raises(Invalid) as refusal:
        _book(patient, physio, desk)
    assert refusal.value.field == "practitioner"
    physio.user.is_active = True
    patient.is_active = False
    with pytest.raises(Invalid) as refusal:
        _book(patient, physio, desk)
    assert refusal.value.field == "patient"


@pytest.mark.parametrize(
    "offset", [timedelta(0), timedelta(minutes=29), timedelta(minutes=-29), timedelta(seconds=-1799)]
)
def test_an_overlap_is_refused_with_alternatives(
    patient: Patient, physio: Practitioner, desk: User, offset: timedelta
) -> None:
    _book(patient, physio, desk)
    with pytest.raises(SlotTaken) as refusal:
        _book(PatientFactory(), physio, desk, start=NINE + offset)
    assert refusal.value.field == "start"
    assert str(physio) in refusal.value.message
    assert len(refusal.value.alternatives) == 6
    assert all(
        not (slot.start < NINE + timedelta(minutes=30) and slot.end > NINE) for slot in refusal.value.alternatives
    )
    assert Appointment.objects.count() == 1


def test_touching_visits_are_no_overlap(patient: Patient, physio: Practitioner, desk: User) -> None:
    _book(patient, physio, desk)
    _book(PatientFactory(), physio, desk, start=NINE + timedelta(minutes=30))
    assert Appointment.objects.count() == 2


def test_room_and_patient_are_guarded_as_well(patient: Patient, physio: Practitioner, desk: User) -> None:
    room = RoomFactory()
    _book(patient, physio, desk, room=room)
    other = works_all_week(PractitionerFactory())
    with pytest.raises(SlotTaken) as refusal:
        _book(PatientFactory(), other, desk, room=room)
    assert refusal.value.field == "room"
    with pytest.raises(SlotTaken) as refusal:
        _book(patient, other, desk)
    assert "patient" in refusal.value.message


def test_the_same_key_gives_the_same_answer_and_no_second_visit(
    patient: Patient, physio: Practitioner, desk: User
) -> None:
    first = _book(patient, physio, desk, key="abc")
    assert _book(patient, physio, desk, key="abc").pk == first.pk
    with pytest.raises(Conflict) as refusal:
        _book(PatientFactory(), physio, desk, key="abc", start=NINE + timedelta(hours=2))
    assert refusal.value.code == "key_reused"
    assert Appointment.objects.count() == 1


def test_a_move_frees_the_old_time_and_asks_for_confirmation_anew(
    patient: Patient, physio: Practitioner, desk: User
) -> None:
    visit = _book(patient, physio, desk)
    set_state(visit, State.CONFIRMED, by=desk, now=NOW)
    moved = move(visit, physio, start=NINE + timedelta(minutes=15), minutes=45, by=desk, now=NOW, sequence=0)
    assert (moved.starts_at, moved.ends_at) == (NINE + timedelta(minutes=15), NINE + timedelta(minutes=60))
    assert (moved.state, moved.sequence, moved.uid) == ("booked", 1, visit.uid)


def test_a_move_onto_another_visit_changes_nothing(patient: Patient, physio: Practitioner, desk: User) -> None:
    visit = _book(patient, physio, desk)
    _book(PatientFactory(), physio, desk, start=NINE + timedelta(hours=1))
    with pytest.raises(SlotTaken) as refusal:
        move(visit, physio, start=NINE + timedelta(hours=1), minutes=30, by=desk, now=NOW)
    # Its own present time counts as free for the visit that moves.
    assert NINE in [slot.start for slot in refusal.value.alternatives]
    visit.refresh_from_db()
    assert (visit.starts_at, visit.sequence) == (NINE, 0)


def test_a_stale_form_does_not_overwrite(patient: Patient, physio: Practitioner, desk: User) -> None:
    visit = _book(patient, physio, desk)
    move(visit, physio, start=NINE + timedelta(hours=1), minutes=30, by=desk, now=NOW, sequence=0)
    for act in (
        lambda: move(visit, physio, start=NINE + timedelta(hours=2), minutes=30, by=desk, now=NOW, sequence=0),
        lambda: cancel(visit, "patient", by=desk, now=NOW, sequence=0),
    ):
        with pytest.raises(Conflict) as refusal:
            act()
        assert refusal.value.code == "changed"
    visit.refresh_from_db()
    assert (visit.starts_at, visit.state, visit.sequence) == (NINE + timedelta(hours=1), "booked", 1)


@pytest.mark.parametrize(("before", "late"), [(timedelta(hours=25), False), (timedelta(hours=23), True)])
def test_cancelling_frees_the_slot_and_notes_lateness(
    patient: Patient, physio: Practitioner, desk: User, before: timedelta, late: bool
) -> None:
    visit = _book(patient, physio, desk, now=NINE - timedelta(hours=48))
    gone = cancel(visit, "patient", by=desk, now=NINE - before)
    assert (gone.state, gone.cancelled_late, gone.cancel_reason, gone.sequence) == ("cancelled", late, "patient", 1)
    _book(PatientFactory(), physio, desk, now=NINE - timedelta(hours=1))


def test_a_cancellation_can_be_undone_while_the_slot_is_free(
    patient: Patient, physio: Practitioner, desk: User
) -> None:
    visit = _book(patient, physio, desk)
    cancel(visit, "mistake", by=desk, now=NOW)
    back = set_state(visit, State.BOOKED, by=desk, now=NOW)
    assert (back.state, back.cancelled_at, back.cancel_reason, back.sequence) == ("booked", None, "", 2)
    cancel(visit, "mistake", by=desk, now=NOW)
    _book(PatientFactory(), physio, desk)
    with pytest.raises(SlotTaken):
        set_state(visit, State.BOOKED, by=desk, now=NOW)
    visit.refresh_from_db()
    assert visit.state == "cancelled"


@pytest.mark.parametrize("state", [s for s in State.values if s != "cancelled"])
@pytest.mark.parametrize("new", [*State.values, "nonsense"])
def test_only_the_moves_of_the_table_are_possible(desk: User, state: str, new: str) -> None:
    visit = AppointmentFactory(start=NINE, state=state)
    after = NINE + timedelta(minutes=5)
    if new in MOVES[state]:
        assert set_state(visit, new, by=desk, now=after).state == new
        return
    with pytest.raises(DomainError):
        set_state(visit, new, by=desk, now=after)
    visit.refresh_from_db()
    assert visit.state == state


@pytest.mark.parametrize("state", ["arrived", "did_not_attend"])
def test_nobody_arrives_or_misses_before_the_day(desk: User, state: str) -> None:
    visit = AppointmentFactory(start=NINE)
    with pytest.raises(Conflict) as refusal:
        set_state(visit, state, by=desk, now=NOW)
    assert refusal.value.code == "too_early"


def test_the_portal_reads_what_is_ahead(patient: Patient) -> None:
    AppointmentFactory(patient=patient, start=NOW - timedelta(days=2))
    running = AppointmentFactory(patient=patient, start=NOW - timedelta(minutes=10))
    ahead = AppointmentFactory(patient=patient, start=NINE)
    AppointmentFactory(patient=patient, start=NINE + timedelta(days=1), state="did_not_attend")
    AppointmentFactory(start=NINE)
    assert upcoming_for(patient, NOW) == [running, ahead]
    upcoming = next_visit(patient, NOW)
    assert upcoming is not None
    assert (upcoming.starts_at, upcoming.practitioner_name) == (NINE, ahead.practitioner.user.name)
