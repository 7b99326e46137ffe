"""Assessments, read. They are recorded on the assessment page, which shows norms, sides and refusals as one types."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access import needs
from api.resources.base import Resource
from assessments.models import Assessment, Finding, PainMark, PsfsActivity, RedFlagAnswer, SymptomRegion
from clinic.permissions import Permission

BIGGEST = 2**63 - 1


class FindingSerializer(serializers.ModelSerializer[Finding]):
    """One value of the vocabulary; no row means "not assessed", never "normal"."""

    value = serializers.SerializerMethodField(method_name="recorded_value")

    class Meta:
        model = Finding
        fields = ["path", "side", "mode", "value", "pain_limited", "note"]

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
    needs = needs(list=Permission.CLINICAL_VIEW, retrieve=Permission.CLINICAL_VIEW)

    def rows(self) -> QuerySet[Assessment]:
        rows = Assessment.objects.visible_to(self.request.user).order_by("-assessed_on", "-id")
        return rows.for_chart() if self.action == "retrieve" else rows.select_related("episode")

    def get_serializer_class(self) -> type[serializers.Serializer[Any]]:
        return AssessmentDetailSerializer if self.action == "retrieve" else AssessmentSerializer

    def patient_of(self, row: Assessment) -> int:
        return int(row.episode.patient_id)

    def list(self, request: Request) -> Response:
        return self.listed()

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(self.get_object())
