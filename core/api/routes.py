"""Addresses of the API, with and without a trailing slash: neither form is redirected."""

from typing import Any

from django.urls import URLPattern, re_path
from rest_framework.routers import SimpleRouter


class EitherSlash(SimpleRouter):
    """A router whose addresses may end in a slash; reversing gives the form without."""

    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"


def route(address: str, view: Any, name: str) -> URLPattern:
    """Return the route of one address, such as ``health/live``."""
    pattern: URLPattern = re_path(rf"^{address}/?$", view, name=name)
    return pattern
