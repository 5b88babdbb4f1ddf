"""How callers say who they are, in OpenAPI."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class BearerToken(OpenApiAuthenticationExtension):
    """The API token of ``core/api/authentication.py``."""

    target_class = "core.api.authentication.BearerTokenAuthentication"
    name = "apiToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token from `manage.py token <user>`; it may do what its user may.",
        }


class Session(OpenApiAuthenticationExtension):
    """The session of the admin; its cookie alone does not write."""

    target_class = "rest_framework.authentication.SessionAuthentication"
    name = "adminSession"
    priority = 1

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "The session of the admin. Writing also takes `X-CSRFToken`.",
        }
