"""Who may do what through the API: each action of a viewset names its permissions, anything unnamed is refused."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from clinic.permissions import Permission, may

Needs = dict[str, frozenset[Permission]]


class RolePermission(BasePermission):
    """Allows an action when the role holds one of the permissions that ``view.needs`` names for it.

    Whose rows one sees is narrowed by ``visible_to``: outside of it the answer is 404, inside of it 403 from here.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        needs: Needs = getattr(view, "needs", {})
        wanted = needs.get(str(getattr(view, "action", None)), frozenset())
        return any(may(request.user, permission) for permission in wanted)


def needs(**actions: Permission | tuple[Permission, ...]) -> Needs:
    """``needs(list=Permission.BOOKING, retrieve=(Permission.BOOKING, Permission.OWN_RECORD))``."""
    return {name: frozenset(wanted if isinstance(wanted, tuple) else (wanted,)) for name, wanted in actions.items()}


def is_patient(user: Any) -> bool:
    """True for a patient's log-in, which only ever sees its own record."""
    return bool(getattr(user, "role", "") == "patient")
