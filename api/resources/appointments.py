"""Visits: book, move, cancel. The database refuses a double booking; the answer then offers free times."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from api.access import is_patient, needs
from api.resources.base import Resource
from clinic.access import patient_for
from clinic.errors import Invalid
from clinic.models import Practitioner
from clinic.permissions import Permission
from scheduling.actions import book, cancel, move
from scheduling.models import Appointment, CancelReason, Kind, Room, State

BIGGEST = 2**63 - 1


class AppointmentSerializer(serializers.ModelSerializer[Appointment]):
    practitioner_name = serializers.CharField(source="practitioner.user.name", read_only=True)
    room_name = serializers.CharField(source="room.name", default=None, read_only=True)

    class Meta:
        model = Appointment
        fields = [
            "id", "uid", "sequence", "patient", "practitioner", "practitioner_name", "room", "room_name", "kind",
            "starts_at", "ends_at", "state", "desk_note", "cancelled_at", "cancel_reason", "cancelled_late",
        ]  # fmt: skip


class OwnAppointmentSerializer(AppointmentSerializer):
    """What a patient sees: nothing that the desk noted for itself."""

    class Meta(AppointmentSerializer.Meta):
        fields = [name for name in AppointmentSerializer.Meta.fields if name not in ("desk_note", "cancelled_late")]


class TimeSerializer(serializers.Serializer[Any]):
    practitioner = serializers.IntegerField(min_value=1, max_value=BIGGEST)
    room = serializers.IntegerField(min_value=1, max_value=BIGGEST, required=False, allow_null=True)
    start = serializers.DateTimeField()
    minutes = serializers.IntegerField(min_value=5, max_value=480)
    kind = serializers.ChoiceField(choices=Kind.choices, default=Kind.FOLLOW_UP)
    desk_note = serializers.CharField(max_length=200, default="", allow_blank=True, help_text="No clinical text.")


class BookingSerializer(TimeSerializer):
    """``key`` makes a resent request harmless: the same key gives the same visit."""

    patient = serializers.IntegerField(min_value=1, max_value=BIGGEST)
    key = serializers.CharField(max_length=64, required=False, allow_null=True)


class MoveSerializer(TimeSerializer):
    """What changes; ``sequence`` is what the person saw, so that nobody overwrites somebody else."""

    practitioner = serializers.IntegerField(min_value=1, max_value=BIGGEST, required=False)
    start = serializers.DateTimeField(required=False)
    minutes = serializers.IntegerField(min_value=5, max_value=480, required=False)
    sequence = serializers.IntegerField(min_value=0, required=False)


class CancelSerializer(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=CancelReason.choices)
    desk_note = serializers.CharField(max_length=200, default="", allow_blank=True)
    sequence = serializers.IntegerField(min_value=0, required=False)


class AppointmentFilter(serializers.Serializer[Any]):
    patient = serializers.IntegerField(required=False, min_value=1, max_value=BIGGEST)
    practitioner = serializers.IntegerField(required=False, min_value=1, max_value=BIGGEST)
    state = serializers.ChoiceField(required=False, choices=State.choices)
    starts_from = serializers.DateTimeField(required=False, source="starts_at__gte")
    starts_before = serializers.DateTimeField(required=False, source="starts_at__lt")


@extend_schema_view(list=extend_schema(parameters=[AppointmentFilter]))
class AppointmentViewSet(Resource):
    """Visits of the patients and diaries one may see; a patient sees the own ones."""

    queryset = Appointment.objects.all()
    serializer_class = AppointmentSerializer
    filters = AppointmentFilter
    needs = needs(
        list=(Permission.BOOKING, Permission.OWN_RECORD),
        retrieve=(Permission.BOOKING, Permission.OWN_RECORD),
        create=Permission.BOOKING,
        partial_update=Permission.BOOKING,
        cancel=Permission.BOOKING,
    )

    def rows(self) -> QuerySet[Appointment]:
        return Appointment.objects.visible_to(self.request.user).for_diary()

    def get_serializer_class(self) -> type[serializers.Serializer[Any]]:
        own = is_patient(getattr(self.request, "user", None))
        return OwnAppointmentSerializer if own else AppointmentSerializer

    def list(self, request: Request) -> Response:
        return self.listed()

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(self.get_object())

    @extend_schema(request=BookingSerializer, responses={201: AppointmentSerializer})
    def create(self, request: Request) -> Response:
        """Book. 409 with ``alternatives`` when the time is taken."""
        data = self.checked(BookingSerializer)
        patient = patient_for(request.user, data.pop("patient"), to="book")
        practitioner, room = practitioner_named(data.pop("practitioner")), room_named(data.pop("room", None))
        return self.shown(book(patient, practitioner, room=room, by=self.user, now=self.now, **data), 201)

    @extend_schema(request=MoveSerializer, responses=AppointmentSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Move to another time, practitioner or room; what is left out stays."""
        visit = self.get_object()
        data = self.checked(MoveSerializer, partial=True)
        practitioner = practitioner_named(data.pop("practitioner")) if "practitioner" in data else visit.practitioner
        room = room_named(data.pop("room")) if "room" in data else visit.room
        length = int((visit.during.upper - visit.during.lower).total_seconds() // 60)
        wish = {"start": visit.during.lower, "minutes": length, **data}
        return self.shown(move(visit, practitioner, room=room, by=self.user, now=self.now, **wish))

    @extend_schema(request=CancelSerializer, responses=AppointmentSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel; less than a day before the start it counts as late."""
        visit = self.get_object()
        data = self.checked(CancelSerializer)
        return self.shown(cancel(visit, data.pop("reason"), by=self.user, now=self.now, **data))


def practitioner_named(pk: int) -> Practitioner:
    """The practitioner, or a refusal at the field."""
    found = Practitioner.objects.select_related("user").filter(pk=pk).first()
    if found is None:
        raise Invalid("practitioner", "There is no such practitioner.", field="practitioner")
    return found


def room_named(pk: int | None) -> Room | None:
    """The room, none when none was asked for, or a refusal at the field."""
    if pk is None:
        return None
    found = Room.objects.filter(pk=pk).first()
    if found is None:
        raise Invalid("room", "There is no such room.", field="room")
    return found
