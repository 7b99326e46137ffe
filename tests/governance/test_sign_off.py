"""No plan is signed on knowledge that no clinical lead has signed off, whoever writes and however."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from clinic.errors import Conflict, DomainError, Invalid, ManyProblems, Refused
from clinic.models import Practitioner, User
from plans.actions import draft_plan, sign
from plans.governance.signoff import awaits_review, is_signed_off, sign_off
from plans.knowledge.documents import shipped_documents
from plans.knowledge.marks import verify_marks
from plans.knowledge.rows.revision import record_revision
from plans.models import KnowledgeSignOff, PlanVersion, Technique
from plans.signatures import verify_signatures
from tests.clinic.test_signatures import triggers_off
from tests.factories.clinic import ManagerFactory, PractitionerFactory
from tests.factories.plans import TODAY, case_assessment, case_draft

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
SAID = {"statement": "Reviewed row by row.", "verify_note": "All marked figures accepted as they stand."}


@pytest.fixture
def unsigned(loaded: None, monkeypatch: pytest.MonkeyPatch) -> PlanVersion:
    """A draft on the loaded knowledge, which nobody has signed off."""
    monkeypatch.setattr("tests.factories.plans.sign_off_knowledge", lambda: None)
    assessment = case_assessment("case_01")
    return draft_plan(assessment, assessment.author, today=TODAY)


@pytest.mark.hazard("H-11")
def test_loaded_knowledge_awaits_review_and_no_plan_is_signed(unsigned: PlanVersion, lead: User) -> None:
    assert awaits_review()
    with pytest.raises(ManyProblems) as caught:
        sign(unsigned, unsigned.created_by, today=TODAY)
    assert [problem.code for problem in caught.value.problems] == ["knowledge_not_reviewed"]
    unsigned.refresh_from_db()
    assert unsigned.state == "draft"

    sign_off(lead, revision=1, today=TODAY, **SAID)
    assert not awaits_review()
    assert is_signed_off("1")
    assert sign(unsigned, unsigned.created_by, today=TODAY).state == "signed"


@pytest.mark.hazard("H-11")
def test_the_database_refuses_too(unsigned: PlanVersion) -> None:
    raw = (
        "UPDATE plans_planversion SET state = 'signed', signed_at = now(), signed_by_id = %s, content_hash = 'x' "
        "WHERE id = %s"
    )
    signer = PractitionerFactory().pk
    with pytest.raises(IntegrityError, match="not signed off: revision 1"), transaction.atomic():
        connection.cursor().execute(raw, [signer, unsigned.pk])


def test_the_next_revision_needs_its_own_sign_off(loaded: None, lead: User) -> None:
    sign_off(lead, revision=1, today=TODAY, **SAID)
    Technique.objects.filter(key="mt_mwm").update(aim="our words")
    assert record_revision(note="edited").number == 2
    assert awaits_review()
    with pytest.raises(Conflict, match="changed since you opened"):
        sign_off(lead, revision=1, today=TODAY, **SAID)
    second = sign_off(lead, revision=2, today=TODAY, **SAID)
    assert second.entries["techniques.techniques"]["mt_mwm"]["aim"] == "our words"
    assert second.verify_count == 80 + 1  # 62 marked rows and one marked list of bands


def test_rows_changed_outside_are_not_signed_off(loaded: None, lead: User) -> None:
    Technique.objects.filter(key="mt_mwm").update(aim="by SQL")
    with pytest.raises(Conflict, match="changed outside the review"):
        sign_off(lead, revision=1, today=TODAY, **SAID)
    assert not KnowledgeSignOff.objects.exists()


def test_twice_is_refused(loaded: None, lead: User) -> None:
    sign_off(lead, revision=1, today=TODAY, **SAID)
    with pytest.raises(Conflict, match="already"):
        sign_off(lead, revision=1, today=TODAY, **SAID)


def expired() -> User:
    user: User = PractitionerFactory(is_clinical_lead=True).user
    Practitioner.objects.filter(user=user).update(licence_valid_until=TODAY - timedelta(days=1))
    return user


@pytest.mark.parametrize(
    ("who", "changes", "error", "code"),
    [
        (lambda: ManagerFactory(), {}, Refused, "not_lead"),
        (lambda: PractitionerFactory().user, {}, Refused, "not_lead"),
        (expired, {}, Refused, "licence_expired"),
        (lambda: PractitionerFactory(is_clinical_lead=True).user, {"statement": " ok "}, Invalid, "statement_missing"),
        (
            lambda: PractitionerFactory(is_clinical_lead=True).user,
            {"verify_note": "x" * 1001},
            Invalid,
            "verify_note_long",
        ),
    ],
)
def test_who_may_and_what_must_be_said(
    loaded: None, who: Callable[[], User], changes: dict[str, str], error: type[DomainError], code: str
) -> None:
    with pytest.raises(error) as caught:
        sign_off(who(), revision=1, today=TODAY, **(SAID | changes))
    assert caught.value.code == code
    assert not KnowledgeSignOff.objects.exists()


@pytest.mark.hazard("H-11")
def test_the_database_wants_a_lead_and_keeps_what_was_signed() -> None:
    row = {"revision": "9", "content_hash": "0" * 64, "statement": "s", "verify_note": "v"}
    long_ago = PractitionerFactory(is_clinical_lead=True, licence_valid_until=timezone.localdate() - timedelta(days=9))
    for who in (PractitionerFactory(), long_ago):
        with pytest.raises(IntegrityError, match="by a clinical lead"), transaction.atomic():
            KnowledgeSignOff.objects.create(by=who, **row)
    KnowledgeSignOff.objects.create(by=PractitionerFactory(is_clinical_lead=True), **row)
    for statement in ("UPDATE plans_knowledgesignoff SET revision = '10'", "DELETE FROM plans_knowledgesignoff"):
        with pytest.raises(Exception, match="Cannot"), transaction.atomic():
            connection.cursor().execute(statement)


@pytest.mark.hazard("H-23")
def test_a_sign_off_is_a_link_of_the_chain(loaded: None, lead: User) -> None:
    row = sign_off(lead, revision=1, today=TODAY, **SAID)
    report = verify_signatures()
    assert (report.holds, report.links) == (True, 1)
    with triggers_off(), connection.cursor() as cursor:
        cursor.execute("UPDATE plans_knowledgesignoff SET entries = '{}'")
    report = verify_signatures()
    assert report.broken is not None
    assert (report.broken.kind, report.broken.object_id) == ("knowledge_sign_off", row.pk)


def test_drafts_of_the_factories_are_signed_off() -> None:
    version = case_draft("case_01")
    assert is_signed_off(version.knowledge_revision)


def _marked(node: Any) -> int:
    if isinstance(node, dict):
        return (node.get("verify") is True) + (node.get("bands_verify") is True) + sum(map(_marked, node.values()))
    return sum(map(_marked, node)) if isinstance(node, list) else 0


@pytest.mark.hazard("H-11")
def test_every_marked_figure_of_the_files_is_listed() -> None:
    files = [*ROOT.glob("plans/knowledge/*.yaml"), *ROOT.glob("assessments/vocabulary/*.yaml")]
    files += ROOT.glob("exercises/library/*.yaml")
    marked = sum(_marked(yaml.safe_load(path.read_text(encoding="utf-8"))) for path in files)
    marks = verify_marks(shipped_documents())
    assert len(marks) == marked
    assert len({(mark.kind, mark.key, mark.figure) for mark in marks}) == len(marks)
    dose = next(mark for mark in marks if mark.kind == "Dose")
    assert (dose.key, dose.value) == ("dn_electrical", "visible but comfortable, 0.5 to 10 mA")
