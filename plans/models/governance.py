"""Who answers for the clinical knowledge: sign-offs of revisions, and changes that a second person decides."""

from __future__ import annotations

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.utils import timezone

from clinic.history import locked_when_parent, never_emptied
from plans.models.knowledge import KnowledgeRevision

_BY_A_CLINICAL_LEAD = """
    IF NOT EXISTS (
        SELECT 1 FROM clinic_practitioner p
        WHERE p.id = NEW.by_id AND p.is_clinical_lead AND p.licence_valid_until >= (NEW.at AT TIME ZONE 'UTC')::date - 1
    ) THEN
        RAISE EXCEPTION 'the clinical knowledge is signed off by a clinical lead with a valid registration'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
"""


class KnowledgeSignOff(models.Model):
    """A clinical lead has reviewed one revision of the knowledge; without it no plan is signed on that revision.

    Append-only. ``revision`` is the name that plan versions carry; ``entries`` is what was in force, entry by entry,
    so that the next review shows what has changed since.
    """

    revision = models.CharField(max_length=64, unique=True)
    content_hash = models.CharField(max_length=64)
    by = models.ForeignKey("clinic.Practitioner", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)
    statement = models.CharField(max_length=500)
    verify_note = models.CharField(max_length=1000, help_text="What was decided about the figures marked “verify”.")
    verify_count = models.PositiveSmallIntegerField(default=0)
    entries = models.JSONField(default=dict, help_text="Document and list, then key, then the entry.")

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(statement="") & ~models.Q(verify_note=""), name="sign_off_says_what"
            )
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            never_emptied(),
            # A day of grace, because the database does not know the clinic's time zone; the action checks the day.
            pgtrigger.Trigger(
                name="by_a_clinical_lead",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func=_BY_A_CLINICAL_LEAD,
            ),
        ]

    def __str__(self) -> str:
        return f"Sign-off of revision {self.revision}"


@pghistory.track()
class KnowledgeChange(models.Model):
    """A proposed change of one or more rows. It takes effect when somebody else approves it.

    ``at_once`` marks a change that only makes things stricter: it took effect when it was proposed and still waits
    for the second person.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waits for review"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"

    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    reason = models.CharField(max_length=500)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now, editable=False)
    at_once = models.BooleanField(default=False)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=500, blank=True)
    revision = models.ForeignKey(
        KnowledgeRevision,
        on_delete=models.PROTECT,
        null=True,
        related_name="changes",
        help_text="Where it took effect.",
    )

    class Meta:
        ordering = ["-proposed_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="knowledge_change_has_reason"),
            models.CheckConstraint(
                condition=~models.Q(state__in=["approved", "rejected"])
                | (models.Q(decided_by__isnull=False) & ~models.Q(decided_by=models.F("proposed_by"))),
                name="knowledge_change_second_person",
            ),
            models.CheckConstraint(
                condition=models.Q(state="pending", decided_at__isnull=True)
                | (~models.Q(state="pending") & models.Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="knowledge_change_decided_has_who",
            ),
            models.CheckConstraint(
                condition=models.Q(at_once=True, revision__isnull=False)
                | models.Q(at_once=False, state="approved", revision__isnull=False)
                | (models.Q(at_once=False, revision__isnull=True) & ~models.Q(state="approved")),
                name="knowledge_change_revision_when_in_force",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="decided_is_kept", operation=pgtrigger.Update, condition=~pgtrigger.Q(old__state="pending")
            ),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"Change {self.pk}: {self.reason}"


@pghistory.track()
class KnowledgeChangeRow(models.Model):
    """One row of a change. ``before`` is null for a new row; both hold the entry, its place and whether it is used."""

    change = models.ForeignKey(KnowledgeChange, on_delete=models.PROTECT, related_name="rows")
    document = models.CharField(max_length=20)
    list_name = models.CharField(max_length=30)
    key = models.CharField(max_length=80)
    before = models.JSONField(null=True)
    after = models.JSONField()
    takes_shipped = models.BooleanField(default=False, help_text="The row goes back to the shipped text.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["change", "document", "list_name", "key"], name="knowledge_change_row_once")
        ]
        triggers = [
            locked_when_parent(
                "decided_is_kept", parent_table="plans_knowledgechange", fk="change_id", open_states=("pending",)
            )
        ]

    def __str__(self) -> str:
        return f"{self.document}: {self.key}"
