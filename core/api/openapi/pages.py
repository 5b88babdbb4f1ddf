"""The form of every list: one page and the addresses of those around it."""

from functools import cache
from typing import Any

from rest_framework import serializers


@cache
def page_of(row: type[serializers.BaseSerializer[Any]]) -> type[serializers.Serializer[Any]]:
    """Return the serializer of a page of such rows."""
    named = getattr(getattr(row, "Meta", None), "ref_name", None) or row.__name__
    fields = {
        "__doc__": "One page, newest first unless told otherwise, and the addresses around it.",
        "next": serializers.URLField(allow_null=True, help_text="The page after this one."),
        "previous": serializers.URLField(allow_null=True, help_text="The page before this one."),
        "results": row(many=True),
    }
    return type(f"{named.removesuffix('Serializer')}Page", (serializers.Serializer,), fields)
