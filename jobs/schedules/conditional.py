"""Conditional: the timing at which a condition is looked at."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from jobs.schedules.cron import cron_timing
from jobs.schedules.daily import daily_timing
from jobs.schedules.errors import FieldError, InvalidRule
from jobs.schedules.interval import interval_timing
from jobs.schedules.spec import FIELDS_OF_KIND, RuleSpec
from jobs.schedules.timing import Timing
from jobs.schedules.weekly import weekly_timing

_BASES = ("cron_expression", "time_of_day", "interval_seconds")
_NOT_OWN: dict[str, Any] = dict.fromkeys(
    {name for names in FIELDS_OF_KIND.values() for name in names}
    - set(FIELDS_OF_KIND["conditional"])
)


def conditional_timing(spec: RuleSpec, zone: ZoneInfo) -> Timing:
    """The base timing of a conditional rule; raise ``InvalidRule`` naming each wrong field.

    It is exactly one of a cron expression, a time of day (daily, or weekly with days of the week)
    and an interval in seconds.
    """
    base = _base(spec)
    # The base kinds read fields that a conditional rule does not have.
    spec = replace(spec, **_NOT_OWN)
    if base == "cron_expression":
        return cron_timing(
            spec.cron_expression,
            dialect=spec.cron_dialect,
            day_match=spec.day_match,
            hash_key=spec.hash_key,
            anchor=spec.anchor,
        )
    if base == "interval_seconds":
        return interval_timing(spec)
    return daily_timing(spec, zone) if spec.days_of_week is None else weekly_timing(spec, zone)


def _base(spec: RuleSpec) -> str:
    given = [name for name in _BASES if getattr(spec, name) is not None]
    if not given:
        detail = f"a conditional rule needs when to look: one of {', '.join(_BASES)}"
        raise InvalidRule.single("cron_expression", "required", detail)
    errors = []
    if len(given) > 1:
        detail = f"{' and '.join(given)} each say when to look; give only one of them"
        errors = [FieldError(name, "conflict", detail) for name in given[1:]]
    if spec.days_of_week is not None and "time_of_day" not in given:
        detail = f"goes with time_of_day, not with {given[0]}; leave one of them out"
        errors.append(FieldError("days_of_week", "conflict", detail))
    if errors:
        raise InvalidRule(errors)
    return given[0]
