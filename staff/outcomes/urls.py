"""URLs of this area of the staff pages."""

from __future__ import annotations

from django.urls import URLPattern, path

from staff.outcomes import views

urlpatterns: list[URLPattern] = [
    path("episodes/<int:pk>/outcomes/", views.outcomes, name="outcomes"),
    path("episodes/<int:pk>/outcomes/ask/", views.ask, name="outcome-ask"),
    path("outcomes/<int:pk>/", views.fill, name="outcome-fill"),
    path("outcomes/<int:pk>/leave-out/", views.leave_out, name="outcome-leave-out"),
    path("outcomes/answers/<int:pk>/correct/", views.correct_answers, name="outcome-correct"),
]
