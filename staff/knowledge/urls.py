"""URLs of this area of the staff pages."""

from __future__ import annotations

from django.urls import URLPattern, path

from staff.knowledge import views

urlpatterns: list[URLPattern] = [
    path("knowledge/", views.review, name="knowledge-review"),
    path("knowledge/sign-off/", views.sign_off_revision, name="knowledge-sign-off"),
    path("knowledge/take-shipped/", views.take_shipped, name="knowledge-take-shipped"),
    path("knowledge/changes/<int:pk>/", views.change_detail, name="knowledge-change"),
    path("knowledge/changes/<int:pk>/decide/", views.change_decide, name="knowledge-change-decide"),
]
