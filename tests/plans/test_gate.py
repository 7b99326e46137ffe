"""The gate in the database: no way of writing signs an item without a valid check, or blocked without override."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from clinic.errors import DomainError
from clinic.models import Practitioner, User
from clinic.signatures import Kind, append
from plans.actions import OverrideRequest, add_exercise, draft_plan, override_item, recheck, remove_item, revise, sign
from plans.actions.holds import settle
from plans.models import Override, OverrideRefusal, PlanExercise, PlanPhase, PlanTechnique, PlanVersion, SafetyCheck
from tests.factories.clinic import PatientFactory, UserFactory
from tests.factories.plans import TODAY, case_draft, case_signed, page_version
from tests.plans.test_editing import overridable, with_condition

pytestmark = pytest.mark.django_db

REQUEST = OverrideRequest("approval_on_file", "Letter of the surgeon, 3 Nov", "Agreed by telephone as well")
Spoil = Callable[[PlanVersion], object]


def run(statement: str, *values: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement, values)
        assert cursor.rowcount != 0, "the statement touched nothing"


def force_signature(version: PlanVersion) -> None:
    """Sign past every action, with a link in the chain: what is left is the gate of the database alone."""
    now, lead = timezone.now(), Practitioner.objects.get(user=version.created_by)
    digest = "f" * 64
    with transaction.atomic():
        append(Kind.PLAN_VERSION, version.pk, digest, by=version.created_by, at=now)
        run(
            "UPDATE plans_planversion SET state = 'signed', signed_at = %s, signed_by_id = %s, content_hash = %s"
            " WHERE id = %s",
            *(now, lead.pk, digest, version.pk),
        )


def refused(version: PlanVersion, says: str) -> None:
    with pytest.raises(DatabaseError, match=says):
        force_signature(version)
    assert PlanVersion.objects.get(pk=version.pk).state == "draft"


def an_exercise(version: PlanVersion) -> PlanExercise:
    found: PlanExercise = PlanExercise.objects.filter(phase__version=version, phase__number=1).earliest("position")
    return found


def a_technique(version: PlanVersion) -> PlanTechnique:
    rows = PlanTechnique.objects.filter(phase__version=version, phase__number=1, is_alternative=False)
    found: PlanTechnique = rows.earliest("position")
    return found


def blocked_draft() -> tuple[PlanVersion, PlanExercise]:
    """A draft with one exercise that an override could re-enable, and has one."""
    version = with_condition(case_draft("case_01"), "osteoporosis")
    place, key = overridable(version)
    item = add_exercise(place, version.created_by, key=key, reason="Needed", today=TODAY, override=REQUEST)
    settle(version.plan.episode.patient, None, today=TODAY)
    return page_version(version), item


def test_what_the_actions_write_passes() -> None:
    version = case_draft("case_01")
    planned = PlanTechnique.objects.count() + PlanExercise.objects.count()
    assert SafetyCheck.objects.count() == planned
    check = an_exercise(version).checks.get()
    assert (check.version, check.facts_hash) == (version, version.facts_hash)
    assert (check.knowledge_revision, check.verdict, check.by) == (
        version.knowledge_revision, "clear", version.created_by,
    )  # fmt: skip
    force_signature(version)
    assert PlanVersion.objects.get().state == "signed"


def _raw_insert(version: PlanVersion) -> None:
    run(
        """INSERT INTO plans_planexercise (phase_id, exercise_id, region, side, position, safety, causes, reasons,
            origin, sets, reps, per_day, days_per_week, rpe_low, rpe_high, rest_s, minutes_per_day)
        SELECT phase_id, (SELECT id FROM exercises_exercise WHERE key = 'deadlift_hip_hinge_loaded' OR TRUE
            ORDER BY id DESC LIMIT 1), region, side, 90, 'clear', causes, reasons, origin, 1, 1, 1, 7, 1, 3, 0, 0
        FROM plans_planexercise WHERE id = %s""",
        an_exercise(version).pk,
    )


def _bulk_create(version: PlanVersion) -> None:
    item = a_technique(version)
    other = PlanPhase.objects.get(version=version, number=3)
    other.plantechniques.filter(technique=item.technique).delete()
    row = PlanTechnique(phase=other, technique=item.technique, region=item.region, side=item.side, safety="clear")
    PlanTechnique.objects.bulk_create([row])


def _with_checks_of_another(version: PlanVersion) -> None:
    item = an_exercise(version)
    item.checks.all().delete()
    run(
        """INSERT INTO plans_safetycheck (version_id, exercise_item_id, key, region, side, phase, knowledge_revision,
            facts_hash, verdict, rule, reasons, checked_at)
        SELECT version_id, %s, key, region, side, phase, knowledge_revision, facts_hash, verdict, rule, reasons, now()
        FROM plans_safetycheck WHERE exercise_item_id <> %s ORDER BY id LIMIT 1""",
        *(item.pk, item.pk),
    )


def _update(table: str, what: str, pick: Callable[[PlanVersion], Any]) -> Spoil:
    return lambda version: run(f"UPDATE {table} SET {what} WHERE id = %s", pick(version).pk)  # noqa: S608


def _itself(version: PlanVersion) -> PlanVersion:
    return version


@pytest.mark.hazard("H-06")
@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_raw_insert, "no safety check"),
        (_bulk_create, "no safety check"),
        (_with_checks_of_another, "no safety check"),
        (lambda v: SafetyCheck.objects.filter(version=v).delete(), "no safety check"),
        (lambda v: an_exercise(v).checks.all().delete(), "no safety check"),
        (_update("plans_plantechnique", "region = 'knee'", a_technique), "no safety check"),
        (_update("plans_plantechnique", "side = 'both', region = 'neck'", a_technique), "no safety check"),
        (_update("plans_planexercise", "safety = 'precaution'", an_exercise), "no safety check"),
        (_update("plans_planexercise", "safety = 'blocked_absolute'", an_exercise), "no safety check"),
        (
            _update("plans_planexercise", "exercise_id = (SELECT max(id) FROM exercises_exercise)", an_exercise),
            "no safety check",
        ),
        (_update("plans_planversion", "facts_hash = repeat('0', 64)", _itself), "no safety check"),
        (_update("plans_planversion", "knowledge_revision = 'other'", _itself), "(no safety check|not signed off)"),
        (_update("plans_planversion", "disposition = 'emergency_now'", _itself), "may not be released"),
        (_update("plans_planversion", "start_phase = NULL", _itself), "may not be released"),
    ],
)
def test_an_item_without_a_check_as_it_stands_is_refused(spoil: Spoil, says: str) -> None:
    version = case_draft("case_01")
    spoil(version)
    refused(version, says)


def test_a_version_past_the_chain_is_refused() -> None:
    version = case_draft("case_01")
    with pytest.raises(DatabaseError, match="not in the chain"):
        run(
            "UPDATE plans_planversion SET state = 'signed', signed_at = now(), content_hash = 'f',"
            " signed_by_id = (SELECT min(id) FROM clinic_practitioner) WHERE id = %s",
            version.pk,
        )


@pytest.mark.parametrize("state", ["signed", "superseded"])
def test_nothing_is_born_signed(state: str) -> None:
    version = case_draft("case_01")
    with pytest.raises(DatabaseError):
        run(f"UPDATE plans_planversion SET state = '{state}'")  # noqa: S608
    assert PlanVersion.objects.get(pk=version.pk).state == "draft"


@pytest.mark.hazard("H-06")
def test_an_absolute_block_is_never_signed() -> None:
    version, item = blocked_draft()
    run("UPDATE plans_planexercise SET safety = 'blocked_absolute' WHERE id = %s", item.pk)
    run(
        """INSERT INTO plans_safetycheck (version_id, exercise_item_id, key, region, side, phase, knowledge_revision,
            facts_hash, verdict, rule, reasons, checked_at)
        SELECT version_id, exercise_item_id, key, region, side, phase, knowledge_revision, facts_hash,
            'blocked_absolute', rule, reasons, now()
        FROM plans_safetycheck WHERE exercise_item_id = %s ORDER BY id DESC LIMIT 1""",
        item.pk,
    )
    assert Override.objects.filter(exercise_item=item).exists()
    refused(version, "blocked_absolute without a valid override")


def _no_override(version: PlanVersion, item: PlanExercise) -> None:
    item.override.delete()


def _licence_ended(version: PlanVersion, item: PlanExercise) -> None:
    Practitioner.objects.update(licence_valid_until=timezone.now().date() - timedelta(days=2))


def _left(version: PlanVersion, item: PlanExercise) -> None:
    User.objects.filter(practitioner__isnull=False).update(is_active=False)


def _another_rule(version: PlanVersion, item: PlanExercise) -> None:
    run(
        """INSERT INTO plans_safetycheck (version_id, exercise_item_id, key, region, side, phase, knowledge_revision,
            facts_hash, verdict, rule, reasons, checked_at)
        SELECT version_id, exercise_item_id, key, region, side, phase, knowledge_revision, facts_hash, verdict,
            'pregnancy', reasons, now()
        FROM plans_safetycheck WHERE exercise_item_id = %s ORDER BY id DESC LIMIT 1""",
        item.pk,
    )


@pytest.mark.hazard("H-05")
@pytest.mark.parametrize("spoil", [_no_override, _licence_ended, _left, _another_rule])
def test_an_override_must_hold_on_the_day_of_the_signature(spoil: Callable[..., None]) -> None:
    version, item = blocked_draft()
    spoil(version, item)
    refused(version, "blocked_overridable without a valid override")


def test_a_valid_override_passes() -> None:
    version, item = blocked_draft()
    force_signature(version)
    for statement, says in (
        ("UPDATE plans_override SET reason = 'x'", "Cannot update"),
        ("DELETE FROM plans_override", "never changes"),
        ("DELETE FROM plans_safetycheck", "are kept"),
        ("UPDATE plans_safetycheck SET verdict = 'clear'", "Cannot update"),
        ("TRUNCATE plans_override", "are kept"),
        ("TRUNCATE plans_safetycheck", "are kept"),
    ):
        with pytest.raises(DatabaseError, match=says):
            run(statement)
    assert Override.objects.get().exercise_item == item


COLUMNS = "patient_id, version_id, exercise_item_id, rule, approval, reason_code, reason, by_id, stated_on, at"


def raw_override(item: PlanExercise, **changed: Any) -> None:
    version = item.phase.version
    row = {
        "patient_id": version.plan.episode.patient_id,
        "version_id": version.pk,
        "exercise_item_id": item.pk,
        "rule": "osteoporosis",
        "approval": "Letter",
        "reason_code": "approval_on_file",
        "reason": "Agreed",
        "by_id": Practitioner.objects.get(user=version.created_by).pk,
        "stated_on": TODAY,
        "at": timezone.now(),
    } | changed
    marks = ", ".join(["%s"] * len(row))
    run(f"INSERT INTO plans_override ({COLUMNS}) VALUES ({marks})", *row.values())  # noqa: S608


@pytest.mark.hazard("H-05")
@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"patient_id": "other"}, "another patient"),
        ({"version_id": "other"}, "another version"),
        ({"by_id": "expired"}, "licence"),
        ({"stated_on": TODAY + timedelta(days=40_000)}, "licence"),
        ({"reason": ""}, "override_has_reason"),
        ({"approval": ""}, "override_has_reason"),
        ({"reason_code": "because"}, "override_has_reason"),
    ],
)
def test_the_database_refuses_an_override(changed: dict[str, Any], says: str) -> None:
    _, item = blocked_draft()
    item.override.delete()
    if "other" in changed.values():
        other = case_draft("case_02") if "version_id" in changed else PatientFactory()
        changed = dict.fromkeys(changed, other.pk)
    if "expired" in changed.values():
        changed = {"by_id": _expired_practitioner().pk}
    with pytest.raises(DatabaseError, match=says):
        raw_override(item, **changed)
    assert Override.objects.count() == 0
    raw_override(item)  # nothing but the change was in the way
    assert Override.objects.count() == 1


def _expired_practitioner() -> Practitioner:
    user = UserFactory(role="physiotherapist")
    return Practitioner.objects.create(user=user, licence_number="X", licence_valid_until=TODAY - timedelta(days=1))


@pytest.mark.parametrize("safety", ["clear", "precaution", "unknown", "blocked_absolute"])
def test_only_what_may_be_overridden_is(safety: str) -> None:
    item = an_exercise(case_draft("case_01"))
    PlanExercise.objects.filter(pk=item.pk).update(safety=safety)
    with pytest.raises(DatabaseError, match="no override is possible"):
        raw_override(item)


def test_a_signed_version_takes_no_override() -> None:
    item = an_exercise(case_signed("case_01"))
    with pytest.raises(DatabaseError, match="never changes"):
        raw_override(item)


@pytest.mark.hazard("H-06")
def test_a_forged_check_is_found_by_the_signing_action() -> None:
    version, item = blocked_draft()
    item.override.delete()
    run("UPDATE plans_planexercise SET safety = 'clear' WHERE id = %s", item.pk)
    run(
        """INSERT INTO plans_safetycheck (version_id, exercise_item_id, key, region, side, phase, knowledge_revision,
            facts_hash, verdict, rule, reasons, checked_at)
        SELECT version_id, exercise_item_id, key, region, side, phase, knowledge_revision, facts_hash, 'clear', '',
            reasons, now()
        FROM plans_safetycheck WHERE exercise_item_id = %s ORDER BY id DESC LIMIT 1""",
        item.pk,
    )
    with pytest.raises(DomainError) as refusal:
        sign(version, version.created_by, today=TODAY)
    assert refusal.value.code == "verdict_differs"
    assert PlanVersion.objects.get(pk=version.pk).state == "draft"


def test_a_database_refusal_is_said_and_a_recheck_helps() -> None:
    version = case_draft("case_01")
    SafetyCheck.objects.filter(version=version).delete()
    with pytest.raises(DomainError, match="Check the edited draft again") as refusal:
        sign(version, version.created_by, today=TODAY)
    assert refusal.value.code == "database_refused"
    recheck(version, version.created_by, reason="Looked again", today=TODAY)
    assert sign(version, version.created_by, today=TODAY).state == "signed"


# --- Refused attempts are kept --------------------------------------------------------------------------------------


def attempts(version: PlanVersion) -> list[tuple[User, OverrideRequest, str]]:
    by = version.created_by
    return [
        (UserFactory(role="physiotherapist"), REQUEST, "no_licence"),
        (_expired_practitioner().user, REQUEST, "licence_expired"),
        (by, OverrideRequest("", "Letter of 3 Nov", "Agreed"), "reason_code"),
        (by, OverrideRequest("approval_on_file", "", "Agreed"), "reason_missing"),
        (by, OverrideRequest("approval_on_file", "Letter of 3 Nov", ""), "reason_missing"),
        (by, OverrideRequest("approval_on_file", "Letter of 3 Nov", "Agreed", version=version.pk + 1), "other_version"),
    ]


@pytest.mark.hazard("H-05")
@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("way", ["add", "override"])
def test_a_refused_override_is_recorded_and_nothing_else(number: int, way: str) -> None:
    version, item = blocked_draft()
    item.override.delete()
    key, place = item.exercise.key, item.phase
    if way == "add":
        remove_item(item, version.created_by, reason="Not needed")
    who, request, code = attempts(version)[number]
    before = list(PlanExercise.objects.order_by("pk").values_list("pk", "safety"))

    def attempt() -> None:
        if way == "add":
            add_exercise(place, who, key=key, reason="Needed", today=TODAY, override=request)
        else:
            override_item(PlanExercise.objects.get(pk=item.pk), who, request=request, today=TODAY)

    with pytest.raises(DomainError) as refusal:
        attempt()

    assert refusal.value.code == code
    assert Override.objects.count() == 0
    assert list(PlanExercise.objects.order_by("pk").values_list("pk", "safety")) == before
    row = OverrideRefusal.objects.get()
    assert (row.code, row.by, row.item, row.phase) == (code, who, key, place.number)
    assert (row.patient, row.plan, row.version_number) == (version.plan.episode.patient, version.plan, version.number)
    assert "osteoporosis" in row.rule
    assert (row.reason_code, row.approval, row.reason) == (request.reason_code, request.approval, request.reason)


def test_an_attempt_on_an_absolute_block_or_a_signed_version_is_recorded() -> None:
    version = with_condition(case_draft("case_01"), "pregnancy")
    item = an_exercise(version)
    signed = case_signed("case_02")
    by = signed.created_by
    with pytest.raises(DomainError, match="signed and never changes"):
        override_item(an_exercise(signed), by, request=REQUEST, today=TODAY)
    with pytest.raises(DomainError):
        override_item(item, version.created_by, request=REQUEST, today=TODAY)
    assert [row.code for row in OverrideRefusal.objects.order_by("id")] == ["not_draft", "not_blocked"]
    for statement in ("UPDATE plans_overriderefusal SET code = 'x'", "DELETE FROM plans_overriderefusal",
                      "TRUNCATE plans_overriderefusal"):  # fmt: skip
        with pytest.raises(DatabaseError):
            run(statement)


@pytest.mark.hazard("H-05")
def test_clones_and_new_drafts_carry_no_override() -> None:
    version, item = blocked_draft()
    signed = sign(version, version.created_by, today=TODAY)
    draft = revise(signed.plan, signed.created_by, today=TODAY)
    copy = PlanExercise.objects.get(phase__version=draft, phase__number=item.phase.number, exercise=item.exercise)
    assert copy.safety == "blocked_overridable"
    assert not Override.objects.filter(version=draft).exists()
    refused(draft, "without a valid override")
    again = draft_plan(signed.assessment, signed.created_by, today=TODAY)
    assert not Override.objects.filter(version=again).exists()
    assert Override.objects.get().version == signed
