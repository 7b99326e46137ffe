"""Fill the demo clinic with invented people, courses of care, visits and home logs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from clinic.models import Condition
from config.demo.clinic import seed
from config.demo.people import PASSWORD, STAFF
from plans.actions.nightly import settle_open

ROLES = {"physiotherapist": "physiotherapist", "front_desk": "front desk", "manager": "manager and library"}


class Command(BaseCommand):
    help = "Seed the synthetic demo clinic. Data that exists is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="say only the result")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO and settings.MODE != "test":
            raise CommandError("Demo data belongs into a demo clinic only. Start with KINEPLAN_DEMO=1.")
        if not Condition.objects.exists():
            raise CommandError("The clinical knowledge is not loaded. Run `manage.py load_knowledge` first.")
        talkative = options["verbosity"] > 1 and not options["quiet"]
        with transaction.atomic():
            count = seed(self.stdout.write if talkative else lambda _line: None)
        if count:
            settle_open(limit=count)  # what the seed recorded after a plan was signed is screened before anybody looks
        self.stdout.write(f"{count} synthetic patients made." if count else "The demo clinic is there already; kept.")
        self._write_log_ins()

    def _write_log_ins(self) -> None:
        lines = [f"Staff log in with the password {PASSWORD}:"]
        lines += [f"  {member.email:20} {ROLES[member.role]}, {member.name}" for member in STAFF]
        lines += [
            "Patients get a code by e-mail, shown at /demo/mailbox/:",
            "  patient01@demo.test  Marcus Whitfield, acute low back",
            "  patient02@demo.test  Ingrid Dahl, neck and shoulder blade",
        ]
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
        (settings.VAR_DIR / "demo-log-ins.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
