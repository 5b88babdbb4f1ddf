"""Sending one request, and, where the job says so, waiting until what it has begun is done.

What is sent, how answers are judged and what is waited for stands in ``docs/http-jobs.md``.
"""

from typing import Any

from core.outbound.guard import OutboundFailed, OutboundRefused
from core.secret_references import SecretMissing
from executions.callbacks import find_answer, open_callback
from executions.handlers.http.answers import SUCCESSES, judge, succeed
from executions.handlers.http.completion import poll_until_done, understand, wait_for_callback
from executions.handlers.http.requests import BadRequest, Request, build_request
from executions.handlers.http.sending import now_of, send
from executions.handlers.stopping import undisturbed
from executions.outcomes import Failed, Outcome
from executions.watchdog import Guard

_ACCEPTED = 202


def run_http(guard: Guard) -> Outcome:
    """Send the job's request, and turn what comes of it into an outcome."""
    options = guard.claim.snapshot["execution_options"]
    try:
        return _carry_out(guard, build_request(guard.claim, guard.lines.mask), options)
    except (SecretMissing, BadRequest, OutboundRefused) as problem:
        return Failed(type(problem).__name__, str(problem), is_permanent=True)
    except OutboundFailed as problem:
        return Failed("NoAnswer", f"{options['url']}: {problem}")


def _carry_out(guard: Guard, request: Request, options: dict[str, Any]) -> Outcome:
    completion = options.get("completion", {})
    kind = completion.get("kind")
    if kind == "callback":
        with undisturbed(guard):
            claim = guard.claim
            earlier = find_answer(execution_id=claim.execution_id, since=claim.started_at)
            if earlier is not None:
                return understand(earlier)
            address = open_callback(execution_id=claim.execution_id, attempt=claim.attempt)
        guard.lines.mask.add(address.token)
        request = request.asking_to_call(address.url, completion.get("field"))
    answer = send(guard, request)
    is_accepted = kind is not None and answer.status == _ACCEPTED
    expected = options.get("expectedStatuses", SUCCESSES)
    if not is_accepted:
        failure = judge(answer, expected, now=now_of(guard), hide=guard.lines.mask.hide)
        return failure or succeed(answer)
    if kind == "callback":
        return wait_for_callback(guard)
    return poll_until_done(guard, request, completion, answer)
