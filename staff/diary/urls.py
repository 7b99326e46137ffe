"""URLs of this area of the staff pages."""

from __future__ import annotations

from django.urls import URLPattern, path

from staff.diary import views

urlpatterns: list[URLPattern] = [
    path("diary/", views.diary, name="diary"),
    path("diary/new/", views.appointment_new, name="appointment-new"),
    path("diary/<int:pk>/", views.appointment_edit, name="appointment-edit"),
    path("diary/<int:pk>/cancel/", views.appointment_cancel, name="appointment-cancel"),
    path("diary/<int:pk>/state/", views.appointment_state, name="appointment-state"),
]
