"""The filter by time: by when executions were opened, or by the day on which they ended."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.widgets import INPUT_CLASSES, UnfoldAdminSelectWidget

from core.clock import database_now
from core.ids import first_uuid7

_PARAMETERS = ("when", "from", "to")
_ENDED = "ended-"
_HOURS = {"1h": 1, "24h": 24, "7d": 7 * 24, "30d": 30 * 24}
_NAMED = (
    ("", "Any time"),
    ("1h", "Opened in the last hour"),
    ("24h", "Opened in the last 24 hours"),
    ("today", "Opened today"),
    ("yesterday", "Opened yesterday"),
    ("7d", "Opened in the last 7 days"),
    ("30d", "Opened in the last 30 days"),
    ("ended-today", "Ended today"),
)


@dataclass(frozen=True)
class Period:
    """From ``since``, up to but not including ``until``; None is open."""

    since: datetime | None = None
    until: datetime | None = None

    def narrow(self, rows: Any, field: str, bound: Any) -> Any:
        """Return the rows whose field lies in the period; ``bound`` turns times into its values."""
        if self.since:
            rows = rows.filter(**{f"{field}__gte": bound(self.since)})
        if self.until:
            rows = rows.filter(**{f"{field}__lt": bound(self.until)})
        return rows


class TimeFilter(admin.ListFilter):
    """A period by name, and one from and to; all days are UTC days."""

    title = "time"
    template = "executions/admin/time_filter.html"

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.chosen = {name: params.pop(name, [""])[-1] for name in _PARAMETERS}
        self.is_of_end = self.chosen["when"].startswith(_ENDED)

    def expected_parameters(self) -> list[str | None]:
        return list(_PARAMETERS)

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: Any) -> Iterator[Any]:
        chosen, named = self.chosen["when"], list(_NAMED)
        if chosen not in dict(named):
            named.append((chosen, f"Ended on {chosen.removeprefix(_ENDED)}"))
        menu = UnfoldAdminSelectWidget({"id": "filter-when"}, choices=named)
        look = " ".join(INPUT_CLASSES)
        yield {"menu": menu.render("when", chosen), "look": look, **self.chosen}

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.is_of_end:
            name = self.chosen["when"].removeprefix(_ENDED)
            return _day(name).narrow(queryset, "completed_at", lambda moment: moment)
        for period in self.periods():
            queryset = period.narrow(queryset, "pk", first_uuid7)
        return queryset

    def periods(self) -> list[Period]:
        """Return the periods in which the executions were opened."""
        between = Period(_read_moment(self.chosen["from"]), _read_moment(self.chosen["to"]))
        return [_named_period(self.chosen["when"]), between]


def midnight(moment: datetime) -> datetime:
    """Return the beginning of the UTC day."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _named_period(name: str) -> Period:
    if name in _HOURS:
        return Period(since=database_now() - timedelta(hours=_HOURS[name]))
    return _day(name) if name in ("today", "yesterday") else Period()


def _day(name: str) -> Period:
    """Return one UTC day, by name or date; of what is neither, an open period."""
    if name in ("today", "yesterday"):
        begins = midnight(database_now()) - timedelta(days=int(name == "yesterday"))
    elif moment := _read_moment(name):
        begins = midnight(moment)
    else:
        return Period()
    return Period(begins, begins + timedelta(days=1))


def _read_moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
