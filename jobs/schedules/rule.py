"""A rule as it is asked when something fires."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from jobs.schedules.after_completion import after_completion_timing
from jobs.schedules.bounds import EARLIEST, LATEST
from jobs.schedules.business import CalendarOutOfDate
from jobs.schedules.business_dates import BusinessDates, business_dates_around
from jobs.schedules.business_days import business_day_timing
from jobs.schedules.calendar_interval import calendar_interval_timing
from jobs.schedules.conditional import conditional_timing
from jobs.schedules.cron import cron_timing
from jobs.schedules.daily import daily_timing
from jobs.schedules.delay import delay_timing
from jobs.schedules.errors import FieldError, InvalidRule, collect
from jobs.schedules.exclusion_errors import exclusion_errors
from jobs.schedules.exclusions import Exclusion
from jobs.schedules.interval import interval_timing
from jobs.schedules.monthly import monthly_timing
from jobs.schedules.nominal import Nominal
from jobs.schedules.one_time import one_time_timing
from jobs.schedules.spec import FIELDS_OF_KIND, RuleSpec
from jobs.schedules.spec_errors import bound_errors, dst_errors
from jobs.schedules.timing import Timing, WallTiming
from jobs.schedules.verdict import Judge, Verdict
from jobs.schedules.waiting import Waiting, find_waiting
from jobs.schedules.weekly import weekly_timing
from jobs.schedules.words import listed
from jobs.schedules.zone import load_zone

_UTC = ZoneInfo("UTC")
_RECENT = datetime(2020, 1, 1, tzinfo=UTC)


class Rule:
    """When a schedule fires. Immutable, so threads may share it.

    Its *slots* are the instants that the rule names; what an exclusion does to them is applied
    after that, so that a slot stays the same slot whatever is excluded.
    """

    __slots__ = ("_calendar", "_ceiling", "_floor", "_judge", "_timing", "_zone")

    def __init__(self, spec: RuleSpec, timing: Timing, zone: ZoneInfo) -> None:
        self._timing = timing
        self._zone = zone
        self._calendar = spec.calendar
        start = max(spec.start_at or EARLIEST, EARLIEST).astimezone(UTC)
        # ``next`` excludes the instant it is given, but the start is included.
        self._floor = start - timedelta(microseconds=1)
        self._ceiling = min(spec.end_at or LATEST, LATEST).astimezone(UTC)
        self._judge = Judge(spec.exclusions, zone, self._ceiling) if spec.exclusions else None

    def next_slot(self, after: datetime) -> datetime | None:
        """The first slot later than ``after``, excluded or not; in UTC, None when there is none.

        Slots are whole seconds, and ``after`` is cut to the second first. Raises ``ValueError``
        when ``after`` is naive, ``CalendarOutOfDate`` when the search runs beyond the calendar.
        """
        if after.utcoffset() is None:
            raise ValueError(f"{after.isoformat()} has no UTC offset; pass an aware datetime")
        after = max(after, self._floor)
        if after >= self._ceiling:
            return None
        after = after.astimezone(UTC)
        if after.microsecond:
            after = after.replace(microsecond=0)
        slot = self._timing.next(after, self._zone)
        return slot if slot is not None and slot <= self._ceiling else None

    def next(self, after: datetime) -> datetime | None:
        """The first instant later than ``after`` at which something runs; else as ``next_slot``.

        Slots that wait for the end of the same exclusion run once, at that end, even if they are
        earlier than ``after``. None also when all is excluded for the next five years.
        """
        if self._judge is None or after.utcoffset() is None:
            return self.next_slot(after)
        if after >= self._ceiling:
            return None
        after = max(after, self._floor).astimezone(UTC).replace(microsecond=0)
        return self._judge.next_run(self.next_slot, after)

    def judge(self, slot: datetime) -> Verdict | None:
        """What becomes of a slot; None when no exclusion holds."""
        return self._judge.judge(slot) if self._judge else None

    def explain(self, fire: datetime) -> Nominal:
        """What a fire that ``next`` or ``next_slot`` gave stands for.

        Of several slots that waited for it, the last: that is the one that runs.
        """
        waiting = self.find_waiting(fire)
        if waiting is None:
            return self._timing.explain(fire, self._zone)
        is_slot = self.next_slot(fire - timedelta(seconds=1)) == fire
        nominal = self._timing.explain(fire if is_slot else waiting.last, self._zone)
        return replace(nominal, notes=(*nominal.notes, waiting.describe(self._zone)))

    def find_waiting(self, fire: datetime) -> Waiting | None:
        """The slots that an exclusion made wait for a fire; None when there are none."""
        return find_waiting(self._judge, self.next_slot, fire) if self._judge else None

    def business_dates(self, slot: datetime) -> BusinessDates:
        """The day that a slot is for, and the business days around it by the rule's calendar."""
        day = self._timing.explain(slot, self._zone).business_date
        return business_dates_around(day, self._calendar)

    def describe(self) -> str:
        """The rule in plain words, without its start and end."""
        return self._timing.describe(self._zone)


