"""Dependencies point down: imports by the linter, foreign keys over the model registry."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models

ROOT = Path(__file__).resolve().parent.parent.parent
HEIGHT = {
    "clinic": 0,
    "assessments": 1,
    "exercises": 1,
    "plans": 2,
    "scheduling": 3,
    "reminders": 4,
    "api": 5,
    "portal": 5,
    "staff": 5,
    "config": 6,
}
DELIVERY = ("api", "portal", "staff", "config")


def pointing_up(source: str, target: str) -> bool:
    """Whether a relation from one app to another breaks the layers; siblings count as up."""
    if source == target or target not in HEIGHT:
        return False
    return HEIGHT[target] >= HEIGHT[source]


def relations() -> list[tuple[str, str, str]]:
    """Every forward relation of our apps: app, field, target app."""
    return [
        (model._meta.app_label, f"{model._meta.label}.{field.name}", related._meta.app_label)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in HEIGHT
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey | models.ManyToManyField)
        and not isinstance(related := field.related_model, str)
    ]


def test_no_relation_points_up() -> None:
    found = relations()

    assert len(found) > 10
    assert [name for source, name, target in found if pointing_up(source, target)] == []


@pytest.mark.parametrize(
    ("source", "target", "up"),
    [
        ("clinic", "plans", True),
        ("assessments", "exercises", True),
        ("plans", "exercises", False),
        ("plans", "plans", False),
        ("reminders", "auth", False),
    ],
)
def test_the_rule_bites(source: str, target: str, up: bool) -> None:
    assert pointing_up(source, target) is up


@pytest.mark.parametrize("label", DELIVERY)
def test_delivery_packages_hold_no_models(label: str) -> None:
    assert list(apps.get_app_config(label).get_models()) == []


def test_import_linter_keeps_all_contracts() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.django_db
def test_migrations_say_what_the_models_say() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
