"""URLs of what patients tell us."""

from __future__ import annotations

from django.urls import URLPattern, path

from staff.told import views

urlpatterns: list[URLPattern] = [
    path("questions/<int:pk>/", views.question, name="told-question"),
    path("told/<int:pk>/", views.report, name="told-report"),
]
