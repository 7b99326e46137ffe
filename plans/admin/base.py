"""What the admin pages of all knowledge rows share: who may edit, the cross-check before saving, the history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from clinic.permissions import Permission, may
from plans.admin.fields import Choices, KeyChoicesField, LinesField, PhasesField
from plans.admin.history import events_of
from plans.knowledge.documents import KnowledgeError
from plans.knowledge.rows.revision import record_revision

if TYPE_CHECKING:
    ModelAdminBase = admin.ModelAdmin[Any]
    InlineBase = admin.options.InlineModelAdmin[Any, Any]
else:
    ModelAdminBase = admin.ModelAdmin
    InlineBase = object

_PROBLEMS = "_knowledge_problems"
_LONG_TEXT = 200
_WIDE = ("label", "finding", "metric")


def may_edit_knowledge(user: Any) -> bool:
    """Managers, and physiotherapists who are clinical leads with a valid registration."""
    if may(user, Permission.KNOWLEDGE_EDIT):
        return True
    practitioner = getattr(user, "practitioner", None)
    return bool(practitioner and practitioner.is_clinical_lead and practitioner.licence_is_valid(timezone.localdate()))


class KeyFields(InlineBase):
    """Form fields for keys: `one_key` picks one, `key_choices` a set, `key_lines` an ordered list."""

    one_key: ClassVar[Mapping[str, Callable[[], Choices]]] = {}
    key_choices: ClassVar[Mapping[str, Callable[[], Choices]]] = {}
    key_lines: ClassVar[Mapping[str, int]] = {}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        options = {
            "required": not db_field.blank,
            "label": db_field.verbose_name.capitalize(),
            "help_text": db_field.help_text,
        }
        if db_field.name in self.one_key:
            source = self.one_key[db_field.name]
            return forms.ChoiceField(choices=lambda: [("", "---------"), *source()], **options)
        if db_field.name in self.key_choices:
            return KeyChoicesField(source=self.key_choices[db_field.name], name=db_field.verbose_name, **options)
        if db_field.name in self.key_lines:
            options["help_text"] = db_field.help_text or "One to a line, in order."
            return LinesField(rows=self.key_lines[db_field.name], **options)
        if db_field.name == "phases":
            return PhasesField(**options)
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        widget = self.widget_for(db_field)
        if field is not None and widget is not None:
            field.widget = widget
        return field

    def widget_for(self, db_field: Any) -> forms.Widget | None:
        """Room for long texts and rules; None = the admin's own widget."""
        if isinstance(db_field, models.JSONField):
            return forms.Textarea(attrs={"rows": 4, "cols": 80})
        if type(db_field) is models.CharField and (db_field.max_length or 0) >= _LONG_TEXT and not db_field.choices:
            return forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"})
        if isinstance(db_field, models.TextField):
            return forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"})
        return None


class CompactFields(KeyFields):
    """Small boxes, for the rows of a table."""

    def widget_for(self, db_field: Any) -> forms.Widget | None:
        if isinstance(db_field, models.JSONField):
            return forms.Textarea(attrs={"rows": 1, "cols": 22})
        if type(db_field) is models.CharField and not db_field.choices:
            length = db_field.max_length or 0
            if length >= _LONG_TEXT:
                return forms.Textarea(attrs={"rows": 1, "cols": 28})
            return forms.TextInput(attrs={"size": 26 if db_field.name in _WIDE else 10})
        if isinstance(db_field, (models.PositiveSmallIntegerField, models.FloatField, models.DecimalField)):
            return forms.NumberInput(attrs={"class": "vIntegerField", "step": "any"})
        return None


class KnowledgePermissions(InlineBase):
    """All staff with clinical rights read, those who keep the knowledge edit, nobody deletes: plans refer to it."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, Permission.CLINICAL_VIEW)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit_knowledge(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit_knowledge(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ChildPermissions(KnowledgePermissions):
    """Children of a row may go, as part of editing it."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_edit_knowledge(request.user)


class KnowledgeAdmin(KeyFields, KnowledgePermissions, ModelAdminBase):
    """A knowledge row with its children. Saving numbers the next revision, or is refused with what is wrong."""

    children: ClassVar[Mapping[type[models.Model], str]] = {}
    list_per_page = 50
    save_on_top = True
    view_on_site = False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        problems: list[str] = getattr(request, _PROBLEMS, [])
        return _refusing(form, problems) if problems else form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Save in one transaction; when the knowledge would not fit together, show the form again with the reasons."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except KnowledgeError as error:
            setattr(request, _PROBLEMS, error.problems)
            return super().changeform_view(request, object_id, form_url, extra_context)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        record_revision(note=f"{form.instance._meta.verbose_name}: {form.instance}", user=request.user)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Who changed what, from the events that the database wrote."""
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {obj}",
            "object": obj,
            "opts": self.opts,
            "events": events_of(obj, self.children),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/plans/knowledge_history.html", context)


def _refusing(form: type[Any], problems: list[str]) -> type[Any]:
    """The same form, but it says what is wrong with the knowledge instead of saving."""

    class RefusingForm(form):  # type: ignore[misc]
        def clean(self) -> Any:
            super().clean()
            raise ValidationError([ValidationError(problem) for problem in problems])

    return RefusingForm
