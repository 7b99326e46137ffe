"""Give a patient of the demo clinic a browser that can be notified: what is sent to it appears in the demo mailbox."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from clinic.models import Patient
from reminders.pushing import subscribe


class Command(BaseCommand):
    help = "Subscribe a browser of the provider on this machine for one patient: demo_browser patient01@demo.test"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="of the patient")

    def handle(self, *args: Any, **options: Any) -> None:
        patient = Patient.objects.filter(email=options["email"]).first()
        if patient is None:
            raise CommandError("No patient has this address.")
        if not settings.PUSH_TRUSTED_ORIGINS:
            raise CommandError("KINEPLAN_PUSH_TRUSTED_ORIGINS must name the provider: http://127.0.0.1:PORT")
        try:
            with urllib.request.urlopen(f"{settings.PUSH_TRUSTED_ORIGINS[0]}/push", b"{}", timeout=5) as answer:  # noqa: S310
                given = json.loads(answer.read())
        except OSError as error:
            raise CommandError(f"The provider does not answer: {error}") from error
        row = subscribe(patient, given, device="Demo browser", now=timezone.now())
        self.stdout.write(f"{patient.display_name} has a browser now: {row.endpoint}")
