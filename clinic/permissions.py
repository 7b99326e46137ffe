"""One table: which role may do what. Views name a permission, never a role."""

from __future__ import annotations

from enum import StrEnum

from clinic.models.users import Role


class Permission(StrEnum):
    """What a view may ask for."""

    CONTACT_VIEW = "contact.view"
    CONTACT_EDIT = "contact.edit"
    CLINICAL_VIEW = "clinical.view"
    CLINICAL_EDIT = "clinical.edit"
    PLAN_SIGN = "plan.sign"
    BOOKING = "booking"
    OWN_RECORD = "own.record"
    KNOWLEDGE_EDIT = "knowledge.edit"
    MESSAGES_VIEW = "messages.view"
    MESSAGES_SETTLE = "messages.settle"
    AUDIT_VIEW = "audit.view"


_STAFF = {Permission.CONTACT_VIEW, Permission.BOOKING, Permission.MESSAGES_VIEW}

ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.PHYSIOTHERAPIST: frozenset(
        _STAFF
        | {
            Permission.CONTACT_EDIT,
            Permission.CLINICAL_VIEW,
            Permission.CLINICAL_EDIT,
            Permission.PLAN_SIGN,
            Permission.MESSAGES_SETTLE,
        }
    ),
    Role.FRONT_DESK: frozenset(_STAFF | {Permission.CONTACT_EDIT}),
    # The manager reviews (overrides, adherence, access requests) and keeps the knowledge, but does not treat.
    Role.MANAGER: frozenset(
        _STAFF
        | {
            Permission.CONTACT_EDIT,
            Permission.CLINICAL_VIEW,
            Permission.KNOWLEDGE_EDIT,
            Permission.MESSAGES_SETTLE,
            Permission.AUDIT_VIEW,
        }
    ),
    Role.PATIENT: frozenset({Permission.OWN_RECORD}),
}


def may(user: object, permission: Permission) -> bool:
    """True when the user's role holds the permission; anonymous and inactive users hold none."""
    if not getattr(user, "is_authenticated", False) or not getattr(user, "is_active", False):
        return False
    return permission in ROLE_PERMISSIONS.get(getattr(user, "role", ""), frozenset())
