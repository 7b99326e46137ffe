"""The database refuses impossible visits whoever writes them: rows are made without any rule of ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from clinic.models import User
from scheduling.models import Appointment
from tests.factories.clinic import ManagerFactory, PatientFactory, PhysioFactory
from tests.factories.scheduling import AppointmentFactory, RoomFactory

pytestmark = pytest.mark.django_db
NINE = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "empty",
        "[2026-11-25 09:00+00,2026-11-25 09:00+00)",
        "[2026-11-25 09:00+00,)",
        "(,2026-11-25 09:00+00)",
        "[2026-11-25 09:00+00,infinity)",
        "[-infinity,2026-11-25 09:00+00)",
        "[2026-11-25 09:00+00,2026-11-25 09:30+00]",
        "(2026-11-25 09:00+00,2026-11-25 09:30+00)",
        "[2026-11-25 09:00+00,2026-11-25 09:04:59+00)",
        "[2026-11-25 09:00+00,2026-11-25 17:00:01+00)",
        "[2026-11-25 09:30+00,2026-11-25 09:00+00)",
    ],
)
def test_a_senseless_time_is_refused_by_raw_sql_as_well(text: str) -> None:
    visit = AppointmentFactory()
    with pytest.raises((IntegrityError, DataError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE scheduling_appointment SET during = %s::tstzrange WHERE id = %s", [text, visit.pk])
    assert Appointment.objects.get().during == visit.during


@pytest.mark.hazard("H-17")
@pytest.mark.parametrize("shared", ["practitioner", "patient", "room"])
def test_nobody_and_nothing_is_booked_twice(shared: str) -> None:
    first = AppointmentFactory(start=NINE, room=RoomFactory())
    with pytest.raises(IntegrityError, match=f"appointment_{shared}_once"), transaction.atomic():
        AppointmentFactory(start=NINE + timedelta(minutes=29, seconds=59), **{shared: getattr(first, shared)})
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize("state", ["cancelled", "did_not_attend"])
def test_what_is_not_live_holds_no_time(state: str) -> None:
    extra = {"cancelled_at": NINE} if state == "cancelled" else {}
    gone = AppointmentFactory(start=NINE, state=state, **extra)
    AppointmentFactory(start=NINE, practitioner=gone.practitioner, patient=gone.patient)
    assert Appointment.objects.live().count() == 1


def test_bulk_create_is_refused_as_well() -> None:
    first = AppointmentFactory(start=NINE)
    twin = Appointment(
        patient=PatientFactory(),
        practitioner=first.practitioner,
        during=DateTimeTZRange(NINE, NINE + timedelta(minutes=30)),
        created_by=first.created_by,
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.bulk_create([twin])


def test_full_clean_says_it_in_words() -> None:
    first = AppointmentFactory(start=NINE)
    twin = Appointment(
        patient=PatientFactory(),
        practitioner=first.practitioner,
        during=DateTimeTZRange(NINE, NINE + timedelta(minutes=30)),
        created_by=first.created_by,
    )
    with pytest.raises(Exception, match="practitioner already has a visit"):
        twin.full_clean()


def test_every_change_leaves_history() -> None:
    visit = AppointmentFactory(start=NINE)
    Appointment.objects.filter(pk=visit.pk).update(state="confirmed")
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM scheduling_appointmentevent WHERE id = %s ORDER BY pgh_id", [visit.pk])
        assert [row[0] for row in cursor.fetchall()] == ["booked", "confirmed"]


def test_scope_of_each_role() -> None:
    physio: User = PhysioFactory()
    mine = AppointmentFactory(start=NINE, practitioner=physio.practitioner)
    shared = AppointmentFactory(start=NINE + timedelta(days=1), patient=PatientFactory(team=[physio]))
    other = AppointmentFactory(start=NINE)
    visible = Appointment.objects.visible_to
    assert set(visible(physio)) == {mine, shared}
    assert set(visible(ManagerFactory())) == set(visible(other.created_by)) == {mine, shared, other}
    assert set(visible(mine.patient.user)) == {mine}
    gone: User = ManagerFactory(is_active=False)
    assert not visible(gone).exists()
