"""Rooms and working hours, kept by the manager. Appointments are shown here and changed in the diary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from scheduling.models import Appointment, Room, WorkingHours

if TYPE_CHECKING:
    RoomBase = admin.ModelAdmin[Room]
    WorkingHoursBase = admin.ModelAdmin[WorkingHours]
    AppointmentBase = admin.ModelAdmin[Appointment]
else:
    RoomBase = WorkingHoursBase = AppointmentBase = admin.ModelAdmin


@admin.register(Room)
class RoomAdmin(RoomBase):
    list_display = ["name", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name"]


@admin.register(WorkingHours)
class WorkingHoursAdmin(WorkingHoursBase):
    list_display = ["practitioner", "weekday", "starts", "ends"]
    list_filter = ["practitioner", "weekday"]
    list_select_related = ["practitioner__user"]


@admin.register(Appointment)
class AppointmentAdmin(AppointmentBase):
    """Read-only: the diary's actions keep reminders, care team and sequence in step."""

    list_display = ["starts_at", "patient", "practitioner", "room", "kind", "state"]
    list_filter = ["state", "kind", "practitioner"]
    list_select_related = ["patient", "practitioner__user", "room"]
    search_fields = ["patient__number", "patient__family_name"]
    date_hierarchy = "starts_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
