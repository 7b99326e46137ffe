"""What every resource shares: deny by default, allow-listed filters, the access log."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from django.db.models import Model, QuerySet
from django.utils import timezone
from rest_framework import exceptions, serializers, viewsets
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from api.access import Needs, RolePermission
from api.pagination import Pages
from clinic.audit import note_seen
from clinic.models import User

PAGING = ("limit", "offset")


class Nothing(serializers.Serializer[Any]):
    """No filter beyond the page."""


class Resource(viewsets.GenericViewSet[Any]):
    """A resource that only patients' carers and patients themselves see, row by row.

    A subclass names ``needs``, ``rows`` (already narrowed by who asks), ``filters`` and ``patient_of``.
    """

    permission_classes = [IsAuthenticated, RolePermission]
    pagination_class = Pages
    http_method_names = ["get", "post", "patch", "delete", "head"]
    lookup_value_regex = r"[0-9]{1,18}"
    needs: Needs = {}
    filters: type[serializers.Serializer[Any]] = Nothing

    def rows(self) -> QuerySet[Any]:
        """Rows that the person may see; everybody else's do not exist."""
        raise NotImplementedError

    def narrowed(self, rows: QuerySet[Any], wanted: dict[str, Any]) -> QuerySet[Any]:
        """Apply the allowed filters."""
        return rows.filter(**wanted)

    def patient_of(self, row: Any) -> int:
        """Whose data the row is, for the access log."""
        return int(row.patient_id)

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset().none()
        return self.rows()

    def get_object(self) -> Any:
        row = super().get_object()
        note_seen([self.patient_of(row)])
        return row

    def listed(self, *, order: Iterable[str] = ()) -> Response:
        """One page of rows, each patient noted."""
        rows = self.narrowed(self.get_queryset(), self.wanted())
        page = self.paginate_queryset(rows.order_by(*order) if order else rows) or []
        note_seen(self.patient_of(row) for row in page)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def wanted(self) -> dict[str, Any]:
        """The filters of the request, typed; an unknown one is refused instead of being silently ignored."""
        given = {key: value for key, value in self.request.query_params.items() if key not in PAGING}
        known = self.filters().fields
        unknown = {key: [exceptions.ErrorDetail("Unknown filter.", "unknown")] for key in given if key not in known}
        if unknown:
            raise exceptions.ValidationError(unknown)
        check = self.filters(data=given)
        check.is_valid(raise_exception=True)
        return {key: value for key, value in check.validated_data.items() if value is not None}

    def checked(self, serializer: type[serializers.Serializer[Any]], *, partial: bool = False) -> dict[str, Any]:
        """The body of the request, typed."""
        check = serializer(data=self.request.data, partial=partial)
        check.is_valid(raise_exception=True)
        return dict(check.validated_data)

    def shown(self, row: Model, http_status: int = 200) -> Response:
        """One row, its patient noted."""
        note_seen([self.patient_of(row)])
        return Response(self.get_serializer(row).data, status=http_status)

    @property
    def user(self) -> User:
        """The log-in; ``permission_classes`` let nobody else through."""
        return cast(User, self.request.user)

    @property
    def now(self) -> datetime:
        return timezone.now()
