"""The filter by time, and which time it looks at."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest

from core.clock import database_now
from executions.states import FINAL, UNFINISHED, ExecutionStatus

S = ExecutionStatus

# Names of several statuses at once.
STATUS_GROUPS: dict[str, tuple[str, tuple[ExecutionStatus, ...]]] = {
    "unfinished": ("Unfinished", UNFINISHED),
    "failures": ("Failed or timed out", (S.FAILED, S.TIMED_OUT)),
    "ended": ("Succeeded, failed or timed out", (S.SUCCEEDED, S.FAILED, S.TIMED_OUT)),
}
_PARAMETERS = ("when", "from", "to")
_HOURS = {"1h": 1, "24h": 24, "7d": 7 * 24, "30d": 30 * 24}
_NAMED = (
    *(("today", "Today (UTC)"), ("yesterday", "Yesterday (UTC)"), ("1h", "Last hour")),
    *(("24h", "Last 24 hours"), ("7d", "Last 7 days"), ("30d", "Last 30 days")),
)


def statuses_of(value: str | None) -> tuple[str, ...]:
    """Return the statuses that a value of the status filter stands for."""
    if value in STATUS_GROUPS:
        return STATUS_GROUPS[value][1]
    return (value,) if value in ExecutionStatus.values else ()


def are_final(value: str | None) -> bool:
    """Return whether this value of the status filter leaves only what is over."""
    statuses = statuses_of(value)
    return bool(statuses) and set(statuses) <= set(FINAL)


@dataclass(frozen=True)
class Period:
    """From ``since``, up to but not including ``until``; None is open."""

    since: datetime | None = None
    until: datetime | None = None


class TimeFilter(admin.ListFilter):
    """What is over by its end, everything else by its opening: each has an index."""

    title = "time"
    template = "executions/admin/time_filter.html"

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.is_of_end = are_final(request.GET.get("status"))
        self.chosen = {name: params.pop(name, [""])[-1] for name in _PARAMETERS}

    def expected_parameters(self) -> list[str | None]:
        return list(_PARAMETERS)

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: Any) -> Iterator[Any]:
        chosen = self.chosen["when"]
        named = [("", "Any time"), *_NAMED]
        if chosen and chosen not in dict(named):
            named.append((chosen, chosen))
        yield {"named": named, "chosen": chosen, **self.chosen}

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        named = _read_named(self.chosen["when"], database_now)
        between = Period(_read_moment(self.chosen["from"]), _read_moment(self.chosen["to"]))
        for period in (named, between):
            queryset = self._narrow(queryset, period)
        return queryset

    def _narrow(self, queryset: Any, period: Period) -> Any:
        field, bound = ("completed_at", _same) if self.is_of_end else ("pk", first_id)
        if period.since:
            queryset = queryset.filter(**{f"{field}__gte": bound(period.since)})
        if period.until:
            queryset = queryset.filter(**{f"{field}__lt": bound(period.until)})
        return queryset


def midnight(moment: datetime) -> datetime:
    """Return the beginning of the UTC day."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def first_id(moment: datetime) -> UUID:
    """Return the least id that can have been made at this moment: ids begin with their time."""
    milliseconds = max(int(moment.timestamp() * 1000), 0)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62)


def _read_named(name: str, now: Callable[[], datetime]) -> Period:
    """Return the period of a name such as "today", or of a date; of anything else, an open one."""
    if not name:
        return Period()
    if name in _HOURS:
        return Period(now() - timedelta(hours=_HOURS[name]))
    if name in ("today", "yesterday"):
        today = midnight(now())
        return Period(today) if name == "today" else Period(today - timedelta(days=1), today)
    day = _read_moment(name)
    return Period(midnight(day), midnight(day) + timedelta(days=1)) if day else Period()


def _read_moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _same(moment: datetime) -> datetime:
    return moment