@lru_cache(maxsize=16_384)
def compile_rule(spec: RuleSpec) -> Rule:
    """The rule of a spec; raise ``InvalidRule`` naming every bad field.

    A rule that can never fire is invalid. Rules are cached, so compiling one again is cheap.
    """
    errors = dst_errors(spec)
    if errors:
        spec = replace(spec, dst_gap=None, dst_repeat=None)
    zone = collect(errors, lambda: load_zone(spec.timezone))
    timing = collect(errors, lambda: _timing(spec, zone or _UTC))
    errors += bound_errors(spec)
    for exclusion in spec.exclusions:
        errors += _named(exclusion, exclusion_errors(exclusion))
    if errors or zone is None or timing is None:
        raise InvalidRule(errors)
    rule = Rule(spec, _with_policy(timing, spec), zone)
    errors = _never_errors(rule, spec)
    if errors:
        raise InvalidRule(errors)
    return rule


def _named(exclusion: Exclusion, errors: list[FieldError]) -> list[FieldError]:
    return [
        FieldError("exclusions", one.code, f"{exclusion.name}: {one.field}: {one.detail}")
        for one in errors
    ]


def _with_policy(timing: Timing, spec: RuleSpec) -> Timing:
    """The timing with the spec's own choice for changes of the clock, where it has one."""
    if isinstance(timing, WallTiming) and (spec.dst_gap or spec.dst_repeat):
        return replace(timing, dst_gap=spec.dst_gap, dst_repeat=spec.dst_repeat)
    return timing


def _never_errors(rule: Rule, spec: RuleSpec) -> list[FieldError]:
    """Why the rule never fires; a calendar that ends before is no reason."""
    calendars = [spec.calendar, *(exclusion.calendar for exclusion in spec.exclusions)]
    known = [datetime(one.first_year, 1, 3, tzinfo=UTC) for one in calendars if one]
    # What is excluded also depends on how clocks change, and they did not always do so.
    known_from = max(known + [_RECENT] * bool(spec.exclusions), default=EARLIEST)
    try:
        if rule.next(known_from):
            return []
        if rule.next_slot(known_from):
            return [_all_excluded(spec.exclusions)]
        if rule.next_slot(EARLIEST):
            return []
    except CalendarOutOfDate:
        return []
    detail = "the rule never fires between its start and its end; widen them"
    return [FieldError("end_at" if spec.end_at else "start_at", "never_fires", detail)]


def _all_excluded(exclusions: tuple[Exclusion, ...]) -> FieldError:
    names = listed([exclusion.name for exclusion in exclusions])
    detail = f"every fire is excluded by {names}; shorten the excluded time or leave one out"
    return FieldError("exclusions", "excluded_for_ever", detail)


def _timing(spec: RuleSpec, zone: ZoneInfo) -> Timing:
    match spec.kind:
        case "one_time":
            return one_time_timing(spec.one_time_at, zone, spec.dst_gap, spec.dst_repeat)
        case "daily":
            return daily_timing(spec, zone)
        case "weekly":
            return weekly_timing(spec, zone)
        case "monthly":
            return monthly_timing(spec)
        case "monthly_business_day":
            return business_day_timing(spec)
        case "cron":
            return cron_timing(
                spec.cron_expression,
                dialect=spec.cron_dialect,
                day_match=spec.day_match,
                hash_key=spec.hash_key,
                anchor=spec.anchor,
            )
        case "interval":
            if spec.interval_unit is not None:
                return calendar_interval_timing(spec, zone)
            return interval_timing(spec)
        case "delay":
            return delay_timing(spec.delay_seconds, spec.anchor)
        case "after_completion":
            return after_completion_timing(spec)
        case "conditional":
            return conditional_timing(spec, zone)
    detail = f"{spec.kind!r} is not a kind of rule; use {', '.join(FIELDS_OF_KIND)}"
    raise InvalidRule.single("kind", "unknown_kind", detail)
