"""One look at the condition of a claimed execution, and what follows from it."""

from typing import Any

from core.text import clean
from executions.claim import Claim
from executions.conditions.judging import RunJudge
from executions.conditions.run import Run
from executions.models import ConditionCheck
from executions.outcomes import ConditionBroken, ConditionUnmet, Look
from jobs.conditions.logic import Finding, Truth, explain, weigh
from jobs.conditions.reading import InvalidCondition, whole_condition
from jobs.models import OnError, OnFalse

_MOST_CHARACTERS = 1_000


def judge_condition(claim: Claim) -> ConditionUnmet | ConditionBroken | None:
    """Say how the attempt ends without its handler, or None when the handler may be called."""
    if claim.condition is None:
        return None
    run = Run.of(claim, claim.condition)
    truth, look = _look(run)
    if truth is Truth.TRUE or (truth is Truth.ERROR and run.on_error == OnError.RUN):
        record_look(claim, look)
        return None
    if truth is Truth.ERROR:
        return ConditionBroken(look, look.message, is_skipped=run.on_error == OnError.SKIP)
    return _decide_on_false(run, look)


def record_look(claim: Claim, look: Look) -> None:
    """Keep what a look came to."""
    worker = None if claim.condition is None else claim.condition["worker"]
    ConditionCheck.objects.create(
        execution_id=claim.execution_id,
        result=look.result,
        terms=look.terms,
        message=look.message,
        worker=worker,
    )


def _look(run: Run) -> tuple[Truth, Look]:
    try:
        term = whole_condition(run.conditions, run.expression)
    except InvalidCondition as invalid:
        message = f"The condition could not be evaluated: {invalid}"
        return Truth.ERROR, Look(Truth.ERROR.value, [], _short(message))
    truth, findings = weigh(term, RunJudge(run))
    message = _short(explain(truth, findings))
    return truth, Look(truth.value, [_as_term(finding) for finding in findings], message)


def _decide_on_false(run: Run, look: Look) -> ConditionUnmet:
    if run.on_false != OnFalse.WAIT:
        return ConditionUnmet(look, look.message)
    left = (run.waits_until - run.now).total_seconds()
    if left <= 0:
        until = f"{run.waits_until:%Y-%m-%dT%H:%M:%SZ}"
        return ConditionUnmet(look, f"The condition did not hold until {until}. {look.message}")
    # The last look is when the wait is over.
    return ConditionUnmet(
        look, look.message, delay=min(run.poll_seconds, left), waits_until=run.waits_until
    )


def _as_term(finding: Finding) -> dict[str, Any]:
    return {
        "path": finding.check.path,
        "what": _short(finding.check.words()),
        "result": finding.truth.value,
        "why": _short(finding.why),
    }


def _short(text: str) -> str:
    return clean(text, limit=_MOST_CHARACTERS)
