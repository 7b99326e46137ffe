"""Many clients, one diary: processes that book at the same moment, and kills in between."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from clinic.models import Practitioner
from scheduling.models import Appointment
from tests.conftest import ROOT
from tests.factories.clinic import ClinicFactory, FrontDeskFactory, PatientFactory, PractitionerFactory
from tests.factories.scheduling import works_all_week
from tests.template import database_url

pytestmark = [pytest.mark.engines, pytest.mark.django_db(transaction=True)]

CLIENTS = 4
OVERLAPS = """
    SELECT count(*) FROM scheduling_appointment a JOIN scheduling_appointment b
        ON a.id < b.id AND a.during && b.during
        AND (a.practitioner_id = b.practitioner_id OR a.patient_id = b.patient_id)
    WHERE a.state NOT IN ('cancelled', 'did_not_attend') AND b.state NOT IN ('cancelled', 'did_not_attend')
"""


def _overlaps() -> int:
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPS)
        return int(cursor.fetchone()[0])


def _starts(count: int, step: int) -> list[datetime]:
    """Slots tomorrow from ten o'clock, every ``step`` minutes: with less than thirty they overlap one another."""
    first = (timezone.now() + timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)
    return [first + timedelta(minutes=step * n) for n in range(count)]


def _clients(folder: Path, starts: list[datetime], *, kill: bool = False) -> list[str]:
    """Let all clients try all slots at once, each with its own patient; returns every line they printed."""
    practitioner: Practitioner = works_all_week(PractitionerFactory())
    desk = FrontDeskFactory()
    processes = []
    for number in range(CLIENTS):
        arguments = [practitioner.pk, desk.pk, PatientFactory().pk, ",".join(start.isoformat() for start in starts)]
        processes.append(_start(folder, number, [str(argument) for argument in arguments]))
    deadline = time.monotonic() + 40
    while len(list(folder.glob("ready*"))) < CLIENTS and time.monotonic() < deadline:
        time.sleep(0.01)
    (folder / "go").touch()
    if kill:
        time.sleep(0.1)
        processes[0].kill()
    outputs = [process.communicate(timeout=60)[0].decode() for process in processes]
    assert [process.returncode for process in processes[1:]] == [0] * (CLIENTS - 1)
    return [line for output in outputs for line in output.split()]


def _start(folder: Path, number: int, arguments: list[str]) -> subprocess.Popen[bytes]:
    env = {
        **os.environ,
        "KINEPLAN_ENV": "test",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database_url(connection.settings_dict, connection.settings_dict["NAME"]),
        "REDIS_URL": settings.REDIS_URL,
        "READY_FILE": str(folder / f"ready{number}"),
        "GO_FILE": str(folder / "go"),
    }
    command = [sys.executable, "-m", "tests.scheduling.racer", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE)


@pytest.mark.hazard("H-17")
def test_one_slot_has_one_winner_and_everybody_else_a_clear_answer(tmp_path: Path) -> None:
    ClinicFactory()
    starts = _starts(10, 30)
    answers = _clients(tmp_path, starts)
    booked = [answer for answer in answers if answer.isdigit()]
    assert len(booked) == len(starts)
    assert set(answers) - set(booked) == {"slot_taken"}
    assert len(answers) == CLIENTS * len(starts)
    assert _overlaps() == 0


def test_every_acknowledged_booking_exists_after_a_kill(tmp_path: Path) -> None:
    ClinicFactory()
    answers = _clients(tmp_path, _starts(24, 10), kill=True)
    booked = {int(answer) for answer in answers if answer.isdigit()}
    assert booked <= set(Appointment.objects.values_list("pk", flat=True))
    assert {answer for answer in answers if not answer.isdigit()} <= {"slot_taken", "busy"}
    assert _overlaps() == 0


def test_without_the_constraints_the_same_race_double_books(tmp_path: Path) -> None:
    """Shows that the tests above would notice."""
    ClinicFactory()
    names = ("appointment_practitioner_once", "appointment_patient_once")
    kept = [constraint for constraint in Appointment._meta.constraints if constraint.name in names]
    with connection.schema_editor() as editor:
        for constraint in kept:
            editor.remove_constraint(Appointment, constraint)
    try:
        _clients(tmp_path, _starts(5, 30))
        assert _overlaps() > 0
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE scheduling_appointment CASCADE")
        with connection.schema_editor() as editor:
            for constraint in kept:
                editor.add_constraint(Appointment, constraint)
