"""Problems in OpenAPI: one form, and the answers that carry it."""

from http import HTTPStatus
from typing import Any

from rest_framework import serializers

from core.api.problems import CONTENT_TYPE, TYPE_PREFIX
from core.api.serializers import CamelCaseSerializer

# A code that clients meet with each status, and when they do.
WHEN = {
    400: (
        "validation_error",
        "The body or a parameter is not valid; `errors` names each field and the fix.",
    ),
    401: ("not_authenticated", "No token, or one that is not valid, has expired or was revoked."),
    403: ("permission_denied", "The caller lacks the permission."),
    404: ("not_found", "There is nothing at this address."),
    409: (
        "job_not_active",
        "The present state does not allow it; `code` says what stands against.",
    ),
    413: ("body_too_large", "The body is larger than the API takes."),
    415: ("unsupported_media_type", "The body is not `application/json`."),
    503: ("database_unavailable", "What the platform stands on does not answer; try again."),
}


class FieldProblemSerializer(CamelCaseSerializer):
    """What is wrong with one field or parameter."""

    pointer = serializers.CharField(
        required=False, help_text="Of a field in the body: a JSON Pointer such as #/timeOfDay."
    )
    parameter = serializers.CharField(required=False, help_text="Of the query string.")
    code = serializers.CharField()
    detail = serializers.CharField(help_text="What is wrong, and what to do.")


class ProblemSerializer(CamelCaseSerializer):
    """An error (RFC 9457)."""

    type = serializers.CharField(help_text="urn:scheduler:problem:…, the same everywhere.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What is wrong, and what to do.")
    instance = serializers.CharField(help_text="The path that was asked for.")
    code = serializers.CharField(help_text="Stable; what clients branch on.")
    request_id = serializers.UUIDField(help_text="Finds the request in log and audit trail.")
    checks = serializers.DictField(
        child=serializers.DictField(), required=False, help_text="Of a probe that is not met."
    )
    errors = FieldProblemSerializer(many=True, required=False)  # type: ignore[assignment]


def problem_answer(status: int, problem: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of this status, whose body is the schema ``problem``."""
    code, when = WHEN[status]
    title = HTTPStatus(status).phrase
    example = {
        "type": TYPE_PREFIX + code.replace("_", "-"),
        "title": title,
        "status": status,
        "detail": when.replace("`", ""),
        "instance": "/api/jobs",
        "code": code,
        "requestId": "01a20c72-0000-7000-8000-000000000000",
    }
    return {
        "description": f"{title}. {when}",
        "content": {CONTENT_TYPE: {"schema": problem, "example": example}},
    }
