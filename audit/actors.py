"""Who acts in a request of the API."""

from rest_framework.request import Request

from audit.trail import Actor
from core.api.requests import request_id_of


def actor_of(request: Request, *, claims: str | None = None) -> Actor:
    """Return the authenticated caller, with what the body claims (``createdBy``) beside it."""
    return Actor(
        name=request.user.get_username(),
        id=str(request.user.pk),
        claims=claims or None,
        request_id=request_id_of(request),
    )
