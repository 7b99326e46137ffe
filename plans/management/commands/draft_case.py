"""``manage.py draft_case FILE.yaml [--json]``: run the plan engine on a case file, without touching the database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from plans.engine.casefile import CaseError, load_case
from plans.engine.generate import generate
from plans.engine.serialize import to_json, to_text
from plans.knowledge.documents import KnowledgeError
from plans.knowledge.parse import shipped_knowledge


class Command(BaseCommand):
    help = "Draft a plan for a case file (the format of the acceptance cases) and print it."
    requires_system_checks = []  # the engine needs neither database nor services
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="case file in YAML")
        parser.add_argument("--json", action="store_true", help="print JSON instead of readable text")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path}: cannot be read ({error}). Give the path of a case file in YAML.") from error
        today = timezone.localdate()
        try:
            knowledge = shipped_knowledge()
            case = load_case(text, knowledge, today)
        except KnowledgeError as error:
            raise CommandError(f"The shipped knowledge is broken: {error}") from error
        except CaseError as error:
            raise CommandError(
                f"{path} cannot be drafted:\n" + "\n".join(f"  - {p}" for p in error.problems)
            ) from error
        for warning in case.warnings:
            self.stderr.write(f"{path.name}: {warning}")
        result = generate(case.facts, knowledge, today=today)
        show = to_json if options["json"] else to_text
        self.stdout.write(show(case.identifier, result))
