"""Addresses of today, patients, episodes, conditions and consents."""

from __future__ import annotations

from django.urls import URLPattern, path

from staff.patients import links, proxies, records, views

urlpatterns: list[URLPattern] = [
    path("", views.today, name="today"),
    path("patients/", views.patient_list, name="patient-list"),
    path("patients/new/", views.patient_new, name="patient-new"),
    path("patients/<int:pk>/", views.patient_detail, name="patient-detail"),
    path("patients/<int:pk>/edit/", views.patient_edit, name="patient-edit"),
    path("patients/<int:pk>/link/", links.login_link, name="patient-link"),
    path("patients/<int:pk>/conditions/", records.conditions, name="patient-conditions"),
    path("patients/<int:pk>/conditions/deny-rest/", records.conditions_deny_rest, name="patient-conditions-deny-rest"),
    path("patients/<int:pk>/proxies/", proxies.proxies, name="patient-proxies"),
    path("proxies/<int:pk>/end/", proxies.proxy_end, name="proxy-end"),
    path("patients/<int:pk>/consents/", records.consents, name="patient-consents"),
    path("patients/<int:pk>/consents/<int:consent_pk>/withdraw/", records.consent_withdraw, name="consent-withdraw"),
    path("patients/<int:pk>/episodes/new/", records.episode_new, name="episode-new"),
    path("episodes/<int:pk>/", records.episode_detail, name="episode-detail"),
]
