"""The chain of signatures: who signed what, each link bound to the one before. Append-only, checked by the database."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils import timezone

from clinic.history import append_only

GENESIS = "0" * 64
CHAIN_LOCK = 7_203_114_550  # any number that no other advisory lock of the product uses

# The same text as clinic.signatures.link_text: a link that another program computed must come out equal.
_NEXT_LINK = """
    PERFORM pg_advisory_xact_lock(CHAIN_LOCK);
    SELECT number, hash INTO last_number, last_hash FROM clinic_signature ORDER BY number DESC LIMIT 1;
    IF NEW.number IS DISTINCT FROM COALESCE(last_number, 0) + 1 THEN
        RAISE EXCEPTION 'signature % leaves a gap after %', NEW.number, COALESCE(last_number, 0)
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.prev_hash IS DISTINCT FROM COALESCE(last_hash, repeat('0', 64)) THEN
        RAISE EXCEPTION 'signature % does not follow the one before it', NEW.number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.hash IS DISTINCT FROM encode(sha256(convert_to(concat_ws(chr(10),
        NEW.prev_hash, NEW.number, NEW.kind, NEW.object_id, NEW.content_hash, NEW.signer_id,
        to_char(NEW.signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), NEW.licence_number
    ), 'UTF8')), 'hex') THEN
        RAISE EXCEPTION 'the hash of signature % is not that of its content', NEW.number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
"""


class Signature(models.Model):
    """One link of the chain. Written by :func:`clinic.signatures.append`, in the transaction that signs.

    ``hash`` covers ``prev_hash`` and every other column; ``content_hash`` covers what was signed, as its own domain
    reads it. ``kind`` and ``object_id`` name that object: the chain lies below all layers and points to none.
    """

    number = models.PositiveBigIntegerField(unique=True)
    kind = models.CharField(max_length=30)
    object_id = models.PositiveBigIntegerField()
    content_hash = models.CharField(max_length=64)
    signer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    licence_number = models.CharField(max_length=40, blank=True)
    signed_at = models.DateTimeField()
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "object_id"], name="signed_once"),
            models.CheckConstraint(
                condition=models.Q(kind__regex=r"^[a-z][a-z_]*$")
                & models.Q(content_hash__regex=r"^[0-9a-f]{64}$")
                & ~models.Q(licence_number__contains="\n"),
                name="signature_well_formed",
            ),
        ]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="next_link",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                declare=[("last_number", "BIGINT"), ("last_hash", "TEXT")],
                func=_NEXT_LINK.replace("CHAIN_LOCK", str(CHAIN_LOCK)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.kind} {self.object_id}"


class SignatureCheck(models.Model):
    """One run of the verification over the whole chain. ``problem`` names the first broken link; empty: it holds."""

    at = models.DateTimeField(default=timezone.now, editable=False)
    links = models.PositiveBigIntegerField()
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        triggers = append_only()

    def __str__(self) -> str:
        return self.problem or f"{self.links} links hold"
