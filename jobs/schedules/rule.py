"""A rule as it is written (``RuleSpec``) and as it is asked (``Rule``)."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from jobs.schedules.bounds import EARLIEST, LATEST
from jobs.schedules.business import BusinessCalendar
from jobs.schedules.cron import cron_timing
from jobs.schedules.daily import daily_timing
from jobs.schedules.delay import delay_timing
from jobs.schedules.errors import FieldError, InvalidRule, collect
from jobs.schedules.exclusions import Exclusion
from jobs.schedules.interval import interval_timing
from jobs.schedules.monthly import monthly_timing
from jobs.schedules.nominal import Nominal
from jobs.schedules.one_time import one_time_timing
from jobs.schedules.timing import Timing
from jobs.schedules.weekly import weekly_timing
from jobs.schedules.zone import load_zone

_ROLLING = ("roll", "offset_business_days", "adjust_to_previous_business_day")
_CRON = ("cron_expression", "cron_dialect", "day_match")

FIELDS_OF_KIND = {
    "one_time": ("one_time_at",),
    "daily": ("time_of_day", "repeat_every"),
    "weekly": ("time_of_day", "days_of_week", "repeat_every", *_ROLLING),
    "monthly": (
        *("time_of_day", "day_of_month", "nth_weekday", "days_of_week", "short_month"),
        *_ROLLING,
    ),
    "monthly_business_day": (
        *("time_of_day", "business_day_of_month", "day_of_month", "nth_weekday", "days_of_week"),
        *("on_days", "short_month"),
        *_ROLLING,
    ),
    "cron": _CRON,
    "interval": ("interval_seconds", "interval_unit", "repeat_every", "align"),
    "delay": ("delay_seconds",),
    "after_completion": ("delay_seconds",),
    "conditional": (*_CRON, "time_of_day", "days_of_week", "interval_seconds"),
}
"""The kinds of rule, each with the fields of a ``RuleSpec`` that are its own."""

_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, kw_only=True)
class RuleSpec:
    """A rule as users write it. Each kind reads its own fields and ignores those of the others."""

    kind: str  # a value of ``ScheduleType``
    timezone: str = "UTC"  # IANA name
    cron_expression: str | None = None
    cron_dialect: str | None = None  # None: standard; or quartz
    day_match: str | None = None  # None: or; what cron's two day fields do together; or and
    hash_key: str = ""  # what ``H`` in cron is hashed with: the schedule's id
    time_of_day: time | None = None  # naive: wall clock in ``timezone``
    repeat_every: int | None = None  # None: 1; days, weeks or the interval's calendar units
    days_of_week: int | None = None  # bits of ``Weekday``: 1 is Sunday
    day_of_month: int | None = None  # 1 to 31, or -1 (the last) to -31
    nth_weekday: int | None = None  # 1 to 5 or -1 to -5, of ``days_of_week``
    short_month: str | None = None  # skip, clamp (None), next
    business_day_of_month: int | None = None  # from the start, or negative from the end
    on_days: str | None = None  # business_days or non_business_days: every one of them
    roll: str | None = None  # where a day that is no business day moves to (``rolls.ROLLS``)
    offset_business_days: int | None = None  # so many business days on (back) after the roll
    adjust_to_previous_business_day: bool | None = None  # the contract's word for roll=preceding
    calendar: BusinessCalendar | None = None  # None: Saturday and Sunday are closed, nothing else
    one_time_at: datetime | None = None  # aware, or naive: wall clock in ``timezone``
    interval_seconds: int | None = None
    interval_unit: str | None = None  # None: elapsed seconds; or day, week, month
    align: str | None = None  # None: to the anchor; or epoch
    delay_seconds: int | None = None
    anchor: datetime | None = None  # aware; intervals, delays and every n-th day count from it
    start_at: datetime | None = None  # aware, inclusive
    end_at: datetime | None = None  # aware, inclusive
    dst_gap: str | None = None  # run_after, skip; None: as the sort of rule has it
    dst_repeat: str | None = None  # first, second, both; None: as the sort of rule has it
    exclusions: tuple[Exclusion, ...] = ()


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
        after = max(after, self._floor)
        if after >= self._ceiling:
            return None
        after = after.astimezone(UTC).replace(microsecond=0)
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
    zone = collect(errors, lambda: load_zone(spec.timezone))
    timing = collect(errors, lambda: _timing(spec, zone or _UTC))
    errors += _window_errors(spec)
    if errors or zone is None or timing is None:
        raise InvalidRule(errors)
    rule = Rule(timing, zone, spec.start_at, spec.end_at)
    if rule.next(EARLIEST) is None:
        detail = "the rule never fires between its start and its end; widen them"
        raise InvalidRule.single("end_at" if spec.end_at else "start_at", "never_fires", detail)
    return rule


def _timing(spec: RuleSpec, zone: ZoneInfo) -> Timing:
    match spec.kind:
        case "one_time":
            return one_time_timing(spec.one_time_at, zone)
        case "daily":
            return daily_timing(spec.time_of_day)
        case "weekly":
            return weekly_timing(spec.time_of_day, spec.days_of_week)
        case "monthly":
            return monthly_timing(spec.time_of_day, spec.day_of_month)
        case "cron":
            return cron_timing(spec.cron_expression)
        case "interval":
            return interval_timing(spec.interval_seconds, spec.anchor)
        case "delay":
            return delay_timing(spec.delay_seconds, spec.anchor)
    detail = f"{spec.kind!r} is not a kind of rule; use {', '.join(FIELDS_OF_KIND)}"
    raise InvalidRule.single("kind", "unknown_kind", detail)


def _window_errors(spec: RuleSpec) -> list[FieldError]:
    errors = [
        FieldError(name, "naive_datetime", f"{moment.isoformat()} has no UTC offset; add one")
        for name, moment in (("start_at", spec.start_at), ("end_at", spec.end_at))
        if moment is not None and moment.utcoffset() is None
    ]
    if errors:
        return errors
    if spec.start_at and spec.start_at >= LATEST:
        detail = f"{spec.start_at.isoformat()} is later than any fire may be"
        detail += f"; use a year up to {LATEST.year - 1}"
        errors.append(FieldError("start_at", "out_of_range", detail))
    elif spec.start_at and spec.end_at and spec.end_at < spec.start_at:
        detail = f"{spec.end_at.isoformat()} is before the start, {spec.start_at.isoformat()}"
        errors.append(FieldError("end_at", "end_before_start", detail))
    return errors
