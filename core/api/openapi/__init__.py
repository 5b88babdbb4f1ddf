"""The API's description in OpenAPI 3.1, derived from what its views and serializers say."""

from core.api.openapi import authentication, fields  # noqa: F401 - found by being imported
from core.api.openapi.pages import page_of
from core.api.openapi.schema import LOCATION, ApiSchema

__all__ = ["LOCATION", "ApiSchema", "page_of"]
