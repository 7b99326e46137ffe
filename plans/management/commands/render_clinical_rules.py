"""Write the clinical rules as a page for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from plans.knowledge.documents import shipped_documents
from plans.knowledge.rendering import render_rules
from plans.knowledge.rows.documents import documents_from_rows

PAGE = Path(settings.BASE_DIR) / "docs" / "clinical-rules.md"


class Command(BaseCommand):
    help = "Write docs/clinical-rules.md from the shipped files; --rows prints the rules of this clinic instead."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rows", action="store_true", help="print the rows that are in force here")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rows"]:
            self.stdout.write(render_rules(documents_from_rows()))
            return
        PAGE.write_text(render_rules(shipped_documents()), encoding="utf-8")
        self.stdout.write(f"wrote {PAGE}")
