"""Rows to facts: what the engine is told about one patient, read in a fixed number of queries.

"Not asked" stays "not asked": a row that does not exist is left out of the mapping and never read as "no".

Choices made here, each with its reason:

* age and sex come from the patient's registration, never from a finding;
* ``rompct.*`` is the share of the norm of the **active** range (what the patient can use); the passive range counts
  only where no active one was measured, and a norm of 0 has no percentage;
* ``func.psfs_avg`` is the mean of the scored activities, to one decimal as it is spoken of;
* a needling or thrust form that is not on file is a known fact (False), while general consent that was never recorded
  is not known (None);
* under 16 only a form signed by a parent or guardian counts (techniques reference, global rule "consent");
* a value carried forward from an earlier assessment counts as the last one known (what decides today's safety is never
  carried: ``assessments/vocabulary/carry.yaml``); an amended value counts as amended;
* tenderness (``palp_tender.*``) is recorded for the chart and scores nowhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import JSONObject

from assessments.current import Current, current, flags_now
from assessments.models import Assessment
from assessments.models import Finding as FindingRow
from assessments.scoring import rompct
from clinic.models import Answer, Clinic, ConditionSite, Patient, PatientCondition, Practitioner
from clinic.models import Consent as ConsentRow
from clinic.models import Credential as CredentialRow
from plans.engine.facts import (
    Answer as AnswerState,
)
from plans.engine.facts import (
    ConditionFact,
    Consent,
    Credential,
    Facts,
    Finding,
    FindingValue,
    FlagFact,
    FlagState,
    Reading,
    Side,
    Site,
)
from plans.models import Declined, Technique

ANSWERS: Mapping[str, AnswerState] = {Answer.YES: "true", Answer.NO: "false", Answer.NOT_ASKED: "not_asked"}
MODE_ORDER = (FindingRow.Mode.ACTIVE, FindingRow.Mode.PASSIVE, FindingRow.Mode.UNSTATED)
CREDENTIAL_KEYS = {CredentialRow.Kind.THORAX: "thorax_endorsement"}  # the knowledge's word for it
REGISTRATION = "registered_physio"
UNSCORED = ("palp_tender",)


def facts_for(assessment: Assessment, *, practitioner: Practitioner, today: date) -> Facts:
    """Everything that is known on ``today`` about the assessed patient and the treating practitioner."""
    patient = assessment.episode.patient
    now = current(assessment)
    sites = _symptom_sites(now)
    findings = _findings(now.findings, age=patient.age(today))
    findings.update(_derived(now, patient, sites, today))
    around = _around(patient, practitioner)
    return Facts(
        sites=sites,
        findings=dict(sorted(findings.items())),
        conditions=_conditions(around.conditions),
        flags=_flags(assessment, now),
        consent=_consent(around.consents, patient, today),
        credentials=_credentials(around.credentials, practitioner),
        clinic_equipment=_clinic_equipment(around.equipment),
        preferences_declined=frozenset(around.declined),
        guardian_contact=_guardian_contact(patient, today),
    )


def practice_now(facts: Facts, practitioner: Practitioner) -> Facts:
    """The same facts with what the practitioner may do and the clinic has now: a certificate that ended yesterday
    must not count for a technique that is added today."""
    held = list(practitioner.credentials.order_by("kind").values_list("kind", "valid_until"))
    owned = Clinic.objects.values_list("equipment", flat=True).first()
    return replace(facts, credentials=_credentials(held, practitioner), clinic_equipment=_clinic_equipment(owned))


@dataclass(frozen=True, slots=True)
class _Around:
    """What is on record beside the assessment, read in one query; days are ISO text."""

    conditions: list[dict[str, Any]]
    consents: list[dict[str, Any]]
    credentials: list[tuple[str, date | None]]
    equipment: list[str] | None
    declined: list[str]


def _around(patient: Patient, practitioner: Practitioner) -> _Around:
    place = JSONObject(region="region", side="side")
    sites = ConditionSite.objects.filter(patient_condition=OuterRef("pk")).order_by("region", "side")
    answers = PatientCondition.objects.filter(patient=patient, condition__is_active=True).order_by("condition__key")
    signed = ("kind", "signed_on", "withdrawn_on", "by_guardian")
    families = Declined.objects.filter(patient=patient).values("family")
    row = (
        Patient.objects.filter(pk=patient.pk)
        .order_by()
        .values_list(
            ArraySubquery(
                answers.values(
                    row=JSONObject(
                        key="condition__key", answer="answer", sites=ArraySubquery(sites.values(place=place))
                    )
                )
            ),
            ArraySubquery(
                ConsentRow.objects.filter(patient=patient).order_by().values(row=JSONObject(**{n: n for n in signed}))
            ),
            ArraySubquery(
                CredentialRow.objects.filter(practitioner=practitioner)
                .order_by("kind")
                .values(row=JSONObject(kind="kind", until="valid_until"))
            ),
            Subquery(Clinic.objects.order_by("pk").values("equipment")[:1]),
            ArraySubquery(Technique.objects.filter(category__in=families).order_by().values("key")),
        )
        .get()
    )
    held = [(entry["kind"], _day(entry["until"])) for entry in row[2]]
    return _Around(row[0], row[1], held, row[3], row[4])


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _side(side: str) -> Side:
    return side  # type: ignore[return-value] # the column's choices are the literals of Side


def _symptom_sites(now: Current) -> tuple[Site, ...]:
    return tuple(Site(row.region, _side(row.side)) for row in now.regions)


# --- Findings -------------------------------------------------------------------------------------------------------


def number(value: Decimal) -> int | float:
    """A stored number as the engine compares it: whole numbers as int, everything else as float."""
    return int(value) if value == value.to_integral_value() else float(value)


def _value(row: FindingRow) -> FindingValue:
    if row.number is not None:
        return number(row.number)
    if row.truth is not None:
        return row.truth
    if row.choices is not None:
        return tuple(row.choices)
    return row.text or ""


def findings_of(rows: Iterable[FindingRow], *, age: int) -> dict[str, Finding]:
    """What was measured, as the engine compares it: one mode per side, ranges with their per cent of the norm."""
    return _findings(rows, age=age)


def _findings(rows: Iterable[FindingRow], *, age: int) -> dict[str, Finding]:
    by_path: dict[str, list[FindingRow]] = defaultdict(list)
    for row in rows:
        if row.path.partition(".")[0] not in UNSCORED:
            by_path[row.path].append(row)
    found = {}
    for path, group in by_path.items():
        chosen = _chosen_mode(group)
        found[path] = Finding(path, tuple(Reading(_value(r), _side(r.side), r.pain_limited) for r in chosen))
        if path.startswith("rom."):
            found.update(_percent_of_norm(path, chosen, age))
    return found


def _chosen_mode(rows: list[FindingRow]) -> list[FindingRow]:
    """One reading per side: active before passive before unstated."""
    best: dict[str, FindingRow] = {}
    for row in sorted(rows, key=lambda r: (r.side, MODE_ORDER.index(r.mode))):
        best.setdefault(row.side, row)
    return list(best.values())


def _percent_of_norm(path: str, rows: list[FindingRow], age: int) -> dict[str, Finding]:
    movement = path.partition(".")[2]
    shares = [(rompct(movement, float(row.number), age), row) for row in rows if row.number is not None]
    readings = tuple(Reading(share, _side(row.side)) for share, row in shares if share is not None)
    key = f"rompct.{movement}"
    return {key: Finding(key, readings)} if readings else {}


def _derived(now: Current, patient: Patient, sites: tuple[Site, ...], today: date) -> dict[str, Finding]:
    """Findings that other rows hold: age, sex, regions, function score. The engine derives the rest itself."""
    values: dict[str, FindingValue] = {
        "hist.age_years": patient.age(today),
        "hist.sex_at_birth": str(patient.sex_at_birth),
    }
    if sites:
        values["hist.symptom_regions"] = tuple(dict.fromkeys(site.region for site in sites))
    scores = [activity.score for activity in now.activities if activity.score is not None]
    if scores:
        values["func.psfs_avg"] = round(sum(scores) / len(scores), 1)
    return {path: Finding(path, (Reading(value),)) for path, value in values.items()}


# --- Conditions and flags -------------------------------------------------------------------------------------------


def _conditions(rows: Iterable[Mapping[str, Any]]) -> dict[str, ConditionFact]:
    return {
        row["key"]: ConditionFact(
            row["key"],
            ANSWERS[row["answer"]],
            tuple(
                sorted((Site(s["region"], _side(s["side"])) for s in row["sites"]), key=lambda s: (s.region, s.side))
            ),
        )
        for row in rows
    }


def _flags(assessment: Assessment, now: Current) -> dict[str, FlagFact]:
    cleared = {clearance.flag for clearance in assessment.clearances.all()}
    answered = {row.flag: row for row in now.flags}
    flags = {}
    for key in sorted(cleared | set(answered)):
        row = answered.get(key)
        state: FlagState = "cleared" if key in cleared else ANSWERS[row.answer] if row else "not_asked"
        sites = (Site(row.region, _side(row.side)),) if row and row.region else ()
        flags[key] = FlagFact(key, state, sites)
    return flags


def with_later_flags(facts: Facts, assessment: Assessment) -> Facts:
    """The facts with every red flag that a later assessment of the episode (draft or signed) raised.

    A plan rests on one signed assessment, but a yes that was heard since counts at once. A clearance that came with
    the later assessment counts as well; its other answers wait for the plan that will rest on it.
    """
    later = Assessment.objects.filter(episode=assessment.episode_id, pk__gt=assessment.pk)
    told = Q(flag_answers__answer=Answer.YES) | Q(clearances__isnull=False) | Q(amendments__isnull=False)
    raised = later.filter(told).distinct().order_by("pk")
    flags = dict(facts.flags)
    for row in raised.prefetch_related("flag_answers", "clearances"):
        heard = _flags(row, Current(flags=flags_now(row)))
        flags.update({key: flag for key, flag in heard.items() if flag.state in ("true", "cleared")})
    return replace(facts, flags=dict(sorted(flags.items()))) if flags != dict(facts.flags) else facts


# --- Consent, people, place -----------------------------------------------------------------------------------------


def _consent(rows: Iterable[Mapping[str, Any]], patient: Patient, today: date) -> Consent:
    needs_guardian = patient.is_minor(today)
    on_file: dict[str, bool] = {}
    for row in rows:
        signed = ConsentRow(signed_on=date.fromisoformat(row["signed_on"]), withdrawn_on=_day(row["withdrawn_on"]))
        valid = signed.is_valid(today) and (row["by_guardian"] or not needs_guardian)
        on_file[row["kind"]] = on_file.get(row["kind"], False) or valid
    return Consent(
        assess_and_treat=on_file.get(ConsentRow.Kind.TREATMENT),
        needling_signed=on_file.get(ConsentRow.Kind.NEEDLING, False),
        thrust_signed=on_file.get(ConsentRow.Kind.THRUST, False),
    )


def _credentials(held: Iterable[tuple[str, date | None]], practitioner: Practitioner) -> tuple[Credential, ...]:
    if not practitioner.user.is_active or practitioner.is_student:
        return ()
    rows = [Credential(CREDENTIAL_KEYS.get(CredentialRow.Kind(kind), kind), until) for kind, until in held]
    return (Credential(REGISTRATION, practitioner.licence_valid_until), *rows)


def _clinic_equipment(owned: Iterable[str] | None) -> frozenset[str] | None:
    """None when the clinic lists nothing: then it is taken to own everything."""
    return frozenset(owned) if owned else None


def _guardian_contact(patient: Patient, today: date) -> bool | None:
    if not patient.is_minor(today):
        return None
    return bool(patient.guardian_name and (patient.guardian_phone or patient.guardian_email))
