"""Calling a registered Python function in the worker child."""

import inspect
import traceback
from functools import lru_cache
from typing import Any

from core.text import NotStorable, strict_json
from executions.authoring import (
    Handler,
    JobContext,
    PermanentFailure,
    RetryLater,
    Skip,
    StopJob,
    find_handler,
    known_handlers,
)
from executions.claim import Claim
from executions.outcomes import Failed, Outcome, RetryAsked, Skipped, Succeeded


class BadParameters(Exception):
    """The execution's parameters do not fit the handler's signature; the message names both."""


def run_in_process(claim: Claim, context: JobContext) -> Outcome:
    """Call the job's handler with its parameters, and turn what it does into an outcome."""
    name = claim.snapshot["execution_type_name"]
    function = find_handler(name)
    if function is None:
        known = ", ".join(known_handlers()) or "none"
        return Failed(
            "UnknownHandler",
            f"No handler is registered as {name!r} on this worker. Known: {known}."
            " Check executionTypeName, or name the handler's module in JOB_MODULES.",
            is_permanent=True,
        )
    try:
        arguments = bind_arguments(function, claim.parameters, context)
        return Succeeded(strict_json(function(**arguments), what="The handler's return value"))
    except StopJob:
        raise
    except RetryLater as request:
        return RetryAsked(str(request), request.delay)
    except Skip as skip:
        return Skipped(str(skip) or "The handler found nothing to do.")
    except (PermanentFailure, BadParameters) as failure:
        return Failed(type(failure).__name__, str(failure), _trace(failure), is_permanent=True)
    except NotStorable as failure:
        return Failed("OutputNotStorable", str(failure))
    except SystemExit as failure:
        return Failed(
            "SystemExit", f"The handler called sys.exit({failure.code!r}).", _trace(failure)
        )
    # A handler's KeyboardInterrupt or MemoryError must not end the worker.
    except BaseException as failure:
        return Failed(type(failure).__name__, message_of(failure), _trace(failure))


_signature = lru_cache(inspect.signature)


def bind_arguments(
    function: Handler, parameters: dict[str, Any], context: JobContext
) -> dict[str, Any]:
    """Return the call's keyword arguments; raise :class:`BadParameters` when they do not fit."""
    signature = _signature(function)
    arguments = dict(parameters)
    if "context" in signature.parameters:
        arguments["context"] = context
    try:
        signature.bind(**arguments)
    except TypeError as error:
        takes = ", ".join(name for name in signature.parameters if name != "context") or "none"
        raise BadParameters(
            f"{error}. The handler takes: {takes}; given: {', '.join(parameters) or 'none'}."
        ) from None
    return arguments


def message_of(error: BaseException) -> str:
    """Return what the exception says; some cannot even say that."""
    try:
        return str(error) or repr(error)
    except Exception:
        return "(its message cannot be shown)"


def _trace(error: BaseException) -> str:
    """Return the traceback from the handler's own frame on."""
    frames = error.__traceback__
    own = frames.tb_next if frames is not None else None
    return "".join(traceback.format_exception(type(error), error, own or frames))
