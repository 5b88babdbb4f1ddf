"""The log of one execution on its page: the newest lines, and what is added while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models.functions import Left, Length
from django.urls import reverse

from executions.models import JobExecution, JobExecutionLog

STREAMS = ("log", "stdout", "stderr", "platform")
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_MOST_LINES = 500
_MOST_CHARACTERS = 2_000  # of one line; the list of log lines has it whole


@dataclass(frozen=True)
class LogChoice:
    """Which lines are wanted: of one stream, and from one level up."""

    stream: str = ""
    level: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "LogChoice":
        """Return the choice of a query string; what is unknown chooses nothing."""
        stream, level = query.get("stream", ""), query.get("level", "")
        return cls(
            stream=stream if stream in STREAMS else "", level=level if level in _LEVELS else ""
        )


def read_tail(
    execution: JobExecution, choice: LogChoice, *, after: int | None = None
) -> dict[str, Any]:
    """Return what the template of the log shows: the newest lines, or those ``after`` an id.

    The execution must have been read before: of one that was over by then, no line is missing.
    """
    lines = _chosen(execution, choice)
    if after is None:
        found = list(lines.order_by("-id")[: _MOST_LINES + 1])
        shown = found[:_MOST_LINES][::-1]
    else:
        found = list(lines.filter(id__gt=after).order_by("id")[: _MOST_LINES + 1])
        shown = found[:_MOST_LINES]
    has_more = len(found) > _MOST_LINES
    return {
        "lines": shown,
        "most": _MOST_LINES,
        "execution": execution,
        "choice": choice,
        "streams": STREAMS,
        "is_cut": has_more and after is None,
        "has_more": has_more and after is not None,
        "follows": not execution.is_final or (has_more and after is not None),
        "last_id": shown[-1].id if shown else after or 0,
        "tail_url": reverse("admin:executions_jobexecution_log", args=[execution.pk]),
    }


def _chosen(execution: JobExecution, choice: LogChoice) -> Any:
    lines = JobExecutionLog.objects.filter(execution=execution).defer("message")
    if choice.stream:
        lines = lines.filter(stream=choice.stream)
    if choice.level:
        lines = lines.filter(level__in=_LEVELS[_LEVELS.index(choice.level) :])
    return lines.annotate(text=Left("message", _MOST_CHARACTERS), length=Length("message"))
