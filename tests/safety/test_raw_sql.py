"""Raw SQL against everything that is guarded: each statement is refused and not one row differs afterwards."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection, transaction
from psycopg import Error as PsycopgError

from plans.models import PlanVersion
from tests.factories.plans import case_draft, case_letter, case_signed
from tests.plans.test_gate import blocked_draft
from tests.plans.test_holds import tell
from tests.safety.torture import without_trigger

pytestmark = pytest.mark.django_db

# What a signed plan, its assessment and its safety rest on. Names of tables and columns are constants of this file.
FROZEN = (
    *("plans_planversion", "plans_planphase", "plans_planexercise", "plans_plantechnique", "plans_planeducation"),
    *("plans_plancriterion", "plans_plangoal", "plans_plancause"),
    *("assessments_assessment", "assessments_finding", "assessments_redflaganswer", "assessments_symptomregion"),
    "assessments_psfsactivity",
)
KEPT = (
    *("plans_safetycheck", "plans_override", "plans_overriderefusal", "plans_itemhold", "clinic_factchange"),
    *("clinic_signature", "plans_knowledgesignoff", "plans_letter", "plans_planversionevent"),
)
COLUMN = {  # a column whose change would matter
    "plans_planversion": "facts_hash = 'x'",
    "plans_planphase": "aim = 'x'",
    "plans_planexercise": "safety = 'clear', reps = 29",
    "plans_plantechnique": "safety = 'clear', region = 'knee'",
    "plans_planeducation": "position = 99",
    "plans_plancriterion": "kind = 'support'",
    "plans_plangoal": "target = '0'",
    "plans_plancause": "decision = 'rejected'",
    "assessments_assessment": "state = 'draft'",
    "assessments_finding": "path = 'hist.x'",
    "assessments_redflaganswer": "answer = 'no', flag = 'x'",
    "assessments_symptomregion": "region = 'knee'",
    "assessments_psfsactivity": "score = 10",
    "plans_safetycheck": "verdict = 'clear', rule = ''",
    "plans_override": "rule = 'x'",
    "plans_itemhold": "verdict = 'clear', rule = 'x'",
    "clinic_factchange": "what = 'x'",
    "clinic_signature": "content_hash = 'x'",
    "plans_knowledgesignoff": "revision = 'x'",
    "plans_letter": "version_id = version_id",
    "plans_planversionevent": "facts_hash = 'x'",
}


def statements(table: str) -> Iterator[str]:
    change = COLUMN[table]
    yield f"UPDATE {table} SET {change}"
    yield f"WITH x AS (UPDATE {table} SET {change} RETURNING 1) SELECT count(*) FROM x"
    yield f"MERGE INTO {table} t USING (SELECT 1) o ON TRUE WHEN MATCHED THEN UPDATE SET {change}"
    yield f"DELETE FROM {table}"
    yield f"WITH x AS (DELETE FROM {table} RETURNING 1) SELECT count(*) FROM x"
    if not table.endswith("event"):
        yield f"TRUNCATE {table}"
        yield f"TRUNCATE {table} CASCADE"


TABLES = [table for table in (*FROZEN, *KEPT) if table in COLUMN]


@pytest.fixture
def signed() -> PlanVersion:
    """A signed plan with a hold on it, a letter, and a draft with an override beside it."""
    version = case_signed("case_01")
    tell(version)
    case_letter(version)
    return version


def print_of(tables: tuple[str, ...] | list[str]) -> dict[str, tuple[int, str]]:
    """Rows and digest of each table."""
    with connection.cursor() as cursor:
        found = {}
        for table in tables:
            cursor.execute(f"SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t.id), '')) FROM {table} t")
            count, digest = cursor.fetchone()
            found[table] = (count, digest)
    return found


def refused(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(statement)
    except DatabaseError:
        return True
    return False


@pytest.mark.hazard("H-08")
def test_nothing_that_was_signed_or_is_kept_changes(signed: PlanVersion) -> None:
    """By UPDATE, CTE, MERGE, DELETE or TRUNCATE, table by table."""
    before = print_of(TABLES)
    empty = [t for t in TABLES if not before[t][0] and t not in ("plans_override", "plans_overriderefusal")]
    assert empty == [], "a table without rows proves nothing"
    passed = [s for t in TABLES if before[t][0] for s in statements(t) if not refused(s)]
    assert passed == []
    assert print_of(TABLES) == before


def test_an_override_is_kept() -> None:
    blocked_draft()
    before = print_of(["plans_override"])
    allowed = "DELETE FROM plans_override"  # of a draft: whoever stated it may take it back
    passed = [s for s in statements("plans_override") if allowed not in s and not refused(s)]
    assert passed == []
    assert print_of(["plans_override"]) == before


INSERTS = {
    "plans_planexercise": "exercise_id = (SELECT max(id) FROM exercises_exercise)",
    "plans_plantechnique": "technique_id = (SELECT max(id) FROM plans_technique)",
    "plans_planeducation": "topic_id = (SELECT max(id) FROM plans_educationtopic)",
    "plans_plancriterion": "key = 'x'",
    "plans_plangoal": "metric = 'x'",
    "plans_plancause": "key = 'x'",
    "plans_planphase": "number = number",
    "assessments_finding": "path = 'hist.x'",
    "assessments_symptomregion": "region = 'knee'",
}


@pytest.mark.hazard("H-08")
@pytest.mark.parametrize("way", ["insert", "copy"])
def test_nothing_is_added_to_what_was_signed(signed: PlanVersion, way: str) -> None:
    """A row like one that is there, under another key: by INSERT ... SELECT and by COPY."""
    before = print_of(list(INSERTS))
    passed = [table for table, change in INSERTS.items() if not _added(table, change, way)]
    assert passed == []
    assert print_of(list(INSERTS)) == before


def _added(table: str, change: str, way: str) -> bool:
    """True when the new row was refused by what guards signed content."""
    column, _, value = change.partition(" = ")
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMP TABLE walked ON COMMIT DROP AS SELECT * FROM {table} ORDER BY id LIMIT 1")
            cursor.execute(f"UPDATE walked SET id = 9000000, {column} = {value}")
            if way == "insert":
                cursor.execute(f"INSERT INTO {table} SELECT * FROM walked")
                return False
            with cursor.copy("COPY walked TO STDOUT") as out:
                rows = b"".join(bytes(part) for part in out)
            with cursor.copy(f"COPY {table} FROM STDIN") as into:
                into.write(rows)
    except (DatabaseError, PsycopgError) as error:
        return "signed" in str(error)
    return False


@pytest.mark.hazard("H-06")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE plans_planversion SET state = 'signed'",
        "UPDATE plans_planversion SET state = 'superseded'",
        "UPDATE plans_planversion SET state = 'signed', signed_at = now(), content_hash = 'x',"
        " signed_by_id = (SELECT min(id) FROM clinic_practitioner)",
        "INSERT INTO plans_planversion SELECT (jsonb_populate_record(v, jsonb_build_object('id', 9000000, 'number', 99,"
        " 'state', 'signed', 'signed_at', now(), 'content_hash', 'x', 'signed_by_id',"
        " (SELECT min(id) FROM clinic_practitioner)))).* FROM plans_planversion v",
        "MERGE INTO plans_planversion t USING (SELECT 1) o ON TRUE WHEN MATCHED THEN UPDATE SET state = 'signed'",
    ],
)
def test_no_statement_signs(statement: str) -> None:
    case_draft("case_01")
    before = print_of(["plans_planversion", "clinic_signature"])
    assert refused(statement)
    assert print_of(["plans_planversion", "clinic_signature"]) == before


# --- Each trigger taken away in turn --------------------------------------------------------------------------------

TRIGGERS = [
    *((table, "signed_version_is_frozen", f"UPDATE {table} SET {COLUMN[table]}") for table in FROZEN[1:8]),
    *((table, "never_emptied", f"TRUNCATE {table}") for table in ("plans_plangoal", "plans_plancriterion")),
    *((t, "signed_assessment_is_locked", f"UPDATE {t} SET {COLUMN[t]}") for t in FROZEN[9:]),
    ("plans_planversion", "signing_gate", "UPDATE plans_planversion SET facts_hash = 'x'"),
    ("plans_planversion", "signed_is_kept", "DELETE FROM plans_planversion"),
    ("plans_safetycheck", "append_only", f"UPDATE plans_safetycheck SET {COLUMN['plans_safetycheck']}"),
    ("plans_itemhold", "released_once", "UPDATE plans_itemhold SET rule = 'x'"),
    ("plans_itemhold", "kept", "DELETE FROM plans_itemhold"),
    ("clinic_factchange", "settled_once", "UPDATE clinic_factchange SET what = 'x'"),
    ("clinic_factchange", "kept", "DELETE FROM clinic_factchange"),
    ("exercises_prescription", "held_is_not_active", "UPDATE exercises_prescription SET state = 'active'"),
    ("plans_knowledgesignoff", "append_only", "UPDATE plans_knowledgesignoff SET revision = 'x'"),
    ("plans_letter", "append_only", "DELETE FROM plans_letter"),
    ("clinic_signature", "append_only", "UPDATE clinic_signature SET content_hash = 'x'"),
]


@pytest.mark.hazard("H-08")
def test_every_trigger_taken_away_is_noticed(signed: PlanVersion) -> None:
    """With the trigger the statement is refused by it; without it the statement passes or something else refuses."""
    unnoticed = [f"{table}.{name}" for table, name, statement in TRIGGERS if not _guards(table, name, statement)]
    sys.stdout.write(f"{len(TRIGGERS) - len(unnoticed)} of {len(TRIGGERS)} triggers noticed when dropped\n")
    assert unnoticed == []


def _guards(table: str, name: str, statement: str) -> bool:
    """Does another message, or none, come once the trigger is gone?"""
    with_it = _said(statement)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        without_trigger(table, name)
        without_it = _said(statement)
        transaction.set_rollback(True)
    return with_it is not None and with_it != without_it


def _said(statement: str) -> str | None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(statement)
    except DatabaseError as error:
        return str(error)
    return None
