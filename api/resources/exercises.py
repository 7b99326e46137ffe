"""Prescriptions, and the log of what was done at home."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access import is_patient, needs
from api.resources.base import Resource
from clinic.permissions import Permission
from clinic.readers import has_unsettled_facts
from exercises.access import prescription_for
from exercises.actions import Logged, Outcome, log_session, take_back
from exercises.models import Exercise, Prescription, SessionLog, SkipReason

CLINICAL_OR_OWN = (Permission.CLINICAL_VIEW, Permission.OWN_RECORD)


class ExerciseSerializer(serializers.ModelSerializer[Exercise]):
    class Meta:
        model = Exercise
        fields = ["id", "key", "name", "kind", "region", "target_muscles", "cues", "common_error", "stop_if"]


class PrescriptionSerializer(serializers.ModelSerializer[Prescription]):
    """Units: seconds, minutes, bouts a day, days a week, effort 0-10."""

    exercise = ExerciseSerializer(read_only=True)

    class Meta:
        model = Prescription
        fields = [
            "id", "patient", "episode", "exercise", "side", "phase", "position", "why", "state", "starts_on", "ends_on",
            "sets", "reps", "hold_s", "duration_min", "per_day", "days_per_week", "rpe_low", "rpe_high", "rest_s",
        ]  # fmt: skip


class PrescriptionFilter(serializers.Serializer[Any]):
    patient = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    episode = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    state = serializers.ChoiceField(required=False, choices=Prescription.State.choices)
    on = serializers.DateField(required=False, help_text="In force on that day.")


@extend_schema_view(list=extend_schema(parameters=[PrescriptionFilter]))
class PrescriptionViewSet(Resource):
    """Home exercises. They change only through a signed plan; a patient never sees one that is on hold."""

    queryset = Prescription.objects.all()
    serializer_class = PrescriptionSerializer
    filters = PrescriptionFilter
    needs = needs(list=CLINICAL_OR_OWN, retrieve=CLINICAL_OR_OWN)

    def rows(self) -> QuerySet[Prescription]:
        rows = Prescription.objects.visible_to(self.request.user).for_portal()
        if not is_patient(self.request.user):
            return rows
        return rows.exclude(state=Prescription.State.PAUSED).exclude(has_unsettled_facts("patient"))

    def narrowed(self, rows: QuerySet[Any], wanted: dict[str, Any]) -> QuerySet[Any]:
        day = wanted.pop("on", None)
        found = rows.filter(**wanted)
        return found.current(day) if day else found  # type: ignore[attr-defined]

    def list(self, request: Request) -> Response:
        return self.listed()

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(self.get_object())


class SessionLogSerializer(serializers.ModelSerializer[SessionLog]):
    class Meta:
        model = SessionLog
        fields = [
            "id", "client_id", "prescription", "patient", "on", "bout", "state", "reason", "pain", "comment",
            "acted_at", "recorded_at",
        ]  # fmt: skip


class LogWriteSerializer(serializers.Serializer[Any]):
    """One bout of one day. ``client_id`` is made by the device, so that a resent log is stored once."""

    client_id = serializers.UUIDField()
    prescription = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    on = serializers.DateField(help_text="Day in the patient's own calendar.")
    bout = serializers.IntegerField(default=1)
    state = serializers.ChoiceField(choices=SessionLog.State.choices)
    reason = serializers.ChoiceField(choices=SkipReason.choices, default="", allow_blank=True)
    pain = serializers.IntegerField(default=None, allow_null=True, help_text="0 to 10; null is no answer, 0 is one.")
    comment = serializers.CharField(default="", allow_blank=True, max_length=500)
    acted_at = serializers.DateTimeField(help_text="When the patient tapped; the latest act of a bout wins.")


class CorrectionSerializer(serializers.Serializer[Any]):
    """What changes; everything else stays as stored. Sent again, it changes nothing more."""

    client_id = serializers.UUIDField(required=False, default=uuid4)
    state = serializers.ChoiceField(choices=SessionLog.State.choices, required=False)
    reason = serializers.ChoiceField(choices=SkipReason.choices, allow_blank=True, required=False)
    pain = serializers.IntegerField(allow_null=True, required=False)
    comment = serializers.CharField(allow_blank=True, max_length=500, required=False)
    acted_at = serializers.DateTimeField(required=False)


class SessionLogFilter(serializers.Serializer[Any]):
    patient = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    prescription = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    on = serializers.DateField(required=False)
    on_from = serializers.DateField(required=False, source="on__gte")
    on_to = serializers.DateField(required=False, source="on__lte")


@extend_schema_view(list=extend_schema(parameters=[SessionLogFilter]))
class SessionLogViewSet(Resource):
    """What was done at home. Only the patient writes it; the clinic reads."""

    queryset = SessionLog.objects.all()
    serializer_class = SessionLogSerializer
    filters = SessionLogFilter
    needs = needs(
        list=CLINICAL_OR_OWN,
        retrieve=CLINICAL_OR_OWN,
        create=Permission.OWN_RECORD,
        partial_update=Permission.OWN_RECORD,
        destroy=Permission.OWN_RECORD,
    )

    def rows(self) -> QuerySet[SessionLog]:
        return SessionLog.objects.visible_to(self.request.user).order_by("-on", "-id")

    def list(self, request: Request) -> Response:
        return self.listed()

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(self.get_object())

    @extend_schema(request=LogWriteSerializer, responses={200: SessionLogSerializer, 201: SessionLogSerializer})
    def create(self, request: Request) -> Response:
        """201 when stored for the first time, 200 when it corrected, repeated or came after a later act."""
        data = self.checked(LogWriteSerializer)
        prescription = prescription_for(request.user, data.pop("prescription"), to="own")
        return self._answer(log_session(prescription, by=self.user, now=self.now, **data))

    @extend_schema(request=CorrectionSerializer, responses=SessionLogSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        log = self.get_object()
        stored = {name: getattr(log, name) for name in ("on", "bout", "state", "reason", "pain", "comment")}
        now = self.now
        data = {**stored, "acted_at": now, **self.checked(CorrectionSerializer)}
        return self._answer(log_session(log.prescription, by=self.user, now=now, **data))

    def destroy(self, request: Request, pk: str) -> Response:
        """Take a log back; history keeps it."""
        take_back(self.get_object(), by=self.user, now=self.now)
        return Response(status=204)

    def _answer(self, result: Logged) -> Response:
        return self.shown(result.log, 201 if result.outcome is Outcome.CREATED else 200)
