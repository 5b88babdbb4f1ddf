"""The fields of schedules in OpenAPI, where they take more than they answer."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension

Schema = dict[str, Any]
_TEXT = {"type": "string"}


class Ordinal(OpenApiSerializerFieldExtension):
    """A number, or "last"."""

    target_class = "jobs.serializers.fields.OrdinalField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        most = self.target.most
        number = {"type": "integer", "minimum": -most, "maximum": most}
        described = {"description": "Counted from the end if negative: -1 is the last."}
        if direction == "response":
            return number | described
        return described | {"anyOf": [number, {"enum": ["last"]}]}


class Calendar(OpenApiSerializerFieldExtension):
    """A name out, a name or an id in."""

    target_class = "jobs.serializers.naming.CalendarField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        named = "The name of a business calendar"
        return _TEXT | {"description": f"{named}{', or its id' * (direction == 'request')}."}


class Exclusions(OpenApiSerializerFieldExtension):
    """Names out, names or ids in."""

    target_class = "jobs.serializers.naming.ExclusionsField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        named = "Names of exclusion windows of scope schedule"
        described = {"description": f"{named}{', or their ids' * (direction == 'request')}."}
        return {"type": "array", "items": _TEXT} | described


class Description(OpenApiSerializerFieldExtension):
    """The rule in words."""

    target_class = "jobs.serializers.naming.DescriptionField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Schema:
        return _TEXT | {"description": "The rule in words."}
