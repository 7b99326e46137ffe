"""How people get in: staff by password, patients by a code sent to their address."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import RequestLoginCodeForm
from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

from clinic.locality import language_of
from clinic.models import Role, User


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by the clinic, never by the visitor."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write in the language of the person who gets the mail, whatever the browser of the visitor speaks."""
        person = User.objects.filter(email__iexact=email).select_related("patient").first()
        patient = getattr(person, "patient", None)
        language = language_of(patient) if patient is not None else settings.LANGUAGE_CODE
        with translation.override(language):
            super().send_mail(template_prefix, email, context)


class PatientLoginCodeForm(RequestLoginCodeForm):
    """Sends codes to patients only.

    For a member of staff the page behaves as it does for an unknown address: the same text, and no code.
    """

    def clean_email(self) -> str:
        email: str = super().clean_email()
        user = getattr(self, "_user", None)
        if user is not None and user.role != Role.PATIENT:
            self._user = None
        return email
