"""Which fields the form of a schedule shows for each kind, by what else is chosen."""

from typing import Any

from jobs.models import JobSchedule, OnDays, ScheduleType
from jobs.schedules import FIELDS_OF_KIND

# In the order in which people need them.
KINDS = (
    (ScheduleType.DAILY, "Every day"),
    (ScheduleType.WEEKLY, "On days of the week"),
    (ScheduleType.MONTHLY, "On a day of the month"),
    (ScheduleType.MONTHLY_BUSINESS_DAY, "On business days of the month"),
    (ScheduleType.INTERVAL, "At an interval"),
    (ScheduleType.CRON, "By a cron expression"),
    (ScheduleType.AFTER_COMPLETION, "So long after each run has ended"),
    (ScheduleType.CONDITIONAL, "When a condition holds"),
    (ScheduleType.ONE_TIME, "Once, at a time"),
    (ScheduleType.DELAY, "Once, after a delay"),
)
# Fields of the form alone: they say which of the fields of a kind are meant.
WAYS: dict[str, tuple[tuple[str, str], ...]] = {
    "monthly_by": (
        ("day_of_month", "A day of the month, such as the 15th"),
        ("nth_weekday", "A weekday, such as the last Friday"),
    ),
    "business_by": (
        ("business_day_of_month", "The n-th business day of the month"),
        ("day_of_month", "A day of the month, moved to a business day"),
        ("nth_weekday", "A weekday of the month, moved to a business day"),
        ("days_of_week", "Days of the week, moved to business days"),
        (OnDays.BUSINESS_DAYS, "Every business day"),
        (OnDays.NON_BUSINESS_DAYS, "Every day that is no business day"),
    ),
    "look_by": (
        ("time_of_day", "At a time of day"),
        ("interval_seconds", "At an interval"),
        ("cron_expression", "By a cron expression"),
    ),
}
# In the order in which the form shows them.
KIND_FIELDS = (
    *("one_time_at", "time_of_day", "repeat_every", "business_day_of_month"),
    *("adjust_to_previous_business_day", "day_of_month", "nth_weekday", "days_of_week"),
    *("short_month", "roll", "offset_business_days"),
    *("cron_expression", "cron_dialect", "day_match"),
    *("interval_unit", "interval_seconds", "align", "delay_seconds"),
)
_ROLL = ("roll", "offset_business_days")
_BY_DAY = ("repeat_every", "day_of_month", "short_month", *_ROLL)
_BY_WEEKDAY = ("repeat_every", "nth_weekday", "days_of_week", *_ROLL)
_ELAPSED = ("interval_seconds", "align")
# Kind: the field that chooses, and what is shown for each choice beside what always is.
_CHOSEN: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "monthly": ("monthly_by", {"day_of_month": _BY_DAY, "nth_weekday": _BY_WEEKDAY}),
    "monthly_business_day": (
        "business_by",
        {
            "business_day_of_month": (
                *("repeat_every", "business_day_of_month"),
                "adjust_to_previous_business_day",
            ),
            "day_of_month": _BY_DAY,
            "nth_weekday": _BY_WEEKDAY,
            "days_of_week": ("days_of_week", *_ROLL),
            "business_days": (),
            "non_business_days": (),
        },
    ),
    "conditional": (
        "look_by",
        {
            "time_of_day": ("time_of_day", "days_of_week"),
            "interval_seconds": ("interval_seconds",),
            "cron_expression": ("cron_expression", "cron_dialect", "day_match"),
        },
    ),
    "interval": (
        "interval_unit",
        {
            "": _ELAPSED,
            "elapsed": _ELAPSED,
            **dict.fromkeys(["day", "week", "month"], ("repeat_every",)),
        },
    ),
}
_ALWAYS = {
    **{kind: tuple(fields) for kind, fields in FIELDS_OF_KIND.items() if kind not in _CHOSEN},
    "weekly": ("time_of_day", "repeat_every", "days_of_week", *_ROLL),
    "monthly": ("time_of_day",),
    "monthly_business_day": ("time_of_day",),
    "interval": ("interval_unit",),
}


def fields_of_choice(data: Any) -> set[str]:
    """The fields of a rule that a filled-in form shows, by its kind and its other choices.

    Where it does not say which of a kind's fields are meant, all of them are.
    """
    kind = data.get("schedule_type")
    always = set(_ALWAYS.get(kind, ()))
    if kind not in _CHOSEN:
        return always
    chooser, shown = _CHOSEN[kind]
    if chooser not in data and chooser in WAYS:
        return set(FIELDS_OF_KIND[kind])
    return always | set(shown.get(data.get(chooser, ""), ()))


def ways_of(schedule: JobSchedule) -> dict[str, str]:
    """Which fields of its kind a schedule uses, as the form asks for them."""
    chosen = {}
    for name, ways in WAYS.items():
        used = [way for way, _ in ways if getattr(schedule, way, None) is not None]
        chosen[name] = used[0] if used else ways[0][0]
    if schedule.nth_weekday is not None:  # days of the week are given as well
        chosen["business_by"] = "nth_weekday"
    if schedule.on_days is not None:
        chosen["business_by"] = schedule.on_days
    return chosen


def conditional_fields() -> dict[str, str]:
    """Return for each field that does not always show the script expression of when it does.

    Where nothing can be changed there is no choice to look at, and all fields of the page show.
    """
    shown = {name: _shown_when(name) for name in KIND_FIELDS}
    shown |= {
        chooser: f"schedule_type === '{kind}'"
        for kind, (chooser, _) in _CHOSEN.items()
        if chooser in WAYS
    }
    shown |= {
        "overlap_limit": "overlap === 'allow'",
        "poll_seconds": "on_false === 'wait'",
        "wait_seconds": "on_false === 'wait'",
    }
    return {
        name: f"typeof schedule_type === 'undefined' || {expression}"
        for name, expression in shown.items()
    }


def _shown_when(field: str) -> str:
    kinds = [kind for kind, fields in _ALWAYS.items() if field in fields]
    parts = [f"[{_quoted(kinds)}].includes(schedule_type)"] if kinds else []
    for kind, (chooser, shown) in _CHOSEN.items():
        choices = [choice for choice, fields in shown.items() if field in fields]
        if choices:
            parts.append(
                f"(schedule_type === '{kind}' && [{_quoted(choices)}].includes({chooser} || ''))"
            )
    return f"({' || '.join(parts)})"


def _quoted(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
