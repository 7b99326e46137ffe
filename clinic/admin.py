"""Administration of people, registrations and the clinic itself. Patient records are kept on the staff pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import QuerySet
from django.http import HttpRequest

from clinic.audit import note_seen
from clinic.models import AccessEvent, Clinic, Consent, Credential, Episode, Patient, Practitioner, User
from clinic.permissions import Permission, may

admin.site.site_header = "Kineplan library and settings"
admin.site.site_title = "Kineplan"
admin.site.index_title = "Library and settings"


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Shown, never changed here: these rows have their own pages, rules and locks."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, Permission.AUDIT_VIEW)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may(request.user, Permission.AUDIT_VIEW)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Opening a row here is logged like opening it anywhere else."""
        found = super().get_object(request, object_id, from_field)
        patient_id = found.pk if isinstance(found, Patient) else getattr(found, "patient_id", None)
        if patient_id is not None:
            note_seen([patient_id])
        return found


class KnowledgeAdmin(admin.ModelAdmin[Any]):
    """Changed by those who keep the clinical knowledge, never deleted: plans refer to it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(request.user, Permission.KNOWLEDGE_EDIT)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, Permission.KNOWLEDGE_EDIT)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, Permission.CONTACT_VIEW)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may(request.user, Permission.CONTACT_VIEW)


class ManagedAdmin(KnowledgeAdmin):
    """People and the clinic: a manager's business alone."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, Permission.KNOWLEDGE_EDIT)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may(request.user, Permission.KNOWLEDGE_EDIT)


class StaffCreationForm(AdminUserCreationForm[User]):
    """Makes a log-in for staff; patients get theirs at registration."""

    class Meta:
        model = User
        fields = ("email", "name", "role")

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].strip().lower()
        return email


class StaffChangeForm(UserChangeForm[User]):
    """Keeps the address in lower case, as the database demands."""

    class Meta:
        model = User
        fields = "__all__"

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].strip().lower()
        return email


class CredentialInline(admin.TabularInline[Credential, Practitioner]):
    model = Credential
    extra = 0


@admin.register(User)
class UserAdmin(ManagedAdmin, DjangoUserAdmin[User]):
    """Log-ins. Switching one off takes effect with the next request."""

    form = StaffChangeForm
    add_form = StaffCreationForm
    ordering = ("name",)
    list_display = ("name", "email", "role", "is_active", "is_staff", "last_login")
    list_filter = ("role", "is_active", "is_staff")
    search_fields = ("name", "email")
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "password", "name", "role", "time_zone")}),
        ("Access", {"fields": ("is_active", "is_staff")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {"classes": ("wide",), "fields": ("email", "name", "role", "usable_password", "password1", "password2")},
        ),
    )
    filter_horizontal = ()


@admin.register(Practitioner)
class PractitionerAdmin(ManagedAdmin):
    """Registrations and endorsements; signing and needling depend on their dates."""

    list_display = ("user", "title", "licence_number", "licence_valid_until", "is_clinical_lead")
    list_filter = ("is_clinical_lead",)
    search_fields = ("user__name", "user__email", "licence_number")
    list_select_related = ("user",)
    autocomplete_fields = ("user",)
    inlines = (CredentialInline,)


@admin.register(Clinic)
class ClinicAdmin(ManagedAdmin):
    """The clinic's own row: there is one, and no second can be made."""

    list_display = ("name", "phone", "email", "time_zone")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not Clinic.objects.exists()


class ConsentInline(admin.TabularInline[Consent, Patient]):
    model = Consent
    extra = 0
    can_delete = False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, Permission.CLINICAL_VIEW)


@admin.register(Patient)
class PatientAdmin(ReadOnlyAdmin):
    """For looking up; registration and changes are on the staff pages, where the rules are."""

    list_display = ("family_name", "given_name", "number", "date_of_birth", "is_active")
    list_filter = ("is_active", "language")
    search_fields = ("family_name__istartswith", "given_name__istartswith", "number__istartswith")
    show_full_result_count = False
    exclude = ("search",)
    inlines = (ConsentInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Patient]:
        """Only what the reader may see on the staff pages as well."""
        return Patient.objects.visible_to(request.user)


@admin.register(Episode)
class EpisodeAdmin(ReadOnlyAdmin):
    """Episodes of care, to look up."""

    list_display = ("patient", "practitioner", "state", "opened_on", "closed_on")
    list_filter = ("state",)
    list_select_related = ("patient", "practitioner__user")
    search_fields = ("patient__family_name__istartswith", "patient__number__istartswith")
    date_hierarchy = "opened_on"


@admin.register(AccessEvent)
class AccessEventAdmin(ReadOnlyAdmin):
    """Who saw whose data. Append-only in the database as well."""

    list_display = ("at", "user", "patient", "action", "view", "method", "status")
    list_filter = ("action", "at")
    list_select_related = ("user", "patient")
    search_fields = ("user__email", "patient__number")
    show_full_result_count = False
    date_hierarchy = "at"


def staff_may_enter(request: HttpRequest) -> bool:
    """The admin opens for active staff of the clinic, never for patients."""
    user = request.user
    return getattr(user, "is_staff", False) and may(user, Permission.CONTACT_VIEW)


admin.site.has_permission = staff_may_enter  # type: ignore[method-assign]
