"""The chain of signatures: what the database refuses, and what the verification finds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from clinic.models import Signature, User
from clinic.models.signatures import GENESIS
from clinic.signatures import append, link_hash, verify
from tests.factories.clinic import ManagerFactory, PractitionerFactory

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 24, 9, 30, 15, 123456, tzinfo=UTC)
A, B, C = "a" * 64, "b" * 64, "c" * 64


@contextmanager
def triggers_off() -> Iterator[None]:
    """What an administrator of the database can do."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("SET session_replication_role = DEFAULT")


def raw(statement: str, *values: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE would trip over checks that wait for the end
        cursor.execute(statement, values)


@pytest.fixture
def signer() -> User:
    user: User = PractitionerFactory(licence_number="PH00042").user
    return user


@pytest.fixture
def chain(signer: User) -> list[Signature]:
    return [append("note", number, digest, by=signer, at=AT) for number, digest in ((7, A), (8, B), (9, C))]


def readers(**changed: str | None) -> dict[str, Any]:
    contents = {7: A, 8: B, 9: C} | {int(key[1:]): value for key, value in changed.items()}
    return {"note": lambda ids: {pk: contents[pk] for pk in ids if contents[pk] is not None}}


def test_links_follow_each_other(chain: list[Signature]) -> None:
    rows = list(Signature.objects.all())
    assert [row.number for row in rows] == [1, 2, 3]
    assert [row.prev_hash for row in rows] == [GENESIS, rows[0].hash, rows[1].hash]
    assert [row.licence_number for row in rows] == ["PH00042"] * 3
    assert [row.hash for row in rows] == [link_hash(row) for row in rows]
    report = verify(readers())
    assert (report.holds, report.links, report.latest) == (True, 3, rows[2].hash)


def test_someone_without_registration_may_be_recorded_too() -> None:
    assert append("note", 1, A, by=ManagerFactory(), at=AT).licence_number == ""


def test_the_same_object_is_signed_once(chain: list[Signature], signer: User) -> None:
    with pytest.raises(DatabaseError, match="signed_once"), transaction.atomic():
        append("note", 8, A, by=signer, at=AT)
    assert Signature.objects.count() == 3


COPY = """
    INSERT INTO clinic_signature (number, kind, object_id, content_hash, signer_id, licence_number, signed_at,
        prev_hash, hash)
    SELECT {number}, kind, 10, content_hash, signer_id, licence_number, signed_at, {prev}, {hash}
    FROM clinic_signature WHERE number = 3
"""


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (COPY.format(number=5, prev="hash", hash="hash"), "leaves a gap"),
        (COPY.format(number=3, prev="hash", hash="hash"), "leaves a gap"),
        (COPY.format(number=4, prev="prev_hash", hash="hash"), "does not follow"),
        (COPY.format(number=4, prev="hash", hash="hash"), "not that of its content"),
        ("UPDATE clinic_signature SET content_hash = prev_hash WHERE number = 2", "Cannot update or delete"),
        ("DELETE FROM clinic_signature WHERE number = 3", "Cannot update or delete"),
        ("TRUNCATE clinic_signature", "are kept"),
        ("TRUNCATE clinic_signature CASCADE", "are kept"),
        ("TRUNCATE clinic_accessevent", "are kept"),
    ],
)
def test_the_database_refuses(chain: list[Signature], statement: str, says: str) -> None:
    with pytest.raises(DatabaseError, match=says):
        raw(statement)
    assert verify(readers()).holds


@pytest.mark.hazard("H-23")
@pytest.mark.parametrize(
    ("statement", "number", "why"),
    [
        ("UPDATE clinic_signature SET content_hash = repeat('d', 64) WHERE number = 2", 2, "the link itself"),
        ("UPDATE clinic_signature SET licence_number = 'PH1' WHERE number = 1", 1, "the link itself"),
        ("UPDATE clinic_signature SET signed_at = signed_at - interval '1 day' WHERE number = 3", 3, "the link itself"),
        ("UPDATE clinic_signature SET prev_hash = hash WHERE number = 2", 2, "does not follow"),
        ("DELETE FROM clinic_signature WHERE number = 2", 3, "link 2 is missing"),
        ("DELETE FROM clinic_signature WHERE number = 1", 2, "link 1 is missing"),
    ],
)
def test_tampering_with_the_chain_is_found(chain: list[Signature], statement: str, number: int, why: str) -> None:
    with triggers_off():
        raw(statement)
    broken = verify(readers()).broken
    assert broken is not None
    assert broken.number == number
    assert why in broken.why


@pytest.mark.hazard("H-23")
def test_tampering_with_the_content_is_found(chain: list[Signature]) -> None:
    for changed, why in ((A, "was changed"), (None, "is gone")):
        broken = verify(readers(_8=changed)).broken
        assert broken is not None
        assert (broken.number, broken.object_id) == (2, 8)
        assert why in broken.why


def test_what_nobody_can_read_is_not_verified(chain: list[Signature]) -> None:
    assert "nobody knows" in str(verify({}).broken)
