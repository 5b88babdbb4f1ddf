"""Pages without counting; no row is seen twice or missed when new ones arrive."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from core.api.problems import ProblemRaised, invalid_parameters


@dataclass(frozen=True)
class Place:
    """Where a page begins: beside the row of this id, going on to older or to newer rows."""

    id: UUID
    is_back: bool = False

    def encode(self) -> str:
        """Return the place as a cursor, which clients pass on and never read."""
        return urlsafe_b64encode(bytes([self.is_back]) + self.id.bytes).rstrip(b"=").decode()

    @classmethod
    def decode(cls, cursor: str) -> Self:
        """Return the place of a cursor; raise ``ValueError`` for what is none."""
        content = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place = cls(UUID(bytes=content[1:]), is_back=content[:1] == b"\x01")
        if place.encode() != cursor:
            raise ValueError(cursor)
        return place


class Source(Protocol):
    """Rows with UUIDv7 keys, read from a place on."""

    def read(self, place: Place | None, *, limit: int) -> Sequence[Any]:
        """Return the rows nearest to ``place``, nearest first; without one, the newest."""


class RowsOf:
    """The rows of a queryset as a source of pages."""

    def __init__(self, rows: QuerySet[Any]) -> None:
        self._rows = rows

    def read(self, place: Place | None, *, limit: int) -> list[Any]:
        return list(from_place(self._rows, place)[:limit])


def from_place(rows: QuerySet[Any], place: Place | None) -> QuerySet[Any]:
    """Return the rows beyond ``place``, nearest first."""
    if place is None:
        return rows.order_by("-pk")
    if place.is_back:
        return rows.filter(pk__gt=place.id).order_by("pk")
    return rows.filter(pk__lt=place.id).order_by("-pk")


@dataclass(frozen=True)
class Page:
    """Rows, newest first, and the addresses of the pages around them."""

    rows: list[Any]
    next: str | None
    previous: str | None


def read_page(source: Source, *, request: Request, page_size: int, cursor: str | None) -> Page:
    """Return the page of ``source`` at ``cursor``; refuse what is no cursor."""
    place = None if cursor is None else _place_of(cursor)
    found = list(source.read(place, limit=page_size + 1))
    has_more, rows = len(found) > page_size, found[:page_size]
    is_back = place is not None and place.is_back
    if is_back:
        rows.reverse()
    has_older, has_newer = (True, has_more) if is_back else (has_more, place is not None)
    return Page(
        rows=rows,
        next=_address(request, Place(rows[-1].pk)) if has_older and rows else None,
        previous=_address(request, Place(rows[0].pk, is_back=True)) if has_newer and rows else None,
    )


def _place_of(cursor: str) -> Place:
    try:
        return Place.decode(cursor)
    except ValueError:
        detail = "Not a cursor of this list; take it from next or previous."
        problem = invalid_parameters({"cursor": [ErrorDetail(detail, "invalid_cursor")]})
        raise ProblemRaised(problem) from None


def _address(request: Request, place: Place) -> str:
    return replace_query_param(request.build_absolute_uri(), "cursor", place.encode())


def rows_after(
    rows: QuerySet[Any], *, after: int, page_size: int, request: Request
) -> tuple[list[Any], str | None]:
    """Return the oldest rows whose id is above ``after``, and the address of those that follow."""
    found = list(rows.filter(id__gt=after).order_by("id")[: page_size + 1])
    page = found[:page_size]
    if len(found) == len(page):
        return page, None
    return page, replace_query_param(request.build_absolute_uri(), "after", str(page[-1].id))
