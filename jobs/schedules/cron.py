"""Cron expressions: five fields, or six with seconds first."""

from jobs.schedules.days import DayPattern
from jobs.schedules.errors import FieldError, InvalidRule
from jobs.schedules.fields import DAY, HOUR, MINUTE, MONTH, SECOND, WEEKDAY, BadField
from jobs.schedules.times import TimePattern
from jobs.schedules.timing import WallTiming
from jobs.schedules.wall import WallPattern

LONGEST_EXPRESSION = 256

_FIELDS = (SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY)
_ORDER = "minute hour day-of-month month day-of-week"
_MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
# Only these: any other text, even ``*/1`` or ``1-31``, was written to restrict.
_UNRESTRICTED = {"*", "?"}


def cron_timing(expression: str | None) -> WallTiming:
    """The timing of a cron expression; raise ``InvalidRule`` with a problem for each bad field."""
    if not expression or not expression.strip():
        raise _refusal(f"write five fields: {_ORDER}; for example 0 6 * * 1-5", "required")
    texts = _split(expression)
    seconds, minutes, hours, days, months, weekdays = _parse(texts)
    # Day of month and day of week both restricted: a date needs to match only one (POSIX).
    either = _UNRESTRICTED.isdisjoint((texts[3], texts[5]))
    dates = DayPattern(months, days, weekdays, either=either)
    if dates.on_or_after(2000, 1, 1) is None:
        raise _refusal(f"{expression!r} never fires: no such day in these months", "never_fires")
    pattern = WallPattern(dates, TimePattern(hours, minutes, seconds))
    is_interval_like = any(sign in text for text in texts[:3] for sign in "*/")
    return WallTiming(pattern, is_interval_like, _remarks(texts))


def _split(expression: str) -> list[str]:
    """The texts of the six fields in capitals, seconds first."""
    if len(expression) > LONGEST_EXPRESSION:
        raise _refusal(f"{len(expression)} characters; at most {LONGEST_EXPRESSION} are allowed")
    if not expression.isascii():
        raise _refusal(
            f"{expression!r} holds characters outside ASCII; use plain letters and digits"
        )
    if expression.strip().startswith("@"):
        expression = _expand(expression.strip())
    texts = expression.upper().split()
    if len(texts) == 7:
        raise _refusal(
            "a year as seventh field is not supported; use start and end", "not_supported"
        )
    if len(texts) not in (5, 6):
        raise _refusal(f"{len(texts)} fields; write five, {_ORDER}, or six with seconds first")
    return texts if len(texts) == 6 else ["0", *texts]


def _expand(macro: str) -> str:
    known = _MACROS.get(macro.lower())
    if known is not None:
        return known
    name = macro.split()[0].lower()
    if name == "@every":
        raise _refusal("@every is not supported; use an interval schedule", "not_supported")
    if name == "@reboot":
        raise _refusal(
            "@reboot is not supported; a schedule knows no machine to start", "not_supported"
        )
    raise _refusal(f"{macro!r} is not known; use one of {', '.join(_MACROS)}")


def _parse(texts: list[str]) -> list[int]:
    """One bitset for each field; all bad fields are refused together."""
    sets, errors = [], []
    for field, text in zip(_FIELDS, texts, strict=True):
        try:
            sets.append(field.parse(text))
        except BadField as bad:
            errors.append(FieldError("cron_expression", bad.code, str(bad)))
    if errors:
        raise InvalidRule(errors)
    return sets


def _remarks(texts: list[str]) -> tuple[str, ...]:
    fields = zip(_FIELDS, texts, strict=True)
    return tuple(remark for field, text in fields for remark in field.remarks(text))


def _refusal(detail: str, code: str = "invalid_cron") -> InvalidRule:
    return InvalidRule.single("cron_expression", code, detail)
