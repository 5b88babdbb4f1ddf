"""Every address of the API, taken from the routes themselves."""

from dataclasses import dataclass
from uuid import UUID

from django.urls import get_resolver, reverse
from django.urls.resolvers import URLResolver

NOBODY = UUID(int=0)


@dataclass(frozen=True)
class Address:
    """One path (ids made up) and the methods it knows."""

    name: str
    path: str
    methods: tuple[str, ...]


def all_addresses() -> list[Address]:
    """Return all addresses below ``/api/`` and ``/health/``."""
    found = []
    for pattern in _patterns(get_resolver()):
        if not pattern.name:
            continue
        ids = dict.fromkeys(pattern.pattern.regex.groupindex, NOBODY)
        path = reverse(pattern.name, kwargs=ids)
        if path.startswith(("/api/", "/health/")):
            found.append(Address(pattern.name, path, _methods(pattern.callback)))
    return found


def api_addresses() -> list[Address]:
    """Return the addresses that need a token."""
    return [address for address in all_addresses() if address.path.startswith("/api/")]


def _patterns(resolver):
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            if getattr(entry, "namespace", None) is None:
                yield from _patterns(entry)
        else:
            yield entry


def _methods(view) -> tuple[str, ...]:
    if hasattr(view, "actions"):
        return tuple(view.actions)
    return tuple(m for m in view.cls.http_method_names if hasattr(view.cls, m) and m != "options")
