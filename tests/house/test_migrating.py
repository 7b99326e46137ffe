"""Migrating renders the changed model alone, and everything anew before a data migration."""

from __future__ import annotations

from django.apps import apps as installed
from django.db import models
from django.db.migrations.state import ModelState, ProjectState

from config.migrating import narrow_reloads


def _library() -> ProjectState:
    """Two models of a made-up app: a book points to its author."""
    state = ProjectState()
    state.add_model(ModelState("library", "Author", [("id", models.BigAutoField(primary_key=True))]))
    writer = models.ForeignKey("library.Author", models.CASCADE)
    state.add_model(ModelState("library", "Book", [("id", models.BigAutoField(primary_key=True)), ("by", writer)]))
    return state


def test_the_changed_model_is_rendered_and_the_others_stay() -> None:
    state = _library()
    book = state.apps.get_model("library", "Book")
    with narrow_reloads():
        state.add_field("library", "author", "name", models.CharField(max_length=80), preserve_default=True)
    author = state.apps.get_model("library", "Author")
    assert [field.name for field in author._meta.fields] == ["id", "name"]
    assert state.apps.get_model("library", "Book") is book
    assert state.is_delayed


def test_a_data_migration_gets_everything_anew() -> None:
    state = _library()
    book = state.apps.get_model("library", "Book")
    with narrow_reloads():
        state.add_field("library", "author", "name", models.CharField(max_length=80), preserve_default=True)
        state.clear_delayed_apps_cache()  # what RunPython does first
    fresh = state.apps.get_model("library", "Book")
    assert fresh is not book
    assert fresh._meta.get_field("by").related_model is state.apps.get_model("library", "Author")


def test_afterwards_django_is_as_before() -> None:
    whole = ProjectState.reload_model
    with narrow_reloads():
        assert ProjectState.reload_model is not whole
    assert ProjectState.reload_model is whole


def test_the_command_of_the_product_is_the_one_that_runs() -> None:
    from django.core.management import get_commands

    assert get_commands()["migrate"] == installed.get_app_config("config").name
