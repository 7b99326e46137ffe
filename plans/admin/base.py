"""What the admin pages of all knowledge rows share: who may edit, what saving proposes, the history.

Saving writes nothing into the knowledge. The form is saved inside a transaction, the row is read back, everything is
taken back, and the difference becomes a proposal that somebody else decides (`plans.governance.proposals`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from clinic.errors import DomainError
from clinic.models import User
from clinic.permissions import Permission, may
from plans.admin.fields import Choices, KeyChoicesField, LinesField, PhasesField
from plans.admin.history import events_of
from plans.governance.proposals import RowDraft, problems_of, propose
from plans.governance.signoff import keeps_knowledge
from plans.knowledge.documents import KnowledgeError
from plans.knowledge.rows.states import State, codec_of_model, row_of, state_of
from plans.models import KnowledgeChange

if TYPE_CHECKING:
    ModelAdminBase = admin.ModelAdmin[Any]
    InlineBase = admin.options.InlineModelAdmin[Any, Any]
else:
    ModelAdminBase = admin.ModelAdmin
    InlineBase = object

_PROBLEMS = "_knowledge_problems"
_BEFORE = "_knowledge_before"
_SAID = {
    False: "Proposed. Somebody else has to approve it before it takes effect.",
    True: "In force at once. Somebody else still has to look at it.",
}
_LONG_TEXT = 200
_WIDE = ("label", "finding", "metric")


def may_edit_knowledge(user: Any) -> bool:
    """Managers, and physiotherapists who are clinical leads with a valid registration."""
    return keeps_knowledge(user, today=timezone.localdate())


class Captured(Exception):
    """Carries what a form would have written out of the transaction that is rolled back."""

    def __init__(self, row: RowDraft) -> None:
        super().__init__()
        self.row = row


class KnowledgeForm(forms.ModelForm):  # type: ignore[type-arg]
    """Every change says why, and may join a pending change of the same person."""

    change_reason = forms.CharField(
        label="Why",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"}),
        help_text="A second person decides on it. Nothing changes before.",
    )
    part_of = forms.ModelChoiceField(
        label="Together with",
        required=False,
        queryset=KnowledgeChange.objects.none(),
        empty_label="a change of its own",
        help_text="Rows that only fit together belong into one change.",
    )
    at_once = forms.BooleanField(
        label="Apply at once",
        required=False,
        help_text="Only for a change that makes things stricter and nothing else. It is reviewed afterwards.",
    )


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
    """A knowledge row with its children. Saving proposes the change, or is refused with what is wrong."""

    form = KnowledgeForm
    children: ClassVar[Mapping[type[models.Model], str]] = {}
    list_per_page = 50
    save_on_top = True
    save_as = False
    view_on_site = False
    actions = None

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        part_of = form.base_fields.get("part_of")
        if isinstance(part_of, forms.ModelChoiceField):
            part_of.queryset = _own_pending(request)
        problems: list[str] = getattr(request, _PROBLEMS, [])
        return _refusing(form, problems) if problems else form

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        found = super().get_fieldsets(request, obj)
        if not self.has_change_permission(request, obj):
            return found
        return (*found, ("The proposal", {"fields": ("change_reason", "part_of", "at_once")}))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The key names the row in plans, proposals and files: it never changes."""
        found = tuple(super().get_readonly_fields(request, obj))
        has_key = obj is not None and hasattr(obj, "key") and "key" not in found
        return (*found, "key") if has_key else found

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Turn what was posted into a proposal; when it is refused, show the form again with the reasons."""
        setattr(request, _BEFORE, self._state(object_id) if request.method == "POST" else None)
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Captured as captured:
            row = captured.row
        if row.before == row.after:
            messages.info(request, "Nothing was changed.")
            return HttpResponseRedirect(request.get_full_path())
        try:
            change = self._propose(request, row)
        except (KnowledgeError, DomainError) as error:
            setattr(request, _PROBLEMS, problems_of(error))
            return super().changeform_view(request, object_id, form_url, extra_context)
        messages.success(request, _SAID[change.at_once])
        return HttpResponseRedirect(reverse("staff:knowledge-change", args=[change.pk]))

    def _state(self, object_id: str | None) -> State | None:
        """The stored row as plain data, before the form writes over it."""
        stored = self.model._default_manager.filter(pk=object_id).first() if object_id else None
        codec = codec_of_model(self.model)
        row = row_of(codec, codec.key_of(stored)) if stored is not None else None
        return state_of(codec, row) if row is not None else None

    def _propose(self, request: HttpRequest, row: RowDraft) -> KnowledgeChange:
        user = request.user
        assert isinstance(user, User)  # noqa: S101 - narrows the type: the admin lets nobody else in
        chosen = request.POST.get("part_of", "")
        part_of = _own_pending(request).filter(pk=int(chosen)).first() if chosen.isdecimal() else None
        return propose(
            user,
            [row],
            reason=request.POST.get("change_reason", ""),
            today=timezone.localdate(),
            part_of=part_of,
            at_once=bool(request.POST.get("at_once")),
        )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Read back what the form wrote and leave the transaction by an exception, which takes everything back."""
        super().save_related(request, form, formsets, change)
        codec = codec_of_model(self.model)
        key = codec.key_of(form.instance)
        row = row_of(codec, key)
        assert row is not None  # noqa: S101 - it was written just now
        before: State | None = getattr(request, _BEFORE, None)
        raise Captured(RowDraft(codec.document, codec.list_name, key, before, state_of(codec, row)))

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


def _own_pending(request: HttpRequest) -> models.QuerySet[KnowledgeChange]:
    """Changes of this person that further rows may join."""
    return KnowledgeChange.objects.filter(
        proposed_by_id=request.user.pk, state=KnowledgeChange.State.PENDING, at_once=False
    )


def _refusing(form: type[Any], problems: list[str]) -> type[Any]:
    """The same form, but it says what is wrong with the knowledge instead of saving."""

    class RefusingForm(form):  # type: ignore[misc]
        def clean(self) -> Any:
            super().clean()
            raise ValidationError([ValidationError(problem) for problem in problems])

    return RefusingForm
