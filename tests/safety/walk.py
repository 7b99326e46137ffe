"""A random walk over every writer of a plan, and an invariant that is checked by SQL of its own after every step.

Steps are real actions, the page of conditions, bulk writes and raw SQL. What is refused is counted and changes
nothing that matters; what is accepted must keep the invariant. What must be blocked comes from the typed tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.actions import answer_condition
from clinic.errors import DomainError
from clinic.models import Condition, PatientCondition, Practitioner, User
from clinic.signatures import Kind, append
from plans import actions
from plans.actions import OverrideRequest, drafting
from plans.actions.editing import dose_of
from plans.actions.holds import facts_may_change, release_hold, settle
from plans.actions.nightly import screen_running
from plans.engine.facts import Site
from plans.engine.knowledge import Knowledge, TechniqueEffect
from plans.knowledge.parse import shipped_knowledge
from plans.models import (
    ItemHold,
    KnowledgeSignOff,
    Pack,
    Plan,
    PlanExercise,
    PlanPhase,
    PlanTechnique,
    PlanVersion,
    SafetyCheck,
)
from tests.factories.plans import TODAY
from tests.safety import matrix
from tests.safety.torture import LONG

KNOWN = shipped_knowledge()
CONDITIONS = (
    *("pacemaker", "osteoporosis", "anticoagulant", "fracture_unhealed", "joint_replacement", "recent_surgery"),
    *("hypermobility", "epilepsy", "skin_lesion", "impaired_sensation", "pregnancy_t2_t3", "vertebral_fracture_recent"),
    *("acute_haematoma", "hypertension_uncontrolled", "systemic_infection"),
)
PLACES = ("lumbar", "buttock", "knee", "calf", "whole_body")
REASON = "On the walk"
LOOKS = 100 if LONG else 2  # at the portal, which is slow
REQUEST = OverrideRequest("approval_on_file", "Letter of the physician", "Agreed by telephone")

# --- The invariant, in SQL that shares nothing with the product -----------------------------------------------------

PLANNED = """
    SELECT v.id AS version, v.plan_id, v.state, v.facts_hash, v.knowledge_revision, v.signed_at, e.patient_id,
           p.number AS phase, i.id AS technique_id, NULL::bigint AS exercise_id, t.key, i.region, i.side, i.safety
    FROM plans_plantechnique i JOIN plans_technique t ON t.id = i.technique_id
    JOIN plans_planphase p ON p.id = i.phase_id JOIN plans_planversion v ON v.id = p.version_id
    JOIN plans_plan l ON l.id = v.plan_id JOIN clinic_episode e ON e.id = l.episode_id WHERE NOT i.is_alternative
    UNION ALL
    SELECT v.id, v.plan_id, v.state, v.facts_hash, v.knowledge_revision, v.signed_at, e.patient_id,
           p.number, NULL, i.id, x.key, i.region, i.side, i.safety
    FROM plans_planexercise i JOIN exercises_exercise x ON x.id = i.exercise_id
    JOIN plans_planphase p ON p.id = i.phase_id JOIN plans_planversion v ON v.id = p.version_id
    JOIN plans_plan l ON l.id = v.plan_id JOIN clinic_episode e ON e.id = l.episode_id
"""
OVERRIDE = """
    SELECT 1 FROM plans_override o WHERE o.version_id = i.version AND o.patient_id = i.patient_id
    AND (o.technique_item_id = i.technique_id OR o.exercise_item_id = i.exercise_id)
