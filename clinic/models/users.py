"""People who log in, what they are in the clinic, and what they may practise."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

import pghistory
import pgtrigger
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from clinic.validators import validate_time_zone


class Role(models.TextChoices):
    """The four roles. What each may do is the table in ``clinic.permissions``."""

    PHYSIOTHERAPIST = "physiotherapist", "Physiotherapist"
    FRONT_DESK = "front_desk", "Front desk"
    MANAGER = "manager", "Clinic manager"
    PATIENT = "patient", "Patient"


class UserManager(BaseUserManager["User"]):
    """Creates users by e-mail address, stored in lower case."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:
        """Create a user; without a password only the e-mailed code logs in."""
        if not email:
            raise ValueError("a user needs an e-mail address")
        user = self.model(email=email.strip().lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:
        """Create the first manager with full admin rights."""
        extra = {"is_staff": True, "is_superuser": True, "role": Role.MANAGER, **extra}
        return self.create_user(email, password, **extra)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


@pghistory.track(exclude=["password", "last_login"])
class User(AbstractBaseUser, PermissionsMixin):
    """A log-in. Staff use a password, patients a code sent to their e-mail address."""

    email = models.EmailField(unique=True, max_length=254)
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=20, choices=Role.choices)
    time_zone = models.CharField(max_length=64, default="Europe/London", validators=[validate_time_zone])
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May open the admin.")
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower_case"),
            models.CheckConstraint(
                condition=~models.Q(role=Role.PATIENT) | models.Q(is_staff=False, is_superuser=False),
                name="user_patient_never_admin",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email


@pghistory.track()
class Practitioner(models.Model):
    """A physiotherapist's registration. Signing needs a licence that is valid on the day."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="practitioner")
    title = models.CharField(max_length=80, default="Physiotherapist")
    licence_number = models.CharField(max_length=40)
    licence_valid_until = models.DateField()
    is_clinical_lead = models.BooleanField(default=False)
    is_student = models.BooleanField(
        default=False, help_text="Records under supervision. What a student signs waits for a co-signature."
    )
    supervisor = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="students", help_text="Of a student."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_student=False, supervisor__isnull=True)
                | (
                    models.Q(is_student=True, supervisor__isnull=False, is_clinical_lead=False)
                    & ~models.Q(supervisor=models.F("id"))
                ),
                name="practitioner_student_has_supervisor",
                violation_error_message="A student has a supervisor and leads nobody; nobody else has a supervisor.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="supervisor_is_registered",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                func="""
                    IF EXISTS (SELECT 1 FROM clinic_practitioner WHERE id = NEW.supervisor_id AND is_student)
                        OR (NEW.is_student AND EXISTS (SELECT 1 FROM clinic_practitioner WHERE supervisor_id = NEW.id))
                    THEN
                        RAISE EXCEPTION 'a student does not supervise'
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.user.name

    def clean(self) -> None:
        """The same rules as the database, said at the field."""
        if self.is_student and self.supervisor is None:
            raise ValidationError({"supervisor": "A student needs a supervisor."})
        if self.supervisor is not None and (self.supervisor.is_student or self.supervisor == self):
            raise ValidationError({"supervisor": "The supervisor must be a registered physiotherapist."})
        if self.is_student and self.pk and self.students.exists():
            raise ValidationError({"is_student": "This person supervises students."})

    def licence_is_valid(self, on: date) -> bool:
        """True when a registration covers the given day; a student has none of their own."""
        return self.user.is_active and not self.is_student and on <= self.licence_valid_until


@pghistory.track()
class Credential(models.Model):
    """An endorsement that a technique asks for (techniques reference, global rule "credential")."""

    class Kind(models.TextChoices):
        DRY_NEEDLING = "dry_needling_certificate", "Dry-needling certificate"
        ADVANCED_MANUAL = "advanced_manual_therapy", "Advanced manual therapy (thrust)"
        PELVIC_HEALTH = "pelvic_health_endorsement", "Pelvic-health endorsement"
        ELECTRO = "electro_endorsement", "Electrotherapy endorsement"
        THORAX = "thorax_needling_endorsement", "Thorax needling endorsement"

    practitioner = models.ForeignKey(Practitioner, on_delete=models.CASCADE, related_name="credentials")
    kind = models.CharField(max_length=40, choices=Kind.choices)
    reference = models.CharField(max_length=80, blank=True)
    valid_until = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practitioner", "kind"], name="credential_once_per_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} until {self.valid_until}"
