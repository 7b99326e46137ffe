"""Addresses of the assessment page."""

from __future__ import annotations

from django.urls import URLPattern, path

from staff.assessments import amend, compare, cosign, views

urlpatterns: list[URLPattern] = [
    path("episodes/<int:pk>/assessments/new/", views.assessment_new, name="assessment-new"),
    path("assessments/<int:pk>/", views.assessment_detail, name="assessment-detail"),
    path("assessments/<int:pk>/edit/", views.assessment_edit, name="assessment-edit"),
    path("assessments/<int:pk>/save/", views.assessment_save, name="assessment-save"),
    path("assessments/<int:pk>/sections/<slug:key>/", views.assessment_section, name="assessment-section"),
    path("assessments/<int:pk>/summary/", views.assessment_summary, name="assessment-summary"),
    path("assessments/<int:pk>/sign/", views.assessment_sign, name="assessment-sign"),
    path("assessments/<int:pk>/consents/", views.assessment_consent, name="assessment-consent"),
    path("assessments/<int:pk>/amend/", amend.assessment_amend, name="assessment-amend"),
    path("assessments/<int:pk>/co-sign/", cosign.assessment_cosign, name="assessment-cosign"),
    path("assessments/<int:pk>/send-back/", cosign.assessment_return, name="assessment-return"),
    path("patients/<int:pk>/compare/", compare.patient_compare, name="patient-compare"),
    path("assessments/<int:pk>/flags/clear/", views.assessment_flag_clear, name="assessment-flag-clear"),
]
