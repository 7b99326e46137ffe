"""Addresses of the discharge."""

from __future__ import annotations

from django.urls import URLPattern, path

from staff.discharge import views

urlpatterns: list[URLPattern] = [
    path("episodes/<int:pk>/discharge/", views.discharge_new, name="discharge-new"),
    path("discharges/<int:pk>/", views.discharge_detail, name="discharge-detail"),
]
