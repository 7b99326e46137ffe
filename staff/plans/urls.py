"""URLs of the plan pages."""

from __future__ import annotations

from django.urls import URLPattern, path, register_converter

from staff.plans import adding, items, quick, versions, views


class KindConverter:
    """``technique`` or ``exercise``."""

    regex = "technique|exercise"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(KindConverter, "itemkind")

urlpatterns: list[URLPattern] = [
    path("assessments/<int:pk>/plan/", views.plan_draft_new, name="plan-draft-new"),
    path("plan-versions/<int:pk>/", views.plan_version, name="plan-version"),
    path("plan-versions/<int:pk>/redraft/", views.plan_redraft, name="plan-redraft"),
    path("plan-versions/<int:pk>/recheck/", views.plan_recheck, name="plan-recheck"),
    path("plan-versions/<int:pk>/sign/", views.plan_sign, name="plan-sign"),
    path("plans/<int:pk>/revise/", views.plan_revise, name="plan-revise"),
    path("plan-causes/<int:pk>/", views.plan_cause_decide, name="plan-cause"),
    path("plan-phases/<int:pk>/add/<itemkind:kind>/", adding.plan_add, name="plan-add"),
    path("plan-items/<itemkind:kind>/<int:pk>/", items.plan_item, name="plan-item"),
    path("plan-items/<itemkind:kind>/<int:pk>/move/", items.plan_item_move, name="plan-item-move"),
    path("plan-items/exercise/<int:pk>/step/", quick.plan_step, name="plan-step"),
    path("plan-versions/<int:pk>/undo/", quick.plan_undo, name="plan-undo"),
    path("plan-versions/<int:pk>/reason/", quick.plan_reason, name="plan-reason"),
    path("plan-versions/<int:pk>/words/", quick.plan_words, name="plan-words"),
    path("plan-versions/<int:pk>/wishes/", quick.plan_declined, name="plan-declined"),
    path("plan-versions/<int:pk>/changes/", versions.plan_changes, name="plan-changes"),
    path("plan-phases/<int:pk>/coverage/", quick.plan_coverage, name="plan-coverage"),
    path("plan-phases/<int:pk>/doses/", quick.plan_bulk, name="plan-bulk"),
    path("plan-phases/<int:pk>/packs/", quick.plan_packs, name="plan-packs"),
    path("plan-phases/<int:pk>/star/", quick.plan_favourite, name="plan-favourite"),
]
