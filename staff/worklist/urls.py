"""URLs of the worklist."""

from __future__ import annotations

from django.urls import URLPattern, path

from staff.worklist import views

urlpatterns: list[URLPattern] = [
    path("worklist/", views.worklist, name="worklist"),
    path("worklist/<int:pk>/snooze/", views.alert_snooze, name="alert-snooze"),
    path("worklist/<int:pk>/settle/", views.alert_settle, name="alert-settle"),
    path("plans/<int:pk>/limits/", views.plan_limits, name="plan-limits"),
]
