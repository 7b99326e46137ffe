"""Print the key that signs notifications to browsers; it is made and kept on first use."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reminders.pushing import new_private_key, public_of, push_key


class Command(BaseCommand):
    help = "Print the public key of browser notifications; --private prints the private one, --new makes another pair."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--private", action="store_true", help="the private key, for KINEPLAN_PUSH_KEY")
        parser.add_argument("--new", action="store_true", help="a fresh private key; nothing is stored")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["new"]:
                private = new_private_key()
                self.stdout.write(f"private {private}\npublic {public_of(private)}")
                return
            key = push_key()
        except ValueError:
            raise CommandError("KINEPLAN_PUSH_KEY is no key: 32 bytes as base64url are expected.") from None
        self.stdout.write(key.private if options["private"] else key.public)
