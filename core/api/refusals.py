"""From an exception to its problem: the REST framework's exception handler."""

import logging
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import IntegrityError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from core.api.problems import (
    CONTENT_TYPE,
    Problem,
    ProblemRaised,
    invalid_body,
    invalid_fields,
)
from core.errors import Conflict, InvalidInput, NotFound, Refused, Unavailable

logger = logging.getLogger(__name__)

_UNIQUE_VIOLATION = "23505"


def answer_problem(error: Exception, context: dict[str, Any]) -> Response:
    """Answer any exception of a view; an unforeseen one is logged and told without its reason."""
    set_rollback()
    request = context["request"]
    problem = _known(error)
    if problem is None:
        logger.error("%s %s failed", request.method, request.path, exc_info=error)
        got_request_exception.send(sender=context["view"].__class__, request=request._request)
        problem = INTERNAL
    return Response(
        problem.body(request),
        status=problem.status,
        headers=problem.headers,
        content_type=CONTENT_TYPE,
    )


INTERNAL = Problem(
    500,
    "internal_error",
    "The platform failed to answer. The request id finds the reason in its log.",
)


def _known(error: Exception) -> Problem | None:
    """Return the problem of an exception that says something to the caller, else None."""
    match error:
        case ProblemRaised():
            return error.problem
        case InvalidInput():
            return invalid_fields(error.problems)
        case Conflict():
            return Problem(409, error.code, error.detail, kind="conflict")
        case NotFound():
            return Problem(404, error.code, error.detail)
        case Unavailable():
            return Problem(503, error.code, error.detail, headers={"Retry-After": "5"})
        case Refused():
            return Problem(400, error.code, error.detail)
        case exceptions.ValidationError():
            return invalid_body(error.detail)
        case exceptions.APIException():
            return _of_framework(error)
        case Http404():
            return _of_framework(exceptions.NotFound())
        case PermissionDenied():
            return _of_framework(exceptions.PermissionDenied())
        case RequestDataTooBig():
            return Problem(413, "body_too_large", "The body is larger than the API takes.")
        case SuspiciousOperation():
            return Problem(400, "bad_request", "The request is malformed.")
    return _of_database(error)


def _of_framework(error: exceptions.APIException) -> Problem:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    detail = str(error.detail)
    if isinstance(error, exceptions.UnsupportedMediaType):
        detail = f"{detail} Send application/json."
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else error.default_code
    return Problem(error.status_code, code, detail, headers=headers)


def _of_database(error: Exception) -> Problem | None:
    if isinstance(error, OperationalError):
        logger.warning("the database did not answer: %s", str(error).strip())
        return Problem(
            503,
            "database_unavailable",
            "The database does not answer; try again.",
            headers={"Retry-After": "5"},
        )
    is_taken = getattr(error.__cause__, "sqlstate", None) == _UNIQUE_VIOLATION
    if isinstance(error, IntegrityError) and is_taken:
        return Problem(
            409,
            "already_exists",
            "Another request has just made a row that this one may not repeat.",
            kind="conflict",
        )
    return None
