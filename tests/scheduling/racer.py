"""One booking client in a process of its own: tries the slots that it is given, as fast as it can.

Arguments: practitioner id, member of staff's id, patient ids (comma), starts in ISO format (comma), rounds. Prints one
line per try: the id of the booked visit, or the code of the refusal. Everything else is a server error.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime
from pathlib import Path

import django

django.setup()

from django.utils import timezone  # noqa: E402

from clinic.errors import DomainError  # noqa: E402
from clinic.models import Patient, Practitioner, User  # noqa: E402
from scheduling.actions import book  # noqa: E402


def main(practitioner_id: str, user_id: str, patients: str, starts: str) -> None:
    practitioner = Practitioner.objects.select_related("user").get(pk=practitioner_id)
    user = User.objects.get(pk=user_id)
    people = [Patient.objects.get(pk=pk) for pk in patients.split(",")]
    Path(os.environ["READY_FILE"]).touch()
    while not Path(os.environ["GO_FILE"]).exists():
        time.sleep(0.002)
    for start in starts.split(","):
        for patient in people:
            print(_try(patient, practitioner, user, datetime.fromisoformat(start)), flush=True)  # noqa: T201


def _try(patient: Patient, practitioner: Practitioner, user: User, start: datetime) -> str:
    try:
        return str(book(patient, practitioner, start=start, minutes=30, by=user, now=timezone.now()).pk)
    except DomainError as refusal:
        return refusal.code


main(*sys.argv[1:])
