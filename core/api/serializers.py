"""Serializers whose names on the wire are camelCase, and which refuse what they do not know."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from functools import cached_property
from operator import attrgetter
from typing import Any, TypeVar

from django.db.models import Model
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import SkipField
from rest_framework.relations import PKOnlyObject

from core.api.naming import camel_case
from core.api.wording import RowField, reword
from core.errors import InvalidInput

M = TypeVar("M", bound=Model)

_SHOWN = 60  # characters of a foreign name
_SNAKE_CASE = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")


class _CamelCase:
    """Renames fields to camelCase, keeping their snake_case name as ``source``.

    They say in plain words what they do not take.
    """

    fields: Any

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()  # type: ignore[misc]
        for field in fields.values():
            reword(field)
        return {self._rename(name, field): field for name, field in fields.items()}

    @staticmethod
    def _rename(name: str, field: Any) -> str:
        renamed = camel_case(name)
        if field.source is None and renamed != name:
            field.source = name
        if isinstance(field, serializers.SerializerMethodField) and field.method_name is None:
            field.method_name = f"get_{name}"
        return renamed

    @cached_property
    def _readers(self) -> list[tuple[str, Any, Callable[[Any], Any]]]:
        return [(field.field_name, field, _reader(field)) for field in self._readable_fields]  # type: ignore[attr-defined]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Do what the framework does, in a third of its time: a page has thousands of fields."""
        shown = {}
        for name, field, read in self._readers:
            try:
                value = read(instance)
            except SkipField:
                continue
            shown[name] = None if value is None else field.to_representation(value)
        return shown

    def to_internal_value(self, data: Any) -> Any:
        """Validate all fields; a name that is not a field is an error too: it may be a typo."""
        errors = self._unknown(data) if isinstance(data, Mapping) else {}
        try:
            values = super().to_internal_value(data)  # type: ignore[misc]
        except ValidationError as error:
            if not isinstance(error.detail, dict):
                raise
            raise ValidationError({**error.detail, **errors}) from None
        if errors:
            raise ValidationError(errors)
        return values

    def _unknown(self, data: Mapping[str, Any]) -> dict[str, list[ErrorDetail]]:
        known = list(self.fields)
        return {
            name[:_SHOWN]: [ErrorDetail(_advice(name[:_SHOWN], known), "unknown_field")]
            for name in data
            if name not in self.fields
        }

    @contextmanager
    def naming_fields(self) -> Iterator[None]:
        """Let what a service refuses inside carry the names of this serializer's fields.

        So do the sentences: those name other fields.
        """
        try:
            yield
        except InvalidInput as error:
            names = {
                str(field.source).rpartition(".")[2]: name for name, field in self.fields.items()
            }
            details: dict[str, Any] = {}
            for problem in error.problems:
                field, *inner = problem.field.split(".")
                name = names.get(field, camel_case(field))
                detail = _SNAKE_CASE.sub(lambda word: names.get(word[0], word[0]), problem.detail)
                path = ["non_field_errors" if field == "__all__" else name, *inner]
                _nest(details, path, ErrorDetail(detail, problem.code))
            raise ValidationError(details) from None


def _nest(details: dict[str, Any], path: list[str], error: ErrorDetail) -> None:
    """Add the error of what stands at ``path`` in a body."""
    for part in path[:-1]:
        details = details.setdefault(part, {})
    details.setdefault(path[-1], []).append(error)


def _reader(field: Any) -> Callable[[Any], Any]:
    """Return what reads the field's value of an instance, None for a relation to nothing."""

    def read_slowly(instance: Any) -> Any:
        value = field.get_attribute(instance)
        return None if isinstance(value, PKOnlyObject) and value.pk is None else value

    if type(field).get_attribute is not serializers.Field.get_attribute or not field.source_attrs:
        return read_slowly
    read_plainly = attrgetter(field.source)

    def read(instance: Any) -> Any:
        try:
            value = read_plainly(instance)
        except AttributeError:
            return read_slowly(instance)
        return read_slowly(instance) if callable(value) else value

    return read


def _advice(name: str, known: list[str]) -> str:
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = get_close_matches(name.lower().replace("_", ""), by_lower, n=3)
    if close:
        return f"There is no {name!r}; did you mean {' or '.join(by_lower[c] for c in close)}?"
    return f"There is no {name!r} here; leave it out."


class CamelCaseSerializer(_CamelCase, serializers.Serializer[Any]):
    """A plain serializer with camelCase names."""


class CamelCaseModelSerializer(_CamelCase, serializers.ModelSerializer[M]):
    """A model's serializer with camelCase names. Writing is the services' business."""

    serializer_related_field = RowField
