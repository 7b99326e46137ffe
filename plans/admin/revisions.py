"""The revisions: when the knowledge changed, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from plans.admin.base import KnowledgePermissions
from plans.models import KnowledgeRevision

if TYPE_CHECKING:
    Base = admin.ModelAdmin[KnowledgeRevision]
else:
    Base = admin.ModelAdmin


@admin.register(KnowledgeRevision)
class KnowledgeRevisionAdmin(KnowledgePermissions, Base):
    """Read only: a revision is made by saving a row or by loading."""

    list_display = ("number", "created_at", "source", "note", "created_by")
    list_filter = ("source",)
    search_fields = ("note",)
    list_select_related = ("created_by",)
    date_hierarchy = "created_at"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