"""
INVARIANT = {  # every part is a constant of this file
    "a signed version holds a blocked item without an override of it": """
        SELECT i.key FROM (_PLANNED_) i WHERE i.state <> 'draft' AND (
            i.safety NOT IN ('clear', 'precaution', 'blocked_overridable')
            OR (i.safety = 'blocked_overridable' AND NOT EXISTS (_OVERRIDE_)))""",
    "a signed version holds an item without a check of it as it stands": """
        SELECT i.key FROM (_PLANNED_) i WHERE i.state <> 'draft' AND NOT EXISTS (
            SELECT 1 FROM plans_safetycheck c WHERE c.version_id = i.version AND c.key = i.key
              AND (c.technique_item_id = i.technique_id OR c.exercise_item_id = i.exercise_id)
              AND c.region = i.region AND c.side = i.side AND c.phase = i.phase AND c.verdict = i.safety
              AND c.facts_hash = i.facts_hash AND c.knowledge_revision = i.knowledge_revision
              AND c.checked_at <= i.signed_at)""",
    "a signed version may not be released": """
        SELECT v.id FROM plans_planversion v WHERE v.state <> 'draft'
        AND (v.start_phase IS NULL OR v.disposition IN ('emergency_now', 'urgent_same_day'))""",
    "a signed version is not in the chain of signatures": """
        SELECT v.id FROM plans_planversion v WHERE v.state <> 'draft' AND NOT EXISTS (
            SELECT 1 FROM clinic_signature s WHERE s.kind = 'plan_version' AND s.object_id = v.id
              AND s.content_hash = v.content_hash)""",
    "a signed version rests on knowledge that nobody signed off": """
        SELECT v.id FROM plans_planversion v WHERE v.state <> 'draft' AND NOT EXISTS (
            SELECT 1 FROM plans_knowledgesignoff k WHERE k.revision = v.knowledge_revision)""",
    "a held item has a prescription that runs": """
        SELECT h.key FROM plans_itemhold h JOIN plans_plannedprescription n ON n.item_id = h.exercise_item_id
        JOIN exercises_prescription r ON r.id = n.prescription_id
        WHERE h.released_at IS NULL AND r.state = 'active'""",
    "a prescription runs that nobody has signed": """
        SELECT r.id FROM exercises_prescription r JOIN plans_plannedprescription n ON n.prescription_id = r.id
        JOIN plans_planexercise i ON i.id = n.item_id JOIN plans_planphase p ON p.id = i.phase_id
        JOIN plans_planversion v ON v.id = p.version_id WHERE r.state = 'active' AND v.state = 'draft'""",
}


def fetch(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("_PLANNED_", PLANNED).replace("_OVERRIDE_", OVERRIDE), values)
        return list(cursor.fetchall())


def run(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def broken() -> list[str]:
    """The sentences of the invariant that do not hold, with what breaks them."""
    found = [(says, fetch(statement)) for says, statement in INVARIANT.items()]
    return [f"{says}: {rows}" for says, rows in found if rows]


# --- The walk -------------------------------------------------------------------------------------------------------


class Walk:
    """One patient with a signed plan, and a practitioner who tries everything."""

    def __init__(
        self,
        version: PlanVersion,
        seed: int,
        set_knowledge: Callable[[Knowledge], None],
        only: Sequence[str] = (),
    ) -> None:
        self.random = Random(seed)
        self.only = tuple(only)
        self.plan, self.assessment = version.plan, version.assessment
        self.by: User = version.created_by
        self.patient = version.plan.episode.patient
        self.client = Client()
        self.client.force_login(self.by)
        self.portal = Client()
        assert self.patient.user is not None
        self.portal.force_login(self.patient.user)
        self.looked = 0
        self.set_knowledge = set_knowledge
        self.forged: set[int] = set()  # versions with a check that raw SQL has written
        self.extra: tuple[str, str] | None = None  # condition and technique that the changed knowledge forbids
        self.revision = KNOWN.revision
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.trace: list[str] = []

    def step(self) -> None:
        """One random step, then the invariant."""
        name = self.next_step()
        try:
            with transaction.atomic():
                STEPS[name](self)
            self.done[name] += 1
            self.trace.append(name)
        except (DomainError, DatabaseError, Nothing) as error:
            self.refused[name] += 1
            self.trace.append(f"{name} refused: {str(error)[:80]}")
        problems = [*broken(), *self.unseen(), *self.shown_at_home()]
        if problems:
            raise AssertionError("\n".join([*problems, "after:", *self.trace[-12:]]))

    def next_step(self) -> str:
        """Any; but where no draft is open mostly one that opens a draft, and now and then a plan is put right."""
        if self.only:
            return self.random.choice(self.only)
        chance = self.random.random()
        if chance < 0.2:
            return "put_right"
        if chance < 0.6 and not PlanVersion.objects.filter(plan=self.plan, state="draft").exists():
            return self.random.choice(["draft", "revise", "revise"])
        return self.random.choice(list(STEPS))

    # --- what must be blocked, by the tables ----------------------------------------------------------------------

    def unseen(self) -> Iterator[str]:
        """Items of the plan in force that the tables forbid for this patient: neither overridden nor held.

        While a new fact waits to be screened everything is held. A version whose checks raw SQL has forged is left
        out: the database cannot judge a rule, the signing action and the next screening do.
        """
        if self.alarm():
            return
        for version, key, region, side, technique, revision in fetch(
            """SELECT i.version, i.key, i.region, i.side, i.technique_id, i.knowledge_revision FROM (_PLANNED_) i
               WHERE i.state = 'signed' AND i.version <> ALL(%s) AND NOT EXISTS (_OVERRIDE_) AND NOT EXISTS (
                   SELECT 1 FROM plans_itemhold h WHERE (h.released_at IS NULL OR h.release = 'override')
                     AND (h.technique_item_id = i.technique_id OR h.exercise_item_id = i.exercise_id))""",
            list(self.forged),
        ):
            extra = self.extra if revision == self.revision else None
            for condition in self.forbids(key, Site(region, side), technique is not None, extra):
                yield f"version {version} is in force with {key} at {region}, which {condition} forbids"

    def alarm(self) -> bool:
        statement = "SELECT 1 FROM clinic_factchange WHERE patient_id = %s AND settled_at IS NULL"
        return bool(fetch(statement, self.patient.pk))

    def shown_at_home(self) -> Iterator[str]:
        """Exercises that the portal offers while a new fact waits to be screened."""
        if not self.alarm() or self.looked >= LOOKS:
            return
        self.looked += 1
        for name in ("portal:today", "portal:plan"):
            page = self.portal.get(reverse(name)).content.decode()
            names = fetch(
                """SELECT DISTINCT x.name FROM exercises_prescription r
                   JOIN exercises_exercise x ON x.id = r.exercise_id
                   WHERE r.patient_id = %s AND r.state = 'active'""",
                self.patient.pk,
            )
            yield from (f"{name} shows {exercise} while the alarm is open" for (exercise,) in names if exercise in page)

    def forbids(self, key: str, site: Site, is_technique: bool, extra: tuple[str, str] | None) -> Iterator[str]:
        for condition, places in self.conditions().items():
            if not is_technique:
                found = matrix.exercise_demands(condition, places, only=[key]).get((key,), "")
            elif extra == (condition, key):
                found = "never"
            else:
                found = matrix.technique_demands(condition, places, [site], [key]).get(
                    (key, site.region, site.side), ""
                )
            if found.startswith("never"):
                yield condition

    def conditions(self) -> dict[str, list[Site]]:
        rows = fetch(
            """SELECT c.key, s.region, s.side FROM clinic_patientcondition a
               JOIN clinic_condition c ON c.id = a.condition_id
               LEFT JOIN clinic_conditionsite s ON s.patient_condition_id = a.id
               WHERE a.patient_id = %s AND a.answer = 'yes'""",
            self.patient.pk,
        )
        found: dict[str, list[Site]] = {}
        for key, region, side in rows:
            found.setdefault(key, []).extend([Site(region, side)] if region else [])
        return found

    # --- picking --------------------------------------------------------------------------------------------------

    def version(self, state: str = "draft") -> PlanVersion:
        found: PlanVersion | None = PlanVersion.objects.filter(plan=self.plan, state=state).first()
        if found is None:
            raise Nothing(state)
        return found

    def phase(self) -> PlanPhase:
        found: PlanPhase = self.pick(list(PlanPhase.objects.filter(version=self.version())))
        return found

    def item(self, state: str = "draft") -> PlanExercise | PlanTechnique:
        version = self.version(state)
        kind: Any = self.random.choice([PlanExercise, PlanExercise, PlanTechnique])
        found: PlanExercise | PlanTechnique = self.pick(
            list(kind.objects.select_related("phase").filter(phase__version=version))
        )
        return found

    def exercise(self) -> PlanExercise:
        rows = PlanExercise.objects.select_related("phase", "exercise").filter(phase__version=self.version())
        found: PlanExercise = self.pick(list(rows))
        return found

    def pick(self, found: list[Any]) -> Any:
        if not found:
            raise Nothing("to pick from")
        return self.random.choice(found)

    def request(self) -> OverrideRequest | None:
        return self.random.choice([None, REQUEST, REQUEST, OverrideRequest("", "", "")])


class Nothing(Exception):
    """There is nothing to do this step on."""


Step = Callable[[Walk], object]


# --- Steps: the actions ---------------------------------------------------------------------------------------------


def draft(w: Walk) -> None:
    actions.draft_plan(w.assessment, w.by, today=TODAY)


def redraft(w: Walk) -> None:
    cause = w.pick(list(w.version().causes.all()))
    actions.draft_plan(w.assessment, w.by, today=TODAY, rejected_causes=[cause.key])


def decide(w: Walk) -> None:
    cause = w.pick(list(w.version().causes.all()))
    decision = w.random.choice(["accepted", "rejected"])
    actions.decide_cause(cause, w.by, decision=decision, reason=REASON, today=TODAY)


def revise(w: Walk) -> None:
    actions.revise(w.plan, w.by, today=TODAY)


def sign(w: Walk) -> None:
    actions.sign(w.version(), w.by, today=TODAY)


def recheck(w: Walk) -> None:
    actions.recheck(w.version(), w.by, reason=REASON, today=TODAY)


def remove(w: Walk) -> None:
    actions.remove_item(w.item(w.random.choice(["draft", "signed"])), w.by, reason=REASON)


def dose(w: Walk) -> None:
    item = w.exercise()
    values = {**dose_of(item), "sets": w.random.choice([0, 1, 3, 9]), "rpe_high": w.random.choice([3, 6, 10])}
    actions.change_dose(item, w.by, values=values, reason=REASON, today=TODAY)


def bulk_dose(w: Walk) -> None:
    values = {"sets": str(w.random.choice([1, 2, 30])), "per_day": str(w.random.choice([1, 2]))}
    actions.change_phase_doses(w.phase(), w.by, values=values, reason=REASON, today=TODAY)


def swap(w: Walk) -> None:
    to = w.random.choice(["easier", "harder"])
    actions.swap_exercise(w.exercise(), w.by, to=to, reason=REASON, today=TODAY)


def add_exercise(w: Walk) -> None:
    phase, key = w.phase(), w.random.choice(list(KNOWN.exercises))
    actions.add_exercise(phase, w.by, key=key, reason=REASON, today=TODAY, override=w.request())


def add_technique(w: Walk) -> None:
    hands_on = [k for k in KNOWN.techniques if k[:2] in ("mt", "dn", "es", "th", "su")]
    actions.add_technique(
        w.phase(),
        w.by,
        key=w.random.choice(hands_on),
        region=w.random.choice(PLACES),
        side=w.random.choice(["left", "right", ""]),
        reason=REASON,
        today=TODAY,
        override=w.request(),
    )


def place(w: Walk) -> None:
    side = w.random.choice(["left", "right", "both"])
    actions.change_place(w.item(), w.by, region=w.random.choice(PLACES), side=side, reason=REASON, today=TODAY)


def alternative(w: Walk) -> None:
    rows = PlanTechnique.objects.select_related("phase", "technique").filter(phase__version=w.version())
    actions.plan_alternative(w.pick(list(rows.filter(is_alternative=True))), w.by, reason=REASON, today=TODAY)


def save_pack(w: Walk) -> None:
    actions.save_pack(w.phase(), w.by, name=f"Pack {w.random.random()}", for_clinic=True)


def apply_pack(w: Walk) -> None:
    actions.apply_pack(w.phase(), w.by, pack=w.pick(list(Pack.objects.all())), reason=REASON, today=TODAY)


def undo(w: Walk) -> None:
    actions.undo_last(w.version(), w.by, today=TODAY)


def move_phase(w: Walk) -> None:
    actions.move_to_phase(w.plan, w.by, to=w.random.choice([1, 2, 3]), reason=REASON, today=TODAY)


def override(w: Walk) -> None:
    request = w.request() or OverrideRequest("approval_on_file", "", "")
    actions.override_item(w.item(w.random.choice(["draft", "draft", "signed"])), w.by, request=request, today=TODAY)


def put_right(w: Walk) -> None:
    """What a careful person does: check again, override or take out what is blocked, sign."""
    if w.random.random() < 0.5:
        sign_off_now(w)
    actions.recheck(w.version(), w.by, reason=REASON, today=TODAY)
    for kind in (PlanExercise, PlanTechnique):
        rows: Any = kind.objects.select_related("phase").filter(phase__version=w.version())
        for item in rows.filter(safety__startswith="blocked"):
            if item.safety == "blocked_overridable" and w.random.random() < 0.7:
                if not hasattr(item, "override"):
                    actions.override_item(item, w.by, request=REQUEST, today=TODAY)
            else:
                actions.remove_item(item, w.by, reason=REASON)
    actions.sign(w.version(), w.by, today=TODAY)


# --- Steps: the facts and the knowledge -----------------------------------------------------------------------------


def condition(w: Walk) -> None:
    row = Condition.objects.get(key=w.random.choice(CONDITIONS))
    answer = w.random.choice(["yes", "no", "no", "not_asked"])
    sites = [(w.random.choice(PLACES), "")] if w.random.random() < 0.8 else []
    if w.random.random() < 0.3:  # a caller that forgets to screen
        answer_condition(w.patient, row, answer=answer, sites=sites, by=w.by)
        return
    with facts_may_change(w.patient, by=w.by, today=TODAY):
        answer_condition(w.patient, row, answer=answer, sites=sites, by=w.by)


def conditions_denied(w: Walk) -> None:
    """Back to a patient with few conditions, as after a long talk."""
    for row in PatientCondition.objects.filter(patient=w.patient).exclude(answer="no"):
        answer_condition(w.patient, row.condition, answer="no", by=w.by)


def tick(w: Walk) -> None:
    """What runs every minute, and at night."""
    settle(w.patient, None, today=TODAY)


def nightly(w: Walk) -> None:
    Plan.objects.filter(pk=w.plan.pk).update(screened_on=None)
    screen_running()


def release(w: Walk) -> None:
    hold = w.pick(list(ItemHold.objects.filter(plan=w.plan)))
    release_hold(hold, w.by, reason=REASON, today=TODAY, override=w.request())


def release_by_sql(w: Walk) -> None:
    run(
        """UPDATE plans_itemhold SET released_at = now(), released_by_id = %s, release = 'person',
           release_reason = 'Walked' WHERE plan_id = %s AND released_at IS NULL""",
        *(w.by.pk, w.plan.pk),
    )


def prescription_by_sql(w: Walk) -> None:
    run("UPDATE exercises_prescription SET state = 'active' WHERE patient_id = %s AND state = 'paused'", w.patient.pk)


def condition_by_page(w: Walk) -> None:
    address = reverse("staff:patient-conditions", args=[w.patient.pk])
    rows = {a.condition.key: a.answer for a in PatientCondition.objects.filter(patient=w.patient)}
    rows[w.random.choice(CONDITIONS)] = "yes"
    data = {f"{key}-answer": answer for key, answer in rows.items()}
    assert w.client.post(address, data).status_code in (200, 302, 422)


def condition_by_sql(w: Walk) -> None:
    run(
        """UPDATE clinic_patientcondition SET answer = %s WHERE patient_id = %s AND condition_id =
           (SELECT id FROM clinic_condition WHERE key = %s)""",
        *(w.random.choice(["yes", "no"]), w.patient.pk, w.random.choice(CONDITIONS)),
    )


def knowledge(w: Walk) -> None:
    """The next revision forbids one technique more to patients with a condition."""
    rule = KNOWN.conditions[w.random.choice(CONDITIONS)]
    technique = w.random.choice([k for k in KNOWN.techniques if k.startswith("mt_")])
    more = TechniqueEffect((technique,), "contraindicated", "anywhere", "none", "walked", "")
    known = {**KNOWN.conditions, rule.key: replace(rule, technique_effects=(*rule.technique_effects, more))}
    w.extra, w.revision = (rule.key, technique), f"walk {rule.key} {technique}"
    w.set_knowledge(replace(KNOWN, conditions=known, revision=w.revision))


def sign_off(w: Walk) -> None:
    """A clinical lead signs the revision in force off."""
    if not sign_off_now(w):
        raise Nothing("to sign off")


def sign_off_now(w: Walk) -> bool:
    revision = drafting.usable_knowledge().revision
    _, made = KnowledgeSignOff.objects.get_or_create(
        revision=revision,
        defaults={
            "content_hash": "0" * 64,
            "by": Practitioner.objects.filter(is_clinical_lead=True).earliest("pk"),
            "statement": "Walked",
            "verify_note": "Walked",
        },
    )
    return made


# --- Steps: past the actions ----------------------------------------------------------------------------------------


def force_signature(w: Walk) -> None:
    """Sign by raw SQL, with a link in the chain."""
    version, now, digest = w.version(), timezone.now(), f"{w.random.getrandbits(256):064x}"
    lead = Practitioner.objects.get(user=w.by)
    append(Kind.PLAN_VERSION, version.pk, digest, by=w.by, at=now)
    run("UPDATE plans_planversion SET state = 'superseded' WHERE plan_id = %s AND state = 'signed'", w.plan.pk)
    run(
        """UPDATE plans_planversion SET state = 'signed', signed_at = %s, signed_by_id = %s, content_hash = %s
           WHERE id = %s""",
        *(now, lead.pk, digest, version.pk),
    )


def sql_clears(w: Walk) -> None:
    run(
        """UPDATE plans_planexercise SET safety = 'clear' WHERE phase_id IN
           (SELECT id FROM plans_planphase WHERE version_id = %s)""",
        w.version(w.random.choice(["draft", "signed"])).pk,
    )


def sql_inserts(w: Walk) -> None:
    item = w.exercise()
    run(
        """INSERT INTO plans_planexercise (phase_id, exercise_id, region, side, position, safety, causes, reasons,
             origin, sets, reps, per_day, days_per_week, rpe_low, rpe_high, rest_s, minutes_per_day)
           SELECT phase_id, (SELECT id FROM exercises_exercise ORDER BY id LIMIT 1 OFFSET %s), region, side, 90,
             'clear', causes, reasons, origin, 1, 1, 1, 7, 1, 3, 0, 0 FROM plans_planexercise WHERE id = %s""",
        *(w.random.randrange(100), item.pk),
    )


def sql_forges_check(w: Walk) -> None:
    item = w.item()
    column = "exercise_item_id" if isinstance(item, PlanExercise) else "technique_item_id"
    run(
        f"""INSERT INTO plans_safetycheck (version_id, {column}, key, region, side, phase, knowledge_revision,
             facts_hash, verdict, rule, reasons, checked_at)
           SELECT version_id, {column}, key, region, side, phase, knowledge_revision, facts_hash, 'clear', '',
             reasons, now() FROM plans_safetycheck WHERE {column} = %s ORDER BY id DESC LIMIT 1""",  # noqa: S608
        item.pk,
    )
    w.forged.add(item.phase.version_id)


def sql_removes_override(w: Walk) -> None:
    run("DELETE FROM plans_override WHERE patient_id = %s", w.patient.pk)


def bulk_create(w: Walk) -> None:
    phase = w.phase()
    rows = list(PlanTechnique.objects.filter(phase__version=phase.version_id).exclude(phase=phase))
    item = w.pick(rows)
    PlanTechnique.objects.bulk_create(
        [PlanTechnique(phase=phase, technique_id=item.technique_id, region=item.region, side="", safety="clear")]
    )


def bulk_update(w: Walk) -> None:
    items = list(PlanExercise.objects.filter(phase__version=w.version(w.random.choice(["draft", "signed"]))))
    for item in items:
        item.region = w.random.choice(PLACES)
    PlanExercise.objects.bulk_update(items, ["region"])


def checks_deleted(w: Walk) -> None:
    SafetyCheck.objects.filter(version=w.version(w.random.choice(["draft", "signed"]))).delete()


def facts_forged(w: Walk) -> None:
    run("UPDATE plans_planversion SET facts_hash = repeat('0', 64) WHERE id = %s", w.version("draft").pk)


STEPS: dict[str, Step] = {
    step.__name__: step
    for step in (
        *(draft, redraft, decide, revise, sign, sign, put_right, recheck, remove, dose, bulk_dose, swap, add_exercise),
        *(add_technique, place, alternative, save_pack, apply_pack, undo, move_phase, override),
        *(condition, condition, conditions_denied, condition_by_page, condition_by_sql, knowledge, sign_off),
        *(tick, tick, nightly, release, release_by_sql, prescription_by_sql),
        *(force_signature, sql_clears, sql_inserts, sql_forges_check, sql_removes_override, bulk_create, bulk_update),
        *(checks_deleted, facts_forged),
    )
}
