"""Load the shipped clinical knowledge into the rows that a clinic edits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from assessments.outcomes.install import install_shipped
from plans.knowledge.documents import KnowledgeError, documents_from_files
from plans.knowledge.load import LoadReport, load_documents


class Command(BaseCommand):
    help = "Load the clinical knowledge. Rows that the clinic edited are kept and reported. Safe to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="folder", type=Path, help="folder whose files replace the shipped ones")
        parser.add_argument(
            "--take", action="append", default=[], metavar="FILE:KEY", help="go back to the shipped text of this row"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path | None = options["folder"]
        if folder is not None and not folder.is_dir():
            raise CommandError(f"--from: {folder} is not a folder")
        try:
            report = load_documents(documents_from_files(folder), take=options["take"])
        except KnowledgeError as error:
            lines = "\n".join(f"- {problem}" for problem in error.problems)
            raise CommandError(
                f"Nothing was written: the knowledge has {len(error.problems)} problem(s).\n{lines}"
            ) from None
        self._show(report)
        self.stdout.write(f"Outcome instruments: {len(install_shipped().created)} new.")

    def _show(self, report: LoadReport) -> None:
        write = self.stdout.write
        write(f"Knowledge: {report.created} created, {report.updated} updated, {report.unchanged} unchanged.")
        if report.kept:
            write(f"{len(report.kept)} edited by the clinic and kept (--take FILE:KEY goes back to the shipped text):")
            for difference in report.kept:
                write(f"- {difference}")
        for line in report.unshipped:
            write(f"- no longer shipped, kept: {line}")
        for line in report.notes:
            write(f"- note: {line}")
        if report.revision is not None:
            write(f"{report.revision} in force.")
