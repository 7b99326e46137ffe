"""Techniques, region restrictions, education topics and exercises as rows."""

from __future__ import annotations

from django.db import models

from exercises.models import Exercise, ExerciseDosage
from plans.knowledge import schema
from plans.knowledge.rows.codec import Codec, Fragment, as_text, number_or_word, replace_children
from plans.models import DoseParameter, EducationTopic, RegionRestriction, Technique


class TechniqueCodec(Codec):
    document, list_name, schema = "techniques", "techniques", schema.Technique
    columns = (
        "key", "name", "category", "phases", "aim", "consent", "consent_text", "credentials", "credential_note",
        "indications", "gate", "equipment", "evidence", "verify",
    )  # fmt: skip

    def queryset(self) -> models.QuerySet[Technique]:
        return Technique.objects.prefetch_related("dose_parameters")

    def fragment(self, row: Technique) -> Fragment:
        texts = {name: getattr(row, name) or None for name in ("effects", "aftercare", "extra_rule")}
        return self.read_columns(row) | texts | {"dosage": [_dose_entry(dose) for dose in row.dose_parameters.all()]}

    def write(self, row: Technique | None, fragment: Fragment, *, order: int, shipped_hash: str) -> Technique:
        row = row or Technique()
        texts = {name: fragment[name] or "" for name in ("effects", "aftercare", "extra_rule")}
        for name, value in (self.values(fragment) | texts).items():
            setattr(row, name, value)
        row.order, row.shipped_hash = order, shipped_hash
        row.save()
        doses = enumerate(fragment["dosage"])
        replace_children([_dose_row(row, dose, number) for number, dose in doses], row.dose_parameters)
        return row


def _dose_entry(dose: DoseParameter) -> Fragment:
    return {
        "parameter": dose.parameter,
        "label": dose.label,
        "unit": dose.unit,
        "default": number_or_word(dose.default),
        "min": number_or_word(dose.minimum),
        "max": number_or_word(dose.maximum),
        "note": dose.note,
        "verify": dose.verify,
    }


def _dose_row(technique: Technique, entry: Fragment, order: int) -> DoseParameter:
    return DoseParameter(
        technique=technique,
        parameter=entry["parameter"],
        label=entry["label"],
        unit=entry["unit"],
        default=as_text(entry["default"]),
        minimum=as_text(entry["min"]),
        maximum=as_text(entry["max"]),
        note=entry["note"],
        verify=entry["verify"],
        order=order,
    )


class RestrictionCodec(Codec):
    document, list_name, schema = "techniques", "region_restrictions", schema.RegionRestriction
    columns = ("key", "techniques", "regions", "level", "reason", "source", "override", "credential", "verify")

    def queryset(self) -> models.QuerySet[RegionRestriction]:
        return RegionRestriction.objects.all()

    def fragment(self, row: RegionRestriction) -> Fragment:
        return self.read_columns(row)

    def write(
        self, row: RegionRestriction | None, fragment: Fragment, *, order: int, shipped_hash: str
    ) -> RegionRestriction:
        row = row or RegionRestriction()
        for name, value in self.values(fragment).items():
            setattr(row, name, value)
        row.order, row.shipped_hash = order, shipped_hash
        row.save()
        return row


class EducationCodec(Codec):
    document, list_name, schema = "education", "topics", schema.EducationTopic
    columns = ("key", "title", "attach_when", "attach", "phases", "messages", "reference_figures", "safety")

    def queryset(self) -> models.QuerySet[EducationTopic]:
        return EducationTopic.objects.all()

    def fragment(self, row: EducationTopic) -> Fragment:
        return self.read_columns(row)

    def write(self, row: EducationTopic | None, fragment: Fragment, *, order: int, shipped_hash: str) -> EducationTopic:
        row = row or EducationTopic()
        for name, value in self.values(fragment).items():
            setattr(row, name, value)
        row.order, row.shipped_hash = order, shipped_hash
        row.save()
        return row


class ExerciseCodec(Codec):
    """Progression and regression point at other exercises: `link` sets them once all rows exist."""

    document, list_name, schema = "exercises", "exercises", schema.Exercise
    columns = (
        "key", "name", "kind", "technique", "region", "target_muscles", "position", "equipment", "setting", "phases",
        "load_tags", "contraindications", "contraindications_at_region", "precautions", "cues", "common_error",
        "stop_if",
    )  # fmt: skip

    def queryset(self) -> models.QuerySet[Exercise]:
        return Exercise.objects.select_related("progression", "regression").prefetch_related("dosages")

    def fragment(self, row: Exercise) -> Fragment:
        links = {name: getattr(row, name).key if getattr(row, name) else None for name in ("progression", "regression")}
        doses = {f"phase{dose.phase}": _dosage_entry(dose) for dose in row.dosages.all()}
        return self.read_columns(row) | links | {"dosage": doses}

    def write(self, row: Exercise | None, fragment: Fragment, *, order: int, shipped_hash: str) -> Exercise:
        row = row or Exercise()
        for name, value in self.values(fragment).items():
            setattr(row, name, value)
        row.order, row.shipped_hash = order, shipped_hash
        row.save()
        doses = [(int(name[-1]), dose) for name, dose in fragment["dosage"].items() if dose is not None]
        replace_children([_dosage_row(row, phase, dose) for phase, dose in doses], row.dosages)
        return row

    def link(self, fragments: dict[str, Fragment]) -> None:
        """Set progression and regression of these entries by key."""
        ids = dict(Exercise.objects.values_list("key", "id"))
        changed = []
        for row in Exercise.objects.filter(key__in=fragments):
            wanted = [ids.get(fragments[row.key][name]) for name in ("progression", "regression")]
            if [row.progression_id, row.regression_id] != wanted:
                row.progression_id, row.regression_id = wanted
                changed.append(row)
        Exercise.objects.bulk_update(changed, ["progression", "regression"])


def _dosage_entry(dose: ExerciseDosage) -> Fragment:
    return {
        "sets": dose.sets,
        "reps": dose.reps,
        "hold_s": dose.hold_s,
        "duration_min": None if dose.duration_min is None else float(dose.duration_min),
        "per_day": dose.per_day,
        "days_per_week": dose.days_per_week,
        "rpe": [dose.rpe_low, dose.rpe_high],
        "rest_s": dose.rest_s,
    }


def _dosage_row(exercise: Exercise, phase: int, entry: Fragment) -> ExerciseDosage:
    figures = {name: entry[name] for name in ("sets", "reps", "hold_s", "duration_min", "per_day", "rest_s")}
    low, high = entry["rpe"]
    return ExerciseDosage(
        exercise=exercise, phase=phase, days_per_week=entry["days_per_week"], rpe_low=low, rpe_high=high, **figures
    )
