"""Install outcome instruments: the shipped ones, or those of a folder that the clinic holds a licence for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from assessments.outcomes.install import Installed, install, install_shipped, read_folder
from assessments.outcomes.instrument import InstrumentError


class Command(BaseCommand):
    help = "Install outcome instruments. Versions that are installed are kept. Safe to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="folder", type=Path, help="folder with the clinic's own instruments (.yaml)")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path | None = options["folder"]
        if folder is not None and not folder.is_dir():
            raise CommandError(f"--from: {folder} is not a folder")
        try:
            report: Installed = install_shipped() if folder is None else install(read_folder(folder))
        except InstrumentError as error:
            lines = "\n".join(f"- {problem}" for problem in error.problems)
            raise CommandError(f"Nothing was installed: {len(error.problems)} problem(s).\n{lines}") from None
        self.stdout.write(f"Instruments: {len(report.created)} installed, {len(report.unchanged)} unchanged.")
