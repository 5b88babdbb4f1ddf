"""Pages without counting; no row is seen twice or missed when new ones arrive."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.exceptions import ErrorDetail, NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from core.api.problems import ProblemRaised, invalid_parameters
from core.api.queries import DEFAULT_PAGE_SIZE


class NewestFirst(CursorPagination):
    """``{next, previous, results}`` in order of creation (UUIDv7 keys), newest first."""

    ordering = "-id"

    def __init__(self, page_size: int = DEFAULT_PAGE_SIZE) -> None:
        self.page_size = page_size

    def decode_cursor(self, request: Request) -> Cursor | None:
        try:
            cursor = super().decode_cursor(request)
            if cursor and cursor.position:
                UUID(str(cursor.position))
        except (NotFound, ValueError):
            detail = "Not a cursor of this list; take it from next or previous."
            problem = invalid_parameters({"cursor": [ErrorDetail(detail, "invalid_cursor")]})
            raise ProblemRaised(problem) from None
        return cursor


def rows_after(
    rows: QuerySet[Any], *, after: int, page_size: int, request: Request
) -> tuple[list[Any], str | None]:
    """Return the oldest rows whose id is above ``after``, and the address of those that follow."""
    found = list(rows.filter(id__gt=after).order_by("id")[: page_size + 1])
    page = found[:page_size]
    if len(found) == len(page):
        return page, None
    return page, replace_query_param(request.build_absolute_uri(), "after", str(page[-1].id))
