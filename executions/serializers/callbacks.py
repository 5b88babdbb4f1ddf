"""What the other side of an HTTP job says when it is done."""

from typing import Any

from rest_framework import serializers

from core.api.serializers import CamelCaseSerializer
from core.text import NotStorable, strict_json


class OutputField(serializers.JSONField):
    """Any JSON that can be kept as an output."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            strict_json(data, what="The output")
        except NotStorable as problem:
            raise serializers.ValidationError(str(problem), "not_storable") from None
        return data


class CallbackAnswer(CamelCaseSerializer):
    """How what was asked for has ended."""

    status = serializers.ChoiceField(["succeeded", "failed"])
    output = OutputField(
        required=False, allow_null=True, help_text="Becomes the execution's output."
    )
    message = serializers.CharField(
        required=False, max_length=10_000, help_text="Why it failed; becomes the error's message."
    )
