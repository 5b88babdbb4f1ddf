"""Query strings of lists: every parameter is checked, and an unknown one is refused."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request

from core.api.problems import ProblemRaised, invalid_parameters
from core.api.serializers import CamelCaseSerializer

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 200


class Query(CamelCaseSerializer):
    """The parameters of one address; subclasses have them as fields."""

    @classmethod
    def read(cls, request: Request) -> dict[str, Any]:
        """Return the parameters by their snake_case names, or refuse them by their own."""
        query = cls(data=request.query_params.dict())
        many = [n for n, f in query.fields.items() if isinstance(f, serializers.ListField)]
        for name, given in request.query_params.lists():
            if name in many:
                query.initial_data[name] = given
            elif len(given) > 1:
                error = ErrorDetail("Give it once.", "repeated")
                raise ProblemRaised(invalid_parameters({name: [error]}))
        if not query.is_valid():
            raise ProblemRaised(invalid_parameters(query.errors))
        values: dict[str, Any] = query.validated_data
        return values


class _SizedQuery(Query):
    page_size = serializers.IntegerField(
        min_value=1, max_value=MAX_PAGE_SIZE, default=DEFAULT_PAGE_SIZE, help_text="Rows of a page."
    )


class PageQuery(_SizedQuery):
    """The parameters of a list with pages."""

    cursor = serializers.CharField(
        required=False, max_length=500, help_text="Which page: take it from next or previous."
    )


class FollowQuery(_SizedQuery):
    """The parameters of a list that grows at its end: what comes after the row last seen."""

    after = serializers.IntegerField(
        min_value=0, max_value=2**63 - 1, default=0, help_text="The id of the row seen last."
    )
