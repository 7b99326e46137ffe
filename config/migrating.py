"""Fewer renderings of historical models while migrating.

After each operation Django renders the changed model and every model that is connected to it. Nearly all of ours are
connected through patients and users, and each of their tables has an event table and several triggers: a thousand
operations times a hundred models took a minute and a half of processor time on an empty database, almost nothing of it
spent in PostgreSQL.

Within ``narrow_reloads`` only the changed model is rendered and the state is marked as delayed, by Django's own means:
the classes of other models may then point to an older class of it, which has the same table and the same key and so
gives the same DDL. Data migrations (``RunPython``) first render a delayed state anew, all of it.
See docs/decisions/0006-quick-migrations.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.migrations.state import ProjectState


def _reload_itself(state: ProjectState, app_label: str, model_name: str, delay: bool = False) -> None:
    if "apps" not in state.__dict__:  # not rendered yet: nothing to bring up to date
        return
    state.is_delayed = True
    state._reload({(app_label, model_name.lower())})  # type: ignore[attr-defined]


@contextmanager
def narrow_reloads() -> Iterator[None]:
    """Render only the model that an operation changes, for as long as this lasts."""
    whole = ProjectState.reload_model
    ProjectState.reload_model = _reload_itself  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        ProjectState.reload_model = whole  # type: ignore[method-assign]
