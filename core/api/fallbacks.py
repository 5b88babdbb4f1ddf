"""Answers where no view of the API was reached: problems for its callers, pages for people."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt

from core.api.problems import CONTENT_TYPE, Problem
from core.api.refusals import INTERNAL

_NOT_FOUND = Problem(404, "not_found", "There is nothing at this address.")
_MALFORMED = Problem(400, "bad_request", "The request is malformed or names a host not served.")
_DENIED = Problem(403, "permission_denied", "This is not allowed.")


@csrf_exempt
def unknown_address(request: HttpRequest) -> HttpResponse:
    """Answer any address below the API that no route knows."""
    return _answer(request, _NOT_FOUND)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return _answer_or_show(request, _MALFORMED, defaults.bad_request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return _answer_or_show(request, _DENIED, defaults.permission_denied, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return _answer_or_show(request, _NOT_FOUND, defaults.page_not_found, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    return _answer_or_show(request, INTERNAL, defaults.server_error)


def _answer_or_show(
    request: HttpRequest, problem: Problem, show: Any, *arguments: Any
) -> HttpResponseBase:
    if request.path.startswith(("/api/", "/health/")):
        return _answer(request, problem)
    page: HttpResponseBase = show(request, *arguments)
    return page


def _answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    return JsonResponse(problem.body(request), status=problem.status, content_type=CONTENT_TYPE)
