"""Addresses below /hooks/: webhooks of providers."""

from django.urls import URLPattern, path

from api import hooks

app_name = "hooks"
urlpatterns: list[URLPattern] = [
    path("email/", hooks.email, name="email"),
    path("sms/", hooks.sms, name="sms"),
    path("sms/inbound/", hooks.sms_inbound, name="sms-inbound"),
]
