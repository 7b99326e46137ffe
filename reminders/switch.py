"""The main switch. A database that was restored somewhere else starts paused, so that nothing goes out again."""

from __future__ import annotations

from django.db import connection

from clinic.models import User
from reminders.models import ReminderSwitch

RESTORED = "This is a restored copy of another database. Look through the doubtful messages, then switch on."


def database_id() -> str:
    """Tells this database from a copy of it: cluster identifier and database number."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT system_identifier FROM pg_control_system()) || ':' ||"
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return str(cursor.fetchone()[0])


def read_switch() -> ReminderSwitch:
    """The one row; written on first use."""
    switch, _ = ReminderSwitch.objects.get_or_create(singleton=True, defaults={"database_id": database_id()})
    return switch


def is_paused() -> bool:
    """True while nothing may be sent."""
    return read_switch().paused


def pause_if_restored() -> bool:
    """Pause when the data came from another database. Asked at every tick, before anything is sent."""
    switch = read_switch()
    here = database_id()
    if switch.database_id == here:
        return switch.paused
    switch.paused, switch.why, switch.database_id = True, RESTORED, here
    switch.save()
    return True


def turn(paused: bool, *, by: User | None, why: str = "") -> ReminderSwitch:
    """Pause or resume all sending."""
    switch = read_switch()
    switch.paused, switch.why, switch.changed_by = paused, why[:200] if paused else "", by
    switch.save()
    return switch
