"""The timing of each kind of rule."""

from zoneinfo import ZoneInfo

from jobs.schedules.after_completion import after_completion_timing
from jobs.schedules.business_days import business_day_timing
from jobs.schedules.calendar_interval import calendar_interval_timing
from jobs.schedules.conditional import conditional_timing
from jobs.schedules.cron import cron_timing
from jobs.schedules.daily import daily_timing
from jobs.schedules.delay import delay_timing
from jobs.schedules.errors import InvalidRule
from jobs.schedules.interval import interval_timing
from jobs.schedules.monthly import monthly_timing
from jobs.schedules.one_time import one_time_timing
from jobs.schedules.spec import FIELDS_OF_KIND, RuleSpec
from jobs.schedules.timing import Timing
from jobs.schedules.weekly import weekly_timing


def timing_of(spec: RuleSpec, zone: ZoneInfo) -> Timing:
    """The timing of a spec by its kind; raise ``InvalidRule`` naming each wrong field."""
    match spec.kind:
        case "one_time":
            return one_time_timing(spec.one_time_at, zone, spec.dst_gap, spec.dst_repeat)
        case "daily":
            return daily_timing(spec, zone)
        case "weekly":
            return weekly_timing(spec, zone)
        case "monthly":
            return monthly_timing(spec, zone)
        case "monthly_business_day":
            return business_day_timing(spec, zone)
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
