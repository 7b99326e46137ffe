"""``manage.py migrate``, which renders only what an operation changed."""

from typing import Any

from django.core.management.commands.migrate import Command as DjangoCommand

from config.migrating import narrow_reloads


class Command(DjangoCommand):
    """Django's command and options; see ``config.migrating`` for what differs and why."""

    def handle(self, *args: Any, **options: Any) -> None:
        with narrow_reloads():
            super().handle(*args, **options)
