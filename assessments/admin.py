"""Assessments in the admin: to look at, never to change. They are written on their own page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from assessments.models import (
    Amendment,
    Assessment,
    Finding,
    FlagClearance,
    InstrumentVersion,
    PainMark,
    PsfsActivity,
    RedFlagAnswer,
    Surgery,
    SymptomRegion,
)
from assessments.outcomes.install import install, instrument_of
from assessments.outcomes.instrument import MAX_BYTES, InstrumentError
from clinic.admin import KnowledgeAdmin, ReadOnlyAdmin
from clinic.audit import note_seen
from clinic.models import User


class ReadOnlyInline(admin.TabularInline[Any, Any]):
    """Rows of an assessment, shown only."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # whoever may open the assessment


def _inline(shown: type[Any], columns: tuple[str, ...]) -> type[ReadOnlyInline]:
    options = {"model": shown, "fields": columns, "fk_name": "assessment"}
    return type(f"{shown.__name__}Inline", (ReadOnlyInline,), options)


@admin.register(Assessment)
class AssessmentAdmin(ReadOnlyAdmin):
    """Who assessed whom and when, with every row."""

    list_display = ("assessed_on", "patient", "kind", "state", "author", "signed_by", "signed_at")
    list_filter = ("state", "kind")
    search_fields = ("episode__patient__number", "episode__patient__family_name", "author__name")
    date_hierarchy = "assessed_on"
    inlines = (
        _inline(Finding, ("path", "side", "mode", "number", "text", "truth", "choices", "pain_limited", "note")),
        _inline(SymptomRegion, ("region", "side")),
        _inline(PainMark, ("view", "region", "side", "depth", "quality", "nprs")),
        _inline(PsfsActivity, ("position", "activity", "score")),
        _inline(Surgery, ("procedure", "region", "side", "performed_on")),
        _inline(RedFlagAnswer, ("flag", "answer", "region", "side", "note")),
        _inline(FlagClearance, ("flag", "reason", "source", "cleared_by")),
        _inline(Amendment, ("reason", "addition", "signed_by")),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("episode__patient", "author", "signed_by")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Opening an assessment here is logged like opening it anywhere else."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            note_seen([found.episode.patient_id])
        return found

    @admin.display(ordering="episode__patient__family_name")
    def patient(self, assessment: Assessment) -> str:
        return str(assessment.episode.patient)


class InstallForm(forms.ModelForm[InstrumentVersion]):
    """An instrument as a file; every problem of it is named, and then nothing is installed."""

    user: User | None = None  # who installs
    file = forms.FileField(
        help_text="A .yaml file as docs/outcomes.md describes it. Install only what the clinic may use: the wording of "
        "many questionnaires belongs to somebody."
    )

    class Meta:
        model = InstrumentVersion
        fields: tuple[str, ...] = ()

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        try:
            if upload.size > MAX_BYTES:
                raise InstrumentError([f"{upload.name}: larger than {MAX_BYTES} bytes"])
            installed = install({upload.name: upload.read().decode("utf-8")}, by=self.user)
        except UnicodeDecodeError:
            raise forms.ValidationError("The file is no text.") from None
        except InstrumentError as error:
            raise forms.ValidationError(error.problems) from None
        if not installed.created:
            raise forms.ValidationError("This version is installed already.")
        key, number = installed.created[0].split()
        self.instance = InstrumentVersion.objects.get(key=key, number=number)
        return upload

    def save(self, commit: bool = True) -> InstrumentVersion:
        """The parser has written the row already."""
        self.save_m2m = lambda: None  # type: ignore[method-assign]
        return self.instance


class DifferenceForm(forms.ModelForm[InstrumentVersion]):
    """Which of the published differences counts in this clinic."""

    class Meta:
        model = InstrumentVersion
        fields = ("difference",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "difference" not in self.fields:
            return  # shown only
        instrument = instrument_of(self.instance)
        choices = [(d.key, f"{d.label}; {d.source}") for d in instrument.differences]
        self.fields["difference"] = forms.ChoiceField(choices=[("", "As the file says"), *choices], required=False)


@admin.register(InstrumentVersion)
class InstrumentVersionAdmin(KnowledgeAdmin):
    """Install an instrument by its file; choose the difference that matters. Content never changes."""

    list_display = ("title", "key", "number", "in_force", "is_shipped", "difference", "installed_at")
    list_filter = ("in_force", "is_shipped")
    search_fields = ("key", "title")
    readonly_fields = ("key", "number", "title", "in_force", "is_shipped", "licence", "source", "installed_by")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        kwargs["form"] = DifferenceForm if change else InstallForm
        form = super().get_form(request, obj, change, **kwargs)
        form.user = request.user  # type: ignore[attr-defined]
        return form

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.readonly_fields, "difference") if obj else ("file",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Licence")
    def licence(self, row: InstrumentVersion) -> str:
        licence = instrument_of(row).licence
        return f"{licence.name}: {licence.statement}"

    @admin.display(description="Source")
    def source(self, row: InstrumentVersion) -> str:
        return instrument_of(row).source
