"""Cron expressions: five fields, six with seconds first, or seven with a year last."""

from datetime import datetime

from jobs.schedules.cron_errors import BadField
from jobs.schedules.cron_every import every_timing
from jobs.schedules.cron_text import read_expression, refusal, split_fields
from jobs.schedules.days import DayPattern
from jobs.schedules.errors import FieldError, InvalidRule
from jobs.schedules.fields import (
    DAY,
    HOUR,
    MINUTE,
    MONTH,
    SECOND,
    WEEKDAY,
    YEAR,
    FieldValues,
)
from jobs.schedules.times import TimePattern
from jobs.schedules.timing import Timing, WallTiming
from jobs.schedules.wall import WallPattern

DIALECTS = ("standard", "quartz")
DAY_MATCHES = ("or", "and")

_FIELDS = (SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY, YEAR)
_DAY, _WEEKDAY, _YEAR = 3, 5, 6
# Only these: any other text, even ``*/1`` or ``1-31``, was written to restrict.
_UNRESTRICTED = {"*", "?"}


def cron_timing(
    expression: str | None,
    *,
    dialect: str | None = None,
    day_match: str | None = None,
    hash_key: str = "",
    anchor: datetime | None = None,
) -> Timing:
    """The timing of a cron expression; raise ``InvalidRule`` with a problem for each bad field.

    ``dialect`` is standard (None) or quartz. ``day_match`` says whether a date must match one of
    two restricted day fields, or (None), or both, and; a ``+`` before the weekdays says "and" too.
    ``hash_key`` decides what ``H`` means, ``anchor`` is what ``@every`` counts from.
    """
    _check_choices(dialect, day_match)
    text = read_expression(expression)
    if text.lower().split()[0] == "@every":
        return every_timing(text, anchor)
    texts = split_fields(text, is_quartz=dialect == "quartz")
    needs_both = day_match == "and" or texts[_WEEKDAY].startswith("+")
    texts[_WEEKDAY] = texts[_WEEKDAY].removeprefix("+")
    fields = _parse(texts, hash_key)
    dates = _dates(texts, fields, needs_both=needs_both)
    if dates.on_or_after(YEAR.low, 1, 1) is None:
        detail = f"{text!r} never fires: there is no such day in these months and years"
        raise refusal(detail, "never_fires")
    seconds, minutes, hours = (values.bits for values in fields[:_DAY])
    pattern = WallPattern(dates, TimePattern(hours, minutes, seconds))
    is_interval_like = any(sign in text for text in texts[:_DAY] for sign in "*?/")
    remarks = tuple(remark for values in fields for remark in values.remarks)
    return WallTiming(pattern, is_interval_like, remarks)


def _check_choices(dialect: str | None, day_match: str | None) -> None:
    given = (("cron_dialect", dialect, DIALECTS), ("day_match", day_match, DAY_MATCHES))
    errors = [
        FieldError(name, "unknown_choice", f"{value!r} is not known; use {' or '.join(choices)}")
        for name, value, choices in given
        if value is not None and value not in choices
    ]
    if errors:
        raise InvalidRule(errors)


def _parse(texts: list[str], hash_key: str) -> list[FieldValues]:
    """The meaning of each field; all bad fields are refused together."""
    found, errors = [], []
    for field, text in zip(_FIELDS, texts, strict=True):
        try:
            found.append(field.parse(text, hash_key=hash_key))
        except BadField as bad:
            errors.append(FieldError("cron_expression", "invalid_cron", str(bad)))
    if errors:
        raise InvalidRule(errors)
    return found


def _dates(texts: list[str], fields: list[FieldValues], *, needs_both: bool) -> DayPattern:
    _, _, _, days, months, weekdays, years = fields
    # Day of month and day of week both restricted: a date needs to match only one (POSIX).
    both_restricted = _UNRESTRICTED.isdisjoint((texts[_DAY], texts[_WEEKDAY]))
    return DayPattern(
        months.bits,
        days.bits,
        weekdays.bits,
        either=both_restricted and not needs_both,
        day_marks=days.marks,
        weekday_marks=weekdays.marks,
        years=None if texts[_YEAR] == "*" else years.bits,
    )
