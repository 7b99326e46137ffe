"""Is enough known for a plan? The minimum assessment, block by block. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from assessments.scoring.consistency import Findings, number, word
from assessments.vocabulary import RULES, label_of
from clinic.anatomy import LIMB_REGIONS

_MINIMUM: dict[str, Any] = RULES["minimum_assessment"]
_SPINAL: frozenset[str] = frozenset(_MINIMUM["spinal_regions"])
_IRRITABILITY_INPUTS = ("pain.nprs_movement", "pain.provocation_min", "pain.time_to_settle_min")


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the minimum assessment. `missing` names what is still open, for people."""

    key: str
    label: str
    missing: tuple[str, ...]
    consequence: str

    @property
    def complete(self) -> bool:
        return not self.missing


@dataclass(frozen=True, slots=True)
class Completeness:
    """may_release: the plan may leave draft; neuro_open and objective_open say why a plan is "incomplete"."""

    blocks: tuple[Block, ...]

    def block(self, key: str) -> Block:
        return next(block for block in self.blocks if block.key == key)

    @property
    def may_release(self) -> bool:
        return self.block("safety").complete and self.block("core").complete

    @property
    def neuro_open(self) -> bool:
        return not self.block("neuro").complete

    @property
    def objective_open(self) -> bool:
        return not self.block("objective").complete

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(text for block in self.blocks for text in block.missing)


@dataclass(frozen=True, slots=True)
class Answers:
    """What was asked beside the findings: labels of open questions, regions with symptoms (and the labels of those on a
    limb that name no side), consent."""

    open_flags: tuple[str, ...] = ()
    open_conditions: tuple[str, ...] = ()
    conditions_without_region: tuple[str, ...] = ()
    symptom_regions: tuple[str, ...] = ()
    limbs_without_side: tuple[str, ...] = ()
    psfs_activities: int = 0
    consent_to_assess: bool | None = None


def completeness(findings: Findings, answers: Answers) -> Completeness:
    """The five blocks with what each still needs."""
    missing = {
        "safety": _safety(findings, answers),
        "core": _core(findings, answers),
        "history": _absent(findings, _MINIMUM["further_paths"]),
        "neuro": _neuro(findings, answers.symptom_regions),
        "objective": _objective(findings),
    }
    blocks = [Block(b["key"], b["label"], tuple(missing[b["key"]]), b["when_missing"]) for b in _MINIMUM["blocks"]]
    return Completeness(tuple(blocks))


def _absent(findings: Findings, paths: Iterable[str]) -> list[str]:
    return [label_of(path) for path in paths if not findings.get(path)]


def _safety(findings: Findings, answers: Answers) -> list[str]:
    missing = _absent(findings, _MINIMUM["safety_paths"])
    missing += [f"Red flag: {label}" for label in answers.open_flags]
    missing += [f"Condition: {label}" for label in answers.open_conditions]
    missing += [f"Region of: {label}" for label in answers.conditions_without_region]
    if answers.consent_to_assess is not True:
        missing.append("Consent to assess and treat")
    return missing


def _core(findings: Findings, answers: Answers) -> list[str]:
    counted = ("hist.symptom_regions", "hist.irritability", "func.psfs_avg")
    missing = _absent(findings, [path for path in _MINIMUM["core_paths"] if path not in counted])
    if not answers.symptom_regions:
        missing.append(label_of("hist.symptom_regions"))
    missing += [f"Side of: {label}" for label in answers.limbs_without_side]
    known_inputs = sum(number(findings, path) is not None for path in _IRRITABILITY_INPUTS)
    if word(findings, "hist.irritability") is None and known_inputs < 2:
        missing.append("Irritability: at least two of movement pain, provocation, time to settle")
    if not answers.psfs_activities and number(findings, "func.psfs_avg") is None:
        missing.append("PSFS: one to five activities")
    return missing


def _neuro(findings: Findings, regions: Collection[str]) -> list[str]:
    spinal_or_buttock = any(region in _SPINAL or region == "buttock" for region in regions)
    in_a_limb = any(region in LIMB_REGIONS for region in regions)
    missing = _absent(findings, ["neuro.umn_any"] if spinal_or_buttock or in_a_limb else [])
    root_asked = (
        spinal_or_buttock
        or word(findings, "pain.distribution") == "radicular"
        or word(findings, "hist.chief_complaint") in ("weakness", "paraesthesia")
    )
    return missing + _absent(findings, ["neuro.single_root_pattern"] if root_asked else [])


def _objective(findings: Findings) -> list[str]:
    recorded = {path.partition(".")[0] for path, values in findings.items() if values}
    families = _MINIMUM["families"]
    absent = [family["label"] for family in families if not recorded & set(family["namespaces"])]
    found, needed = len(families) - len(absent), int(_MINIMUM["families_needed"])
    return [] if found >= needed else [f"{needed - found} more of: {', '.join(absent)}"]
