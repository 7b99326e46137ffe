"""Patients: contact data, nothing clinical."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access import needs
from api.resources.base import Resource
from clinic.actions import PATIENT_FIELDS, register_patient, update_patient
from clinic.models import Patient
from clinic.permissions import Permission
from plans.actions.holds import facts_may_change


class PatientSerializer(serializers.ModelSerializer[Patient]):
    display_name = serializers.CharField(read_only=True)

    class Meta:
        model = Patient
        fields = ["id", "number", "display_name", *PATIENT_FIELDS, "is_active", "registered_at"]
        read_only_fields = ["number", "is_active", "registered_at"]


class RegistrationSerializer(PatientSerializer):
    accept_similar = serializers.BooleanField(
        default=False, write_only=True, help_text="Register although someone alike is on file."
    )

    class Meta(PatientSerializer.Meta):
        fields = [*PatientSerializer.Meta.fields, "accept_similar"]


class PatientFilter(serializers.Serializer[Any]):
    q = serializers.CharField(required=False, max_length=100, help_text="Prefix of name, number, e-mail or telephone.")
    is_active = serializers.BooleanField(required=False, allow_null=True, default=None)


@extend_schema_view(list=extend_schema(parameters=[PatientFilter]))
class PatientViewSet(Resource):
    """Contact data of patients. A patient sees only the own record."""

    queryset = Patient.objects.all()
    serializer_class = PatientSerializer
    filters = PatientFilter
    needs = needs(
        list=(Permission.CONTACT_VIEW, Permission.OWN_RECORD),
        retrieve=(Permission.CONTACT_VIEW, Permission.OWN_RECORD),
        create=Permission.CONTACT_EDIT,
        partial_update=Permission.CONTACT_EDIT,
    )

    def rows(self) -> QuerySet[Patient]:
        return Patient.objects.visible_to(self.request.user).by_name()

    def narrowed(self, rows: QuerySet[Any], wanted: dict[str, Any]) -> QuerySet[Any]:
        text = wanted.pop("q", "")
        return Patient.objects.filter(pk__in=rows.order_by().values("pk")).search_for(text).filter(**wanted).by_name()

    def patient_of(self, row: Patient) -> int:
        return int(row.pk)

    def list(self, request: Request) -> Response:
        return self.listed()

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(self.get_object())

    @extend_schema(request=RegistrationSerializer, responses={201: PatientSerializer})
    def create(self, request: Request) -> Response:
        data = self.checked(RegistrationSerializer)
        accept = data.pop("accept_similar")
        patient = register_patient(data, self.user, today=timezone.localdate(), accept_similar=accept)
        return self.shown(patient, 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        patient = self.get_object()
        data = self.checked(PatientSerializer, partial=True)
        with facts_may_change(patient, by=self.user, today=timezone.localdate()):
            changed = update_patient(patient, data, today=timezone.localdate())
        return self.shown(changed)
