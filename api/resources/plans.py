"""Plans and their versions, read. A plan is drafted, edited and signed by a person on the plan page."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access import needs
from api.resources.base import Resource
from clinic.permissions import Permission
from plans.models import (
    Plan,
    PlanCause,
    PlanCriterion,
    PlanExercise,
    PlanGoal,
    PlanPhase,
    PlanTechnique,
    PlanVersion,
)

BIGGEST = 2**63 - 1
ITEM_FIELDS = ["region", "side", "position", "safety", "causes", "reasons", "origin"]


class CauseSerializer(serializers.ModelSerializer[PlanCause]):
    class Meta:
        model = PlanCause
        fields = ["key", "title", "explanation", "label", "score", "state", "evidence", "decision", "decision_reason"]


class TechniqueItemSerializer(serializers.ModelSerializer[PlanTechnique]):
    technique = serializers.SlugRelatedField[Any](slug_field="key", read_only=True)
    name = serializers.CharField(source="technique.name", read_only=True)

    class Meta:
        model = PlanTechnique
        fields = ["technique", "name", "dose", "is_alternative", *ITEM_FIELDS]


class ExerciseItemSerializer(serializers.ModelSerializer[PlanExercise]):
    exercise = serializers.SlugRelatedField[Any](slug_field="key", read_only=True)
    name = serializers.CharField(source="exercise.name", read_only=True)

    class Meta:
        model = PlanExercise
        fields = [
            "exercise", "name", "sets", "reps", "hold_s", "duration_min", "per_day", "days_per_week", "rpe_low",
            "rpe_high", "rest_s", "minutes_per_day", *ITEM_FIELDS,
        ]  # fmt: skip


class CriterionSerializer(serializers.ModelSerializer[PlanCriterion]):
    class Meta:
        model = PlanCriterion
        fields = ["key", "kind", "text", "baseline", "target"]


class PhaseSerializer(serializers.ModelSerializer[PlanPhase]):
    techniques = TechniqueItemSerializer(source="plantechniques", many=True, read_only=True)
    exercises = ExerciseItemSerializer(source="planexercises", many=True, read_only=True)
    education = serializers.SerializerMethodField()
    criteria = CriterionSerializer(many=True, read_only=True)

    class Meta:
        model = PlanPhase
        fields = [
            "number", "aim", "usual_duration", "visits", "is_scheduled", "is_locked", "techniques", "exercises",
            "education", "criteria",
        ]  # fmt: skip

    def get_education(self, phase: PlanPhase) -> list[str]:
        return [row.topic.key for row in phase.education.all()]


class GoalSerializer(serializers.ModelSerializer[PlanGoal]):
    class Meta:
        model = PlanGoal
        fields = ["metric", "op", "target", "baseline", "side", "by"]


class VersionSerializer(serializers.ModelSerializer[PlanVersion]):
    patient = serializers.IntegerField(source="plan.episode.patient_id", read_only=True)
    signed_by = serializers.CharField(source="signed_by.user.name", default=None, read_only=True)

    class Meta:
        model = PlanVersion
        fields = [
            "id", "plan", "patient", "number", "state", "assessment", "disposition", "start_phase", "is_complete",
            "knowledge_revision", "content_hash", "created_at", "signed_at", "signed_by",
        ]  # fmt: skip


class VersionDetailSerializer(VersionSerializer):
    causes = CauseSerializer(many=True, read_only=True)
    phases = PhaseSerializer(many=True, read_only=True)
    goals = GoalSerializer(many=True, read_only=True)

    class Meta(VersionSerializer.Meta):
        fields = [*VersionSerializer.Meta.fields, "summary_for_patient", "causes", "phases", "goals"]


class PlanSerializer(serializers.ModelSerializer[Plan]):
    patient = serializers.IntegerField(source="episode.patient_id", read_only=True)

    class Meta:
        model = Plan
        fields = ["id", "patient", "episode", "state", "current_phase", "created_at"]


class PlanFilter(serializers.Serializer[Any]):
    patient = serializers.IntegerField(required=False, min_value=1, max_value=BIGGEST, source="episode__patient")
    episode = serializers.IntegerField(required=False, min_value=1, max_value=BIGGEST)
    state = serializers.ChoiceField(required=False, choices=Plan.State.choices)


class VersionFilter(serializers.Serializer[Any]):
    patient = serializers.IntegerField(required=False, min_value=1, max_value=BIGGEST, source="plan__episode__patient")
    plan = serializers.IntegerField(required=False, min_value=1, max_value=BIGGEST)
    state = serializers.ChoiceField(required=False, choices=PlanVersion.State.choices)


@extend_schema_view(list=extend_schema(parameters=[PlanFilter]))
class PlanViewSet(Resource):
    """Plans of the patients in one's care."""

    queryset = Plan.objects.all()
    serializer_class = PlanSerializer
    filters = PlanFilter
    needs = needs(list=Permission.CLINICAL_VIEW, retrieve=Permission.CLINICAL_VIEW)

    def rows(self) -> QuerySet[Plan]:
        return Plan.objects.visible_to(self.request.user).select_related("episode").order_by("-created_at", "-id")

    def patient_of(self, row: Plan) -> int:
        return int(row.episode.patient_id)

    def list(self, request: Request) -> Response:
        return self.listed()

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(self.get_object())


@extend_schema_view(
    list=extend_schema(parameters=[VersionFilter]), retrieve=extend_schema(responses=VersionDetailSerializer)
)
class VersionViewSet(Resource):
    """Versions of plans, drafts included; a signed one never changes."""

    queryset = PlanVersion.objects.all()
    serializer_class = VersionSerializer
    filters = VersionFilter
    needs = needs(list=Permission.CLINICAL_VIEW, retrieve=Permission.CLINICAL_VIEW)

    def rows(self) -> QuerySet[PlanVersion]:
        rows = PlanVersion.objects.filter(plan__in=Plan.objects.visible_to(self.request.user)).order_by("-id")
        return rows.for_page() if self.action == "retrieve" else rows.select_related("plan__episode", "signed_by__user")

    def get_serializer_class(self) -> type[serializers.Serializer[Any]]:
        return VersionDetailSerializer if self.action == "retrieve" else VersionSerializer

    def patient_of(self, row: PlanVersion) -> int:
        return int(row.plan.episode.patient_id)

    def list(self, request: Request) -> Response:
        return self.listed()

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(self.get_object())
