"""Addresses of treatment notes and adverse events."""

from __future__ import annotations

from django.urls import URLPattern, path

from staff.notes import events, views

urlpatterns: list[URLPattern] = [
    path("episodes/<int:pk>/notes/new/", views.note_new, name="note-new"),
    path("notes/<int:pk>/", views.note_detail, name="note-detail"),
    path("notes/<int:pk>/edit/", views.note_edit, name="note-edit"),
    path("notes/<int:pk>/save/", views.note_save, name="note-save"),
    path("notes/<int:pk>/sign/", views.note_sign, name="note-sign"),
    path("notes/<int:pk>/techniques/", views.note_technique, name="note-technique"),
    path("notes/<int:pk>/addenda/", views.note_addendum, name="note-addendum"),
    path("notes/<int:pk>/drop/", views.note_drop, name="note-drop"),
    path("notes/<int:pk>/events/", events.event_new, name="event-new"),
    path("events/<int:pk>/review/", events.event_review, name="event-review"),
]
