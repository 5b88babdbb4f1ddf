"""Paths in OpenAPI: every address has one form there, without the slash it may end in."""

from typing import Any

Endpoint = tuple[str, str, str, Any]


def without_optional_slash(endpoints: list[Endpoint]) -> list[Endpoint]:
    """Return the endpoints by the form of their path that reversing gives."""
    return [(path.removesuffix("?").rstrip("/"), *rest) for path, *rest in endpoints]
