"""Records a case file as a real assessment: the same saves that the assessment page makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from assessments.actions import save_changes
from assessments.changes import ActivityChange, Change, FindingChange, FlagChange, RegionChange
from assessments.models import Assessment
from assessments.vocabulary import RED_FLAGS, VOCABULARY
from clinic.actions import answer_condition, deny_unanswered_conditions, record_consent
from clinic.models import Condition, Consent, Patient, User

CASES = Path(__file__).parent / "cases"
# What a chart cannot say as a finding: identity, or something that follows from other rows.
HELD_ELSEWHERE = ("hist.age_years", "hist.sex_at_birth", "hist.symptom_regions", "func.psfs_avg", "neuro.umn_any")
# A clear upper-motor-neurone screen, as the examiner records it.
UMN_CLEAR: Mapping[str, object] = {"neuro.hoffmann": False, "neuro.babinski": False, "neuro.clonus_beats": 0}
ACTIVITIES = ("Lifting a box from the floor", "Sitting at the desk for an hour", "Putting on shoes")


@dataclass(frozen=True, slots=True)
class Case:
    """One case file, read."""

    key: str
    data: Mapping[str, Any]

    @property
    def findings(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.data["findings"]
        return found

    @property
    def side(self) -> str:
        """The side of the first symptom region."""
        side: str = self.data["regions"][0].get("side", "")
        return side


def read_case(key: str) -> Case:
    """The case file of that key, such as CASE-01."""
    data = yaml.safe_load((CASES / f"{key}.yaml").read_text(encoding="utf-8"))
    return Case(key, data)


def case_keys() -> list[str]:
    """The keys of all shipped cases in order."""
    return sorted(path.stem for path in CASES.glob("*.yaml"))


def _sides(path: str, side: str) -> tuple[str, ...]:
    if not VOCABULARY[path].sided:
        return ("",)
    return ("left", "right") if side in ("both", "midline", "") else (side,)


def _measured(path: str, value: Any) -> tuple[str, Any]:
    """Per cent of the norm is not recorded: give back the degrees that were measured."""
    if not path.startswith("rompct."):
        return path, value
    degrees = "rom." + path.partition(".")[2]
    norm = VOCABULARY[degrees].norm
    return degrees, round(float(norm) * value / 100, 1) if norm else value


def _finding_changes(case: Case, adjust: Mapping[str, Any]) -> Iterator[Change]:
    findings = {**case.findings, **adjust}
    if findings.get("neuro.umn_any") is False:
        findings = {**findings, **UMN_CLEAR}
    for given, raw in findings.items():
        if given in HELD_ELSEWHERE or raw == []:
            continue
        path, value = _measured(given, raw)
        mode = next(iter(VOCABULARY[path].modes), "")
        for side in _sides(path, case.side):
            yield FindingChange(path, side=side, mode=mode, value=value)


def _psfs(mean: float) -> Iterator[Change]:
    """Three activities whose mean is the case's, to one decimal."""
    total = round(mean * 3)
    scores = (total // 3, (total + 1) // 3, (total + 2) // 3)
    for position, (activity, score) in enumerate(zip(ACTIVITIES, scores, strict=True), start=1):
        yield ActivityChange(position, activity, score)


def case_changes(case: Case, adjust: Mapping[str, Any] | None = None) -> list[Change]:
    """Everything that the case says, as saves of an assessment; ``adjust`` replaces single findings."""
    changes: list[Change] = [RegionChange(site["key"], site.get("side", "")) for site in case.data["regions"]]
    changes += _finding_changes(case, adjust or {})
    changes += _psfs(float(case.findings["func.psfs_avg"]))
    places = case.data.get("flag_regions", {})
    for flag in RED_FLAGS:
        named = places.get(flag, [])
        # An answer holds one region. With several, the engine takes them from the symptom regions.
        region = named[0] if len(named) == 1 else ""
        answer = "yes" if flag in case.data["flags"] else "no"
        changes.append(FlagChange(flag, answer, region=region if answer == "yes" else "", side=""))
    return changes


def answer_history(case: Case, patient: Patient, *, by: User) -> None:
    """The condition list of the case: named ones are a yes with their regions, all others were asked and denied."""
    places = case.data.get("condition_regions", {})
    for condition in Condition.objects.filter(key__in=case.data["conditions"]):
        sites = [(region, case.side) for region in places.get(condition.key, [])]
        answer_condition(patient, condition, answer="yes", by=by, sites=sites)
    deny_unanswered_conditions(patient, by=by)


def sign_consents(case: Case, patient: Patient, *, by: User, on: date) -> None:
    """Treatment always; needling and thrust as the case says."""
    wanted = [Consent.Kind.TREATMENT, Consent.Kind.MESSAGES]
    if case.data["consent"].get("needling_signed"):
        wanted.append(Consent.Kind.NEEDLING)
    if case.data["consent"].get("thrust_signed"):
        wanted.append(Consent.Kind.THRUST)
    minor = patient.is_minor(on)
    for kind in wanted:
        record_consent(
            patient,
            kind=kind,
            signed_on=on,
            signed_by=patient.guardian_name if minor else patient.display_name,
            by=by,
            today=on,
            by_guardian=minor,
        )


def record_assessment(
    case: Case, assessment: Assessment, *, by: User, today: date, adjust: Mapping[str, Any] | None = None
) -> None:
    """Save the whole case into the draft; a refused field stops the seeding, because the cases are ours."""
    saved = save_changes(assessment, case_changes(case, adjust), by=by, revision=0, today=today)
    if saved.problems:
        raise RuntimeError(f"{case.key}: " + "; ".join(f"{p.name}: {p.message}" for p in saved.problems))
