"""Changing rows by PUT and PATCH: they differ only in what becomes of the fields left out."""

from typing import Any, ClassVar, cast

from rest_framework.request import Request
from rest_framework.response import Response

from core.api.serializers import CamelCaseModelSerializer
from core.api.views import ApiViewSet


class ChangingViewSet(ApiViewSet):
    """Rows that are changed by a body of the same form as they are created by."""

    kept_by_put: ClassVar[frozenset[str]] = frozenset()

    def change(self, request: Request, *, is_whole: bool) -> Response:
        """Change the row that is asked for, and answer it."""
        raise NotImplementedError

    def update(self, request: Request, pk: str) -> Response:
        return self.change(request, is_whole=True)

    def partial_update(self, request: Request, pk: str) -> Response:
        return self.change(request, is_whole=False)

    def read_change(
        self, row: Any, *, is_whole: bool
    ) -> tuple[CamelCaseModelSerializer[Any], dict[str, Any]]:
        """Return the body, and the fields it changes; refuse it field by field.

        Where the body is the whole row, what it leaves out returns to its default, except for
        ``kept_by_put``. Who created the row is not among what can be changed.
        """
        body = self.get_serializer(row, data=self.request.data, partial=not is_whole)
        body.is_valid(raise_exception=True)
        fields = dict(body.validated_data)
        if is_whole:
            fields = self._defaults(body) | fields
        fields.pop("created_by", None)
        return cast(CamelCaseModelSerializer[Any], body), fields

    def _defaults(self, body: Any) -> dict[str, Any]:
        """Return the defaults of what the body leaves out."""
        columns = {f.name: f for f in body.Meta.model._meta.concrete_fields if f.editable}
        writable = {field.source for field in body.fields.values() if not field.read_only}
        left_out = (columns.keys() & writable) - body.validated_data.keys() - self.kept_by_put
        return {columns[name].attname: columns[name].get_default() for name in left_out}
