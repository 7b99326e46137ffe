"""How people get in: staff by password, patients by a code sent to their address."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import RequestLoginCodeForm
from django.http import HttpRequest

from clinic.models import Role


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by the clinic, never by the visitor."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


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
