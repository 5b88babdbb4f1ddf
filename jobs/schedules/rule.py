"""A rule as it is written (``RuleSpec``) and as it is asked (``Rule``)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from jobs.schedules.cron import cron_timing
from jobs.schedules.daily import daily_timing
from jobs.schedules.errors import FieldError, InvalidRule
from jobs.schedules.interval import interval_timing
from jobs.schedules.nominal import Nominal
from jobs.schedules.timing import Timing
from jobs.schedules.zone import load_zone

# Far enough from the ends of ``datetime`` that no offset, interval or search can run over them.
EARLIEST = datetime(1, 1, 3, tzinfo=UTC)
LATEST = datetime(9900, 1, 1, tzinfo=UTC)

Part = TypeVar("Part")


@dataclass(frozen=True, kw_only=True)
class RuleSpec:
    """A rule as users write it. Each kind reads its own fields and ignores those of the others."""

    kind: str  # a value of ``ScheduleType``
    timezone: str = "UTC"  # IANA name
    cron_expression: str | None = None
    time_of_day: time | None = None  # naive: wall clock in ``timezone``
    days_of_week: int | None = None  # bits of ``Weekday``: 1 is Sunday
    day_of_month: int | None = None
    one_time_at: datetime | None = None  # aware
    interval_seconds: int | None = None
    delay_seconds: int | None = None
    anchor: datetime | None = None  # aware; intervals and delays count from it
    start_at: datetime | None = None  # aware, inclusive
    end_at: datetime | None = None  # aware, inclusive


class Rule:
    """When a schedule fires. Immutable, so threads may share it."""

    __slots__ = ("_ceiling", "_floor", "_timing", "_zone")

    def __init__(
        self, timing: Timing, zone: ZoneInfo, start_at: datetime | None, end_at: datetime | None
    ) -> None:
        self._timing = timing
        self._zone = zone
        start = max(start_at or EARLIEST, EARLIEST).astimezone(UTC)
        # ``next`` excludes the instant it is given, but the start is included.
        self._floor = start - timedelta(microseconds=1)
        self._ceiling = min(end_at or LATEST, LATEST).astimezone(UTC)

    def next(self, after: datetime) -> datetime | None:
        """The first fire later than ``after``, in UTC; None when there is none any more.

        Fires are whole seconds, and ``after`` is cut to the second first. Raises ``ValueError``
        when ``after`` is naive.
        """
        if after.utcoffset() is None:
            raise ValueError(f"{after.isoformat()} has no UTC offset; pass an aware datetime")
        if after >= self._ceiling:
            return None
        after = max(after, self._floor).astimezone(UTC).replace(microsecond=0)
        fire = self._timing.next(after, self._zone)
        return fire if fire is not None and fire <= self._ceiling else None

    def explain(self, fire: datetime) -> Nominal:
        """What a fire that ``next`` gave stands for."""
        return self._timing.explain(fire, self._zone)

    def describe(self) -> str:
        """The rule in plain words, without its start and end."""
        return self._timing.describe(self._zone)


@lru_cache(maxsize=16_384)
def compile_rule(spec: RuleSpec) -> Rule:
    """The rule of a spec; raise ``InvalidRule`` naming every bad field.

    A rule that can never fire is invalid. Rules are cached, so compiling one again is cheap.
    """
    errors: list[FieldError] = []
    zone = _attempt(errors, lambda: load_zone(spec.timezone))
    timing = _attempt(errors, lambda: _timing(spec))
    errors += _window_errors(spec)
    if errors or zone is None or timing is None:
        raise InvalidRule(errors)
    rule = Rule(timing, zone, spec.start_at, spec.end_at)
    if rule.next(EARLIEST) is None:
        detail = "the rule never fires between its start and its end; widen them"
        raise InvalidRule.single("end_at" if spec.end_at else "start_at", "never_fires", detail)
    return rule


def _timing(spec: RuleSpec) -> Timing:
    match spec.kind:
        case "cron":
            return cron_timing(spec.cron_expression)
        case "daily":
            return daily_timing(spec.time_of_day)
        case "interval":
            return interval_timing(spec.interval_seconds, spec.anchor)
    detail = f"{spec.kind!r} is not a kind of rule; use cron, daily or interval"
    raise InvalidRule.single("kind", "unknown_kind", detail)


def _window_errors(spec: RuleSpec) -> list[FieldError]:
    errors = [
        FieldError(name, "naive_datetime", f"{moment.isoformat()} has no UTC offset; add one")
        for name, moment in (("start_at", spec.start_at), ("end_at", spec.end_at))
        if moment is not None and moment.utcoffset() is None
    ]
    if not errors and spec.start_at and spec.end_at and spec.end_at < spec.start_at:
        detail = f"{spec.end_at.isoformat()} is before the start, {spec.start_at.isoformat()}"
        errors.append(FieldError("end_at", "end_before_start", detail))
    return errors


def _attempt(errors: list[FieldError], build: Callable[[], Part]) -> Part | None:
    """What ``build`` gives, or None with its complaints added to ``errors``."""
    try:
        return build()
    except InvalidRule as invalid:
        errors += invalid.errors
        return None
