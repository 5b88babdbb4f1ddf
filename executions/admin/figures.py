"""The contract's figures as cards of the dashboard, each with the list behind it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from core.times import show_span

_JOBS = "admin:jobs_jobdefinition_changelist"
_EXECUTIONS = "admin:executions_jobexecution_changelist"


@dataclass(frozen=True)
class Figure:
    """One number, and where it leads; ``look`` names the colour it has while it is not zero."""

    key: str
    title: str
    value: str
    url: str
    look: str = ""
    hint: str = ""


def job_figures(stats: Mapping[str, Any]) -> Iterator[Figure]:
    """Yield how many jobs there are."""
    yield Figure("total-jobs", "Jobs", _count(stats["totalJobs"]), reverse(_JOBS))
    yield Figure(
        "active-jobs", "Active", _count(stats["activeJobs"]), _list(_JOBS, status="active")
    )
    yield Figure(
        "disabled-jobs", "Disabled", _count(stats["disabledJobs"]), _list(_JOBS, status="disabled")
    )


def execution_figures(stats: Mapping[str, Any]) -> Iterator[Figure]:
    """Yield how executions go, now and since UTC midnight."""
    running, failed = stats["runningExecutions"], stats["failedToday"]
    delayed, exceeding = stats["delayedOrSkipped"], stats["exceedingExpectedDuration"]
    ended = failed + stats["succeededToday"]
    yield Figure(
        "running", "Running", _count(running), _list(status="running"), _if(running, "active")
    )
    yield Figure(
        *("failed-today", "Failed today", _count(failed)),
        *(_list(status="failures", when="ended-today"), _if(failed, "bad")),
        hint="Failed or timed out since midnight UTC",
    )
    yield Figure(
        *("succeeded-today", "Succeeded today", _count(stats["succeededToday"])),
        _list(status="succeeded", when="ended-today"),
    )
    yield Figure(
        *("delayed-or-skipped", "Delayed or skipped", _count(delayed), _list(attention="delayed")),
        _if(delayed, "late"),
        hint="Waiting more than a minute past its time, or skipped today",
    )
    yield Figure(
        *("exceeding", "Longer than expected", _count(exceeding), _list(attention="exceeding")),
        _if(exceeding, "late"),
        hint="Running for longer than the job expects",
    )
    yield Figure(
        *("average-time", "Average time today"),
        show_span(stats["averageExecutionTimeSeconds"]) if ended else "-",
        _list(status="ended", when="ended-today"),
    )
    yield Figure(
        *("success-rate", "Success rate today"),
        f"{stats['successRatePercentage']:g} %" if ended else "-",
        _list(status="ended", when="ended-today"),
    )


def _count(number: int) -> str:
    return f"{number:,}"


def _if(number: int, look: str) -> str:
    return look if number else ""


def _list(name: str = _EXECUTIONS, **query: str) -> str:
    return reverse(name, query=query)
