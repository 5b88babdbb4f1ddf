"""The fields of ``core/api/fields.py`` in OpenAPI: what they take, and what they answer."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension

Schema = dict[str, Any]
_PLACE = "core.api.fields."


class WireChoice(OpenApiSerializerFieldExtension):
    """An enumeration: its names out, names and numbers in."""

    target_class = _PLACE + "WireChoiceField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        numbers: dict[int, str] = self.target.numbers
        if direction == "response":
            nothing = [None] if self.target.allow_null else []
            return {"type": "string", "enum": [*numbers.values(), *nothing]}
        taken = {n: name for n, name in numbers.items() if name in self.target.available}
        return {
            "description": f"A name, in any spelling, or its number: {_list(taken.items())}.",
            "anyOf": [
                {"type": "string", "enum": list(taken.values())},
                {"type": "integer", "enum": list(taken)},
            ],
        }


class Flags(OpenApiSerializerFieldExtension):
    """Bit flags: their sum out; a sum, a name or names in."""

    target_class = _PLACE + "FlagsField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        flags = [(int(flag), str(flag.name).lower()) for flag in self.target.flags]
        total = {"type": "integer", "minimum": 1, "maximum": sum(bit for bit, _ in flags)}
        described = {"description": f"The sum of {_list(flags)}."}
        if direction == "response":
            return total | described
        name = {"type": "string"}
        names = {"type": "array", "items": {"anyOf": [name, total]}, "minItems": 1}
        return {
            "description": f"The sum of {_list(flags)}; or a name, or a list of names.",
            "anyOf": [total, name, names],
        }


class UtcDateTime(OpenApiSerializerFieldExtension):
    """An instant: with a Z out; UTC in where it has no offset."""

    target_class = _PLACE + "UtcDateTimeField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        described = {} if direction == "response" else {"description": "UTC without an offset."}
        return {"type": "string", "format": "date-time", **described}


class WallTime(OpenApiSerializerFieldExtension):
    """A time of day without offset, which the format "time" of JSON Schema does not allow."""

    target_class = _PLACE + "WallTimeField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        return {
            "type": "string",
            "pattern": r"^\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?$",
            "description": "On the clock of the schedule's timezone, such as 06:30:00.",
        }


class JsonObject(OpenApiSerializerFieldExtension):
    """Any JSON object."""

    target_class = _PLACE + "JsonObjectField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        return {
            "type": "object",
            "additionalProperties": True,
            "description": "At most 1 MiB as JSON.",
        }


class AnyJson(OpenApiSerializerFieldExtension):
    """Any JSON value; null where the field allows it."""

    target_class = "rest_framework.fields.JSONField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        return {"type": ["object", "array", "string", "number", "boolean"]}


def _list(items: Iterable[tuple[int, str]]) -> str:
    return ", ".join(f"{number} {name}" for number, name in items)
