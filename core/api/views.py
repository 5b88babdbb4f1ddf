"""What all views of the API share."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from core.api.paging import RowsOf, Source, read_page, rows_after
from core.api.problems import ProblemRaised, invalid_parameters
from core.api.queries import FollowQuery, PageQuery
from core.api.serializers import CamelCaseModelSerializer

_WRITING = ("POST", "PUT", "PATCH", "DELETE")
# No OPTIONS: what the API takes is in its documentation, and no other site's page may call it.
_METHODS = ["get", "head", "post", "put", "patch", "delete"]


class WholeBody:
    """Reads the body before anything looks at it, and lets no word of a change go unheard.

    The framework takes a request without ``Content-Length`` for one without a body; a chunked one
    would silently lose what it says. Reading whole also applies Django's limit of a body's size.
    A parameter in the address that a change does not know is refused: who asked for a dry run
    must not have changed anything.
    """

    # What changes take in the address, by their action.
    write_parameters: ClassVar[Mapping[str, Sequence[str]]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        request._request.META["CONTENT_LENGTH"] = str(len(request._request.body))
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        if request.method in _WRITING:
            self._refuse_unknown(request)

    def _refuse_unknown(self, request: Request) -> None:
        takes = self.write_parameters.get(getattr(self, "action", ""), ())
        unknown = [name for name in request.query_params if name not in takes]
        if unknown:
            known = ", ".join(takes) or "no parameters in the address"
            error = ErrorDetail(f"It is not known here; this takes {known}.", "unknown_field")
            raise ProblemRaised(invalid_parameters({name: [error] for name in unknown}))


class ApiView(WholeBody, APIView):
    """One address. ``permissions`` names what each method takes (``core/api/permissions.py``)."""

    http_method_names = _METHODS
    permissions: ClassVar[Mapping[str, str]] = {}


class ApiViewSet(WholeBody, GenericViewSet[Any]):
    """The addresses of one kind of row. ``permissions`` names what each action takes."""

    http_method_names = _METHODS
    permissions: ClassVar[Mapping[str, str]] = {}
    lookup_value_regex = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

    def read_body(self, *, partial: bool = False) -> CamelCaseModelSerializer[Any]:
        """Return the body as this kind of row; refuse it field by field."""
        body = cast(
            CamelCaseModelSerializer[Any],
            self.get_serializer(data=self.request.data, partial=partial),
        )
        body.is_valid(raise_exception=True)
        return body

    def validated(self, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """Return the body as ``serializer`` reads it; refuse it field by field."""
        body = serializer(data=self.request.data)
        body.is_valid(raise_exception=True)
        values: dict[str, Any] = body.validated_data
        return values

    def answer_row(self, pk: Any, *, status: int = 200) -> Response:
        """Answer one row as it now stands."""
        return Response(self.get_serializer(self.get_queryset().get(pk=pk)).data, status=status)

    def answer_page(
        self,
        rows: QuerySet[Any] | Source,
        *,
        query: Mapping[str, Any] | None = None,
        serializer: type[serializers.BaseSerializer[Any]] | None = None,
    ) -> Response:
        """Answer the page of ``rows`` that the query string asks for."""
        query = PageQuery.read(self.request) if query is None else query
        page = read_page(
            RowsOf(rows) if isinstance(rows, QuerySet) else rows,
            request=self.request,
            page_size=query["page_size"],
            cursor=query.get("cursor"),
        )
        shown = (serializer or self.get_serializer_class())(page.rows, many=True)
        return Response({"next": page.next, "previous": page.previous, "results": shown.data})

    def answer_rows_after(
        self, rows: QuerySet[Any], *, serializer: type[serializers.BaseSerializer[Any]]
    ) -> Response:
        """Answer the rows after the one that the query string says was seen last."""
        query = FollowQuery.read(self.request)
        page, following = rows_after(rows, request=self.request, **query)
        results = serializer(page, many=True).data
        return Response({"next": following, "previous": None, "results": results})


def answer_all(
    rows: Sequence[Any], *, serializer: type[serializers.BaseSerializer[Any]]
) -> Response:
    """Answer a list that is short by nature, in the form of one page."""
    results = serializer(rows, many=True).data
    return Response({"next": None, "previous": None, "results": results})
