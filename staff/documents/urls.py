"""Addresses of the documents on paper."""

from __future__ import annotations

from django.urls import URLPattern, path

from staff.documents import views

urlpatterns: list[URLPattern] = [
    path("plan-versions/<int:pk>/handout.pdf", views.plan_handout, name="plan-handout"),
    path("plan-versions/<int:pk>/letter/", views.letter_new, name="letter-new"),
    path("discharges/<int:pk>/letter/", views.report_new, name="report-new"),
    path("letters/<int:pk>/letter.pdf", views.letter_pdf, name="letter-pdf"),
]
