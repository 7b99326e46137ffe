"""The short list that every visit asks again, and what a yes does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assessments.vocabulary import DISPOSITIONS, RE_ASK_ALSO, RED_FLAGS, short_list
from clinic.models import Answer, PatientCondition
from plans.snapshot import facts_from_json

if TYPE_CHECKING:
    from plans.models import PlanVersion, TreatmentNote

ALSO = "also."
SEVERITY = {
    "emergency_now": "urgent",
    "urgent_same_day": "urgent",
    "urgent_referral": "urgent",
    "routine_referral": "high",
    "caution_monitor": "high",
}


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the short list. ``says`` and ``limits`` are shown at once when the answer is yes."""

    key: str
    text: str
    label: str
    says: str = ""
    limits: str = ""
    severity: str = "high"
    stops: bool = False

    @property
    def is_red(self) -> bool:
        return not self.key.startswith(ALSO)


def questions_for(version: PlanVersion, techniques: Iterable[str]) -> tuple[Question, ...]:
    """The short list for this plan: by symptom regions, conditions on record and techniques in use."""
    regions = {site.region for site in facts_from_json(version.facts).sites}
    answered = PatientCondition.objects.filter(patient_id=version.plan.episode.patient_id, answer=Answer.YES)
    conditions = set(answered.values_list("condition__key", flat=True))
    red = short_list(regions=regions, conditions=conditions, techniques=set(techniques))
    return (*(question(flag.key) for flag in red), *(question(also_key(text)) for text in RE_ASK_ALSO))


def also_key(text: str) -> str:
    """ "new medicines" -> "also.new_medicines"."""
    return ALSO + text.replace(" ", "_")


def question(key: str) -> Question:
    """One question by its key. Raises KeyError for a key that is no question."""
    if key.startswith(ALSO):
        text = next((t for t in RE_ASK_ALSO if also_key(t) == key), None)
        if text is None:
            raise KeyError(key)
        return Question(
            key,
            f"{text[:1].upper()}{text[1:]}?",
            f"{text[:1].upper()}{text[1:]}",
            says="Record it with the conditions: the plan is then checked against it.",
        )
    flag = RED_FLAGS[key]
    speed = DISPOSITIONS[flag.disposition]
    return Question(
        key,
        flag.question,
        flag.label,
        says=f"{speed.label}: {speed.how_fast}. Suspected: {flag.suspected}.",
        limits=flag.limits,
        severity=SEVERITY[flag.disposition],
        stops=flag.action == "block_plan",
    )


def answers_of(note: TreatmentNote) -> dict[str, str]:
    """What was answered at this visit, by key."""
    return {row.flag: row.answer for row in note.flags.all()}
