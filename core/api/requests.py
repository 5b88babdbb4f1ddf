"""An id for every request: in the answer, in problems, and in the audit trail."""

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from core.ids import uuid7

HEADER = "X-Request-Id"


def request_id_of(request: Any) -> UUID:
    """Return the request's id; one that came past the middleware gets its id here."""
    request_id = getattr(request, "request_id", None)
    return request_id if isinstance(request_id, UUID) else uuid7()


@sync_and_async_middleware
def RequestIdMiddleware(get_response: Callable[..., Any]) -> Callable[..., Any]:  # noqa: N802
    """Take the caller's ``X-Request-Id`` if it is a UUID, else make one, and answer with it."""
    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponseBase:
            request_id = _identify(request)
            response: HttpResponseBase = await get_response(request)
            response[HEADER] = str(request_id)
            return response

        return answer_later

    def answer(request: HttpRequest) -> HttpResponseBase:
        request_id = _identify(request)
        response: HttpResponseBase = get_response(request)
        response[HEADER] = str(request_id)
        return response

    return answer


def _identify(request: HttpRequest) -> UUID:
    try:
        request_id = UUID(request.headers.get(HEADER, ""))
    except ValueError:
        request_id = uuid7()
    request.request_id = request_id  # type: ignore[attr-defined]
    return request_id
