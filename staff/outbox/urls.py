"""URLs of this area of the staff pages."""

from __future__ import annotations

from django.urls import URLPattern, path

from staff.outbox import views

urlpatterns: list[URLPattern] = [
    path("messages/", views.message_list, name="messages"),
    path("messages/<int:pk>/settle/", views.message_settle, name="message-settle"),
    path("messages/switch/", views.message_switch, name="messages-switch"),
]
