"""What waits for its time: a slot to come, a retry, a look at a condition, a delay."""

from collections.abc import Iterator

from django.db.models import Count, Max

from core.times import show_span, show_time
from executions.models import ConditionCheck, Origin
from executions.states import ExecutionStatus, Reason
from executions.waits.case import Case
from executions.waits.causes import Cause, Code, close_sentence


def find_time(case: Case) -> Iterator[Cause]:
    """Why it is not due yet; nothing once it is."""
    execution = case.execution
    if execution.due_at <= case.now:
        return
    if execution.status == ExecutionStatus.RETRYING:
        yield _retry(case)
    elif execution.reason == Reason.CONDITION:
        yield _condition(case)
    elif execution.origin in (Origin.DEPENDENCY, Origin.JOIN):
        detail = f"What it waited for has ended; the delay after that is over at {_when(case)}."
        yield Cause(Code.DELAY, detail, until=execution.due_at)
    else:
        why = f" {close_sentence(execution.error_message)}" if execution.error_message else ""
        yield Cause(Code.NOT_DUE, f"Due at {_when(case)}.{why}", until=execution.due_at)


def _retry(case: Case) -> Cause:
    execution = case.execution
    error = ": ".join(filter(None, [execution.error_type, execution.error_message]))
    said = f" ({error.splitlines()[0][:200]})" if error else ""
    return Cause(
        Code.NEXT_RETRY,
        f"Attempt {execution.attempt} failed{said}; the next one is due at {_when(case)}.",
        until=execution.due_at,
    )


def _condition(case: Case) -> Cause:
    execution = case.execution
    looks = ConditionCheck.objects.filter(execution=execution).aggregate(
        count=Count("id"), last=Max("at")
    )
    times = "once" if looks["count"] == 1 else f"{looks['count']} times"
    found = execution.transitions.filter(data__has_key="waits_until").order_by("id")
    move = found.values_list("data__waits_until", flat=True).first()
    why = close_sentence(execution.error_message or "It did not hold")
    end = f" It waits until {move[:19].replace('T', ' ')} UTC at most." if move else ""
    return Cause(
        Code.CONDITION,
        f"Waits for its condition: looked at {times}, last at {show_time(looks['last'])},"
        f" again at {_when(case)}. {why}{end}",
        since=looks["last"],
        until=execution.due_at,
        link=f"/api/executions/{execution.pk}/condition-checks",
    )


def _when(case: Case) -> str:
    due_at = case.execution.due_at
    return f"{show_time(due_at)}, in {show_span((due_at - case.now).total_seconds())}"
