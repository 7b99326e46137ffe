"""Every figure marked *verify*: a working convention that the clinic confirms before use. Pure, no database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assessments.vocabulary import NAMESPACE_LABELS, RULES, VOCABULARY, Rule, VocabularyField
from assessments.vocabulary.change import change_rules
from assessments.vocabulary.load import NAMESPACE_FILES, read
from plans.knowledge.documents import Documents

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mark:
    """One marked figure: the kind of row, which row, what the figure is, and how it reads."""

    kind: str
    key: str
    name: str
    figure: str
    value: str
    source: str = ""


def verify_marks(documents: Documents) -> tuple[Mark, ...]:
    """All marked figures of these documents, and of the findings that they use, in the order of the files."""
    return (
        *_techniques(documents.techniques["techniques"]),
        *_restrictions(documents.techniques["region_restrictions"]),
        *_criteria(documents.phases["phases"]),
        *_flags(documents.red_flags["red_flags"]),
        *_findings(),
        *_measurement_errors(),
    )


def _techniques(entries: list[Entry]) -> Iterator[Mark]:
    for entry in entries:
        if entry.get("verify"):
            yield Mark("Technique", entry["key"], entry["name"], "the technique as a whole", entry["aim"])
        for dose in entry["dosage"]:
            if dose.get("verify"):
                yield Mark("Dose", entry["key"], entry["name"], dose["label"], _dose(dose), dose.get("note", ""))


def _dose(dose: Entry) -> str:
    low, high, default = dose.get("min"), dose.get("max"), dose.get("default")
    bounds = f", {low} to {high}" if low is not None or high is not None else ""
    return f"{'no default' if default is None else default}{bounds} {dose['unit']}".strip()


def _restrictions(entries: list[Entry]) -> Iterator[Mark]:
    for entry in entries:
        if entry.get("verify"):
            what = f"{entry['level']}: {', '.join(entry['techniques'])}"
            yield Mark(
                "Region restriction", entry["key"], ", ".join(entry["regions"]), entry["reason"], what, entry["source"]
            )


def _criteria(phases: list[Entry]) -> Iterator[Mark]:
    for phase in phases:
        for criterion in phase["exit"]:
            if criterion.get("verify"):
                yield Mark(
                    "Criterion",
                    criterion["key"],
                    f"Phase {phase['number']}: {phase['name']}",
                    criterion["label"],
                    criterion["text"],
                    criterion.get("basis", ""),
                )


def _flags(entries: list[Entry]) -> Iterator[Mark]:
    for entry in entries:
        if entry.get("verify"):
            yield Mark("Red flag", entry["key"], entry["label"], entry["suspected"], entry["question"], entry["basis"])


def _findings() -> Iterator[Mark]:
    for path, field in VOCABULARY.items():
        if field.verify:
            yield Mark("Finding", path, field.label, *_cut_off(field), field.source)
    for name in NAMESPACE_FILES:
        space, label = read(name), NAMESPACE_LABELS.get(name, name)
        if space.get("verify"):
            yield Mark("Finding", name, label, "grades of the scale", space.get("note", ""), space.get("source", ""))
        if space.get("bands_verify"):
            bands = ", ".join(f"{band['label'].lower()} from {band['at_least']}" for band in space["bands"])
            yield Mark("Finding", name, label, "bands in per cent of the norm", bands, space.get("source", ""))
        if space.get("weak", {}).get("verify"):
            weak = ", ".join(f"{key.replace('_', ' ')} {v}" for key, v in space["weak"].items() if key != "verify")
            yield Mark("Finding", name, label, "what counts as weak", weak, space.get("source", ""))
    for name, rule in RULES.items():
        if isinstance(rule, dict) and rule.get("verify"):
            title = name.replace("_", " ").capitalize()
            yield Mark("Rule", name, title, "how it is graded", rule["rule"], rule["source"])


def _measurement_errors() -> Iterator[Mark]:
    """What counts as a change when two assessments are compared."""
    for row in change_rules().errors:
        if row.verify:
            unit = " % of the earlier value" if row.percent else ""
            figure, value = "smallest change that counts", f"{row.error:g}{unit}"
            yield Mark(
                "Measurement error", ", ".join(row.paths), "Comparison of assessments", figure, value, row.source
            )


def _cut_off(field: VocabularyField) -> tuple[str, str]:
    """What the figure is, and how it reads."""
    if field.norm_text:
        return "norm or cut-off", field.norm_text
    if field.grades:
        return "grades", ", ".join(field.grades)
    rules = {"passes": field.pass_rule, "short": field.short_rule, "positive": field.positive}
    said = [f"{word} {_rule(rule, field.unit)}" for word, rule in rules.items() if rule is not None]
    said += [f"flagged {_rule(rule, field.unit)}" for rule in field.flag_rules]
    if not said and field.norm is not None:
        said = [f"norm {field.norm} {field.unit}".strip()]
    return "norm or cut-off", "; ".join(said)


def _rule(rule: Rule, unit: str) -> str:
    value = " to ".join(map(str, rule.value)) if isinstance(rule.value, tuple) else rule.value
    whom = f" (age {rule.age[0]}-{rule.age[1]})" if rule.age else ""
    return f"{rule.op} {value} {unit}".strip() + whom
