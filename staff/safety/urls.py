"""URLs of this area of the staff pages."""

from __future__ import annotations

from django.urls import URLPattern, path

from staff.safety import views

urlpatterns: list[URLPattern] = [
    path("plan-holds/<int:pk>/release/", views.hold_release, name="hold-release"),
    path("safety/", views.safety_review, name="safety-review"),
]
