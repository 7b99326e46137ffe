"""Pages of a list: ``limit`` and ``offset``."""

from __future__ import annotations

from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request

FARTHEST = 1_000_000


class Pages(LimitOffsetPagination):
    """50 rows unless told, 200 at most; an absurd offset is held to what a database can count."""

    default_limit = 50
    max_limit = 200

    def get_offset(self, request: Request) -> int:
        return min(super().get_offset(request), FARTHEST)
