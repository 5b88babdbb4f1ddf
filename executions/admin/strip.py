"""The last executions of a job as a strip of bars: colour says how, height says how long."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from core.clock import database_now
from core.times import show_span, show_time
from executions.admin.display import status_look
from executions.models import JobExecution
from executions.states import ExecutionStatus as S
from jobs.models import JobDefinition

_MOST = 50
_LEAST_HEIGHT = 12.0  # percent: what took no time is there all the same
_MEASURED = (S.SUCCEEDED, S.FAILED, S.TIMED_OUT)


@dataclass(frozen=True)
class Bar:
    """One execution; ``height`` grows with its duration, to 100 for the longest."""

    look: str
    height: float
    words: str
    url: str


@dataclass(frozen=True)
class Strip:
    """The bars, oldest first, and how many of those that ran to an end went well."""

    bars: list[Bar]
    measured: int
    succeeded: int

    @property
    def rate(self) -> int | None:
        """Percent of what succeeded; None when nothing has run to an end."""
        return round(100 * self.succeeded / self.measured) if self.measured else None


def strip_of(job: JobDefinition) -> SafeString:
    """Return the last executions of a job as a strip with links, and their success rate."""
    newest = JobExecution.objects.filter(job=job).order_by("-id")
    shown = newest.only("id", "status", "scheduled_for", "started_at", "completed_at")[:_MOST]
    strip = draw_strip(list(shown)[::-1], now=database_now())
    history = reverse("admin:executions_jobexecution_changelist", query={"job": str(job.pk)})
    context = {"strip": strip, "history": history}
    return render_to_string("executions/admin/strip.html", context)


def draw_strip(executions: Sequence[JobExecution], *, now: datetime) -> Strip:
    """Return the strip of these executions, oldest first."""
    seconds = [_seconds(execution, now) for execution in executions]
    longest = max((taken for taken in seconds if taken is not None), default=0) or 1
    statuses = [execution.status for execution in executions]
    return Strip(
        bars=[
            _bar(execution, taken, longest)
            for execution, taken in zip(executions, seconds, strict=True)
        ],
        measured=sum(status in _MEASURED for status in statuses),
        succeeded=statuses.count(S.SUCCEEDED),
    )


def small_strip(recent: Sequence[dict[str, Any]]) -> SafeString:
    """Return a strip without heights for one cell of a list, newest first given."""
    bars = [
        {"look": status_look(one["status"])[0], "words": S(one["status"]).label}
        for one in reversed(recent)
    ]
    return render_to_string("executions/admin/small_strip.html", {"bars": bars})


def _seconds(execution: JobExecution, now: datetime) -> float | None:
    if execution.status == S.RUNNING and execution.started_at:
        return max((now - execution.started_at).total_seconds(), 0)
    return execution.duration_seconds


def _bar(execution: JobExecution, seconds: float | None, longest: float) -> Bar:
    took = "" if seconds is None else f", took {show_span(seconds)}"
    return Bar(
        look=status_look(execution.status)[0],
        # By the square root: one that took very long does not make all others look alike.
        height=max(100 * math.sqrt((seconds or 0) / longest), _LEAST_HEIGHT),
        words=f"{S(execution.status).label}, {show_time(execution.scheduled_for)}{took}",
        url=reverse("admin:executions_jobexecution_change", args=[execution.pk]),
    )
