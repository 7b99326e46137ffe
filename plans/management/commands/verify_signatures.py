"""Verify the chain of signatures and what it binds."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic.signatures import remember
from plans.signatures import verify_signatures


class Command(BaseCommand):
    help = "Recompute the chain of signatures and all signed content. Ends with 1 and names the first broken link."

    def handle(self, *args: Any, **options: Any) -> None:
        report = verify_signatures()
        remember(report)
        if report.broken is not None:
            raise CommandError(f"BROKEN after {report.links} links. {report.broken}", returncode=1)
        self.stdout.write(f"{report.links} signatures hold. Latest: {report.latest}")
