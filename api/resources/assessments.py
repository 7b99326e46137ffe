"""Assessments: read, begin, save findings. Signing is a person's act on the assessment page."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access import needs
from api.resources.base import Resource
from assessments.actions import start_assessment
from assessments.changes import Change, FindingChange, FlagChange, HeadChange, RegionChange, Saved
from assessments.current import current
from assessments.models import Assessment, Finding, PainMark, PsfsActivity, RedFlagAnswer, SymptomRegion
from clinic.access import episode_for
from clinic.errors import Conflict, DomainError, Invalid, ManyProblems
from clinic.models import Answer
from clinic.permissions import Permission
from plans.actions.facts import save_changes

BIGGEST = 2**63 - 1
MOST_CHANGES = 500


class FindingSerializer(serializers.ModelSerializer[Finding]):
    """One value of the vocabulary; no row means "not assessed", never "normal".

    ``measured_on`` is set while the value was only carried forward from an earlier assessment.
    """

    value = serializers.SerializerMethodField(method_name="recorded_value")

    class Meta:
        model = Finding
        fields = ["path", "side", "mode", "value", "pain_limited", "note", "measured_on"]

    @extend_schema_field(
        {"oneOf": [{"type": "number"}, {"type": "string"}, {"type": "boolean"}, {"type": "array", "items": {}}]}
    )
    def recorded_value(self, finding: Finding) -> object:
        return float(finding.number) if finding.number is not None else finding.value


class SymptomRegionSerializer(serializers.ModelSerializer[SymptomRegion]):
    class Meta:
        model = SymptomRegion
        fields = ["region", "side"]


class PainMarkSerializer(serializers.ModelSerializer[PainMark]):
    """``x`` and ``y`` are thousandths of the picture."""

    class Meta:
        model = PainMark
        fields = ["view", "x", "y", "region", "side", "depth", "quality", "nprs"]


class ActivitySerializer(serializers.ModelSerializer[PsfsActivity]):
    class Meta:
        model = PsfsActivity
        fields = ["position", "activity", "score"]


class RedFlagSerializer(serializers.ModelSerializer[RedFlagAnswer]):
    class Meta:
        model = RedFlagAnswer
        fields = ["flag", "answer", "region", "side", "note"]


class AssessmentSerializer(serializers.ModelSerializer[Assessment]):
    patient = serializers.IntegerField(source="episode.patient_id", read_only=True)

    class Meta:
        model = Assessment
        fields = ["id", "patient", "episode", "kind", "state", "assessed_on", "revision", "saved_at", "signed_at"]


class AssessmentDetailSerializer(AssessmentSerializer):
    findings = FindingSerializer(many=True, read_only=True)
    symptom_regions = SymptomRegionSerializer(many=True, read_only=True)
    pain_marks = PainMarkSerializer(many=True, read_only=True)
    activities = ActivitySerializer(many=True, read_only=True)
    flag_answers = RedFlagSerializer(many=True, read_only=True)

    class Meta(AssessmentSerializer.Meta):
        fields = [
            *AssessmentSerializer.Meta.fields,
            "story", "findings", "symptom_regions", "pain_marks", "activities", "flag_answers",
        ]  # fmt: skip

    def to_representation(self, instance: Assessment) -> dict[str, Any]:
        """The values that count: amended ones as amended."""
        shown: dict[str, Any] = super().to_representation(instance)
        now = current(instance)
        if now.amended:
            shown["findings"] = FindingSerializer(now.findings, many=True).data
            shown["symptom_regions"] = SymptomRegionSerializer(now.regions, many=True).data
            shown["activities"] = ActivitySerializer(now.activities, many=True).data
            shown["flag_answers"] = RedFlagSerializer(now.flags, many=True).data
        return shown


class BeginSerializer(serializers.Serializer[Any]):
    episode = serializers.IntegerField(min_value=1, max_value=BIGGEST)
    kind = serializers.ChoiceField(choices=Assessment.Kind.choices, required=False, default="", allow_blank=True)
    copy_forward = serializers.BooleanField(default=False, help_text="Begin with the last signed findings.")


class FindingWriteSerializer(serializers.Serializer[Any]):
    """One value of the vocabulary; ``null`` removes it ("not assessed")."""

    path = serializers.CharField(max_length=80)
    side = serializers.CharField(max_length=8, default="", allow_blank=True)
    mode = serializers.CharField(max_length=8, default="", allow_blank=True)
    value = serializers.JSONField(allow_null=True)
    pain_limited = serializers.BooleanField(required=False, allow_null=True, default=None)
    note = serializers.CharField(max_length=300, required=False, allow_null=True, allow_blank=True, default=None)


class FlagWriteSerializer(serializers.Serializer[Any]):
    """The answer to a red-flag question; "not asked" is never "no"."""

    flag = serializers.CharField(max_length=40)
    answer = serializers.ChoiceField(choices=Answer.choices)
    region = serializers.CharField(max_length=30, default="", allow_blank=True)
    side = serializers.CharField(max_length=8, default="", allow_blank=True)
    note = serializers.CharField(max_length=300, default="", allow_blank=True)


class RegionWriteSerializer(serializers.Serializer[Any]):
    region = serializers.CharField(max_length=30)
    side = serializers.CharField(max_length=8, default="", allow_blank=True)
    present = serializers.BooleanField(default=True)


class SaveSerializer(serializers.Serializer[Any]):
    """What changed since ``revision``. All of it is stored, or nothing."""

    revision = serializers.IntegerField(min_value=0, max_value=2**31 - 1)
    story = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    symptom_regions = serializers.ListField(child=RegionWriteSerializer(), required=False, max_length=MOST_CHANGES)
    findings = serializers.ListField(child=FindingWriteSerializer(), required=False, max_length=MOST_CHANGES)
    flag_answers = serializers.ListField(child=FlagWriteSerializer(), required=False, max_length=MOST_CHANGES)


def changes_of(data: dict[str, Any]) -> dict[str, Change]:
    """The changes of a request by the field that a refusal is to name: ``findings.3``."""
    kinds: tuple[tuple[str, type[Change]], ...] = (
        ("symptom_regions", RegionChange), ("findings", FindingChange), ("flag_answers", FlagChange),
    )  # fmt: skip
    found: dict[str, Change] = {
        f"{name}.{position}": kind(**row) for name, kind in kinds for position, row in enumerate(data.get(name, ()))
    }
    if "story" in data:
        found["story"] = HeadChange("story", data["story"])
    return found


def raise_refused(saved: Saved, fields: dict[str, str]) -> None:
    """Turn what was not written into a refusal; ``fields`` maps the name of a change to the field of the request."""
    problems: list[DomainError] = [
        Invalid(problem.code, problem.message, field=fields.get(problem.name)) for problem in saved.problems
    ]
    message = "Somebody else changed this meanwhile. Read the assessment again before you go on."
    problems += [Conflict("changed", message, field=fields.get(clash.name)) for clash in saved.conflicts]
    if problems:
        raise ManyProblems("invalid", "Nothing was saved.", tuple(problems))


class AssessmentFilter(serializers.Serializer[Any]):
    patient = serializers.IntegerField(required=False, min_value=1, max_value=BIGGEST, source="episode__patient")
    episode = serializers.IntegerField(required=False, min_value=1, max_value=BIGGEST)
    state = serializers.ChoiceField(required=False, choices=Assessment.State.choices)
    kind = serializers.ChoiceField(required=False, choices=Assessment.Kind.choices)


@extend_schema_view(
    list=extend_schema(parameters=[AssessmentFilter]), retrieve=extend_schema(responses=AssessmentDetailSerializer)
)
class AssessmentViewSet(Resource):
    """Assessments of the patients in one's care."""

    queryset = Assessment.objects.all()
    serializer_class = AssessmentSerializer
    filters = AssessmentFilter
    needs = needs(
        list=Permission.CLINICAL_VIEW,
        retrieve=Permission.CLINICAL_VIEW,
        create=Permission.CLINICAL_EDIT,
        partial_update=Permission.CLINICAL_EDIT,
    )

    def rows(self) -> QuerySet[Assessment]:
        rows = Assessment.objects.visible_to(self.request.user).order_by("-assessed_on", "-id")
        return rows.select_related("episode") if self.action == "list" else rows.for_chart()

    def get_serializer_class(self) -> type[serializers.Serializer[Any]]:
        return AssessmentSerializer if self.action == "list" else AssessmentDetailSerializer

    def patient_of(self, row: Assessment) -> int:
        return int(row.episode.patient_id)

    def list(self, request: Request) -> Response:
        return self.listed()

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(self.get_object())

    @extend_schema(request=BeginSerializer, responses={201: AssessmentDetailSerializer})
    def create(self, request: Request) -> Response:
        """Begin a draft; 409 when the episode is closed or has one."""
        data = self.checked(BeginSerializer)
        episode = episode_for(request.user, data["episode"], to="treat")
        begun = start_assessment(
            episode, self.user, kind=data["kind"], today=timezone.localdate(), copy_forward=data["copy_forward"]
        )
        return self.shown(begun, 201)

    @extend_schema(request=SaveSerializer, responses=AssessmentDetailSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Save changes made on top of ``revision``: all or nothing, each refusal at its place in the request."""
        assessment = self.get_object()
        data = self.checked(SaveSerializer)
        changes = changes_of(data)
        fields = {change.name: place for place, change in changes.items()}
        with transaction.atomic():
            saved = save_changes(
                assessment, changes.values(), by=self.user, revision=data["revision"], today=timezone.localdate()
            )
            raise_refused(saved, fields)
        return self.shown(self.get_object())
