"""What the page of a schedule asks for: which fields, in which parts, in which words."""

from collections.abc import Iterable
from typing import Any

from jobs.models import (
    Align,
    CronDialect,
    DayMatch,
    DstGap,
    DstRepeat,
    IntervalUnit,
    MisfirePolicy,
    OnDays,
    OnError,
    OnFalse,
    Overlap,
    Roll,
    ScheduleType,
    ShortMonth,
)
from jobs.schedules import FIELDS_OF_KIND

# In the order in which the form shows them.
KIND_FIELDS = (
    *("one_time_at", "time_of_day", "repeat_every"),
    *("business_day_of_month", "day_of_month", "nth_weekday", "days_of_week", "on_days"),
    *("short_month", "roll", "offset_business_days"),
    *("cron_expression", "cron_dialect", "day_match"),
    *("interval_unit", "interval_seconds", "align", "delay_seconds"),
)
RULE_FIELDS = (
    *("schedule_type", *KIND_FIELDS, "calendar", "timezone"),
    *("start_at", "end_at", "exclusions", "dst_gap", "dst_repeat"),
)
POLICY_FIELDS = (
    *("misfire_policy", "misfire_grace_seconds", "catchup_window_seconds", "max_catchup"),
    *("overlap", "overlap_limit", "spread_seconds", "max_runs", "pause_after_failures"),
    *("conditions", "conditional_expression", "on_false", "poll_seconds", "wait_seconds"),
    "on_error",
)
SCHEDULE_FIELDS = (*RULE_FIELDS, *POLICY_FIELDS, "is_active", "parameters")

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

LABELS = {
    "one_time_at": "At (UTC)",
    "repeat_every": "Every so many",
    "nth_weekday": "Which weekday",
    "on_days": "On all",
    "short_month": "In a shorter month",
    "roll": "If it is no business day",
    "offset_business_days": "Then so many business days later",
    "cron_dialect": "Dialect",
    "day_match": "Both day fields given",
    "interval_unit": "Counted in",
    "interval_seconds": "Every (seconds)",
    "align": "Counted from",
    "delay_seconds": "After (seconds)",
    "timezone": "Time zone",
    "start_at": "Not before (UTC)",
    "end_at": "Not after (UTC)",
    "is_active": "Active",
    "exclusions": "Exclusion windows",
    "dst_gap": "A time that the clock leaves out",
    "dst_repeat": "A time that comes twice",
    "misfire_policy": "What is found too late",
    "misfire_grace_seconds": "Too late is later than (seconds)",
    "catchup_window_seconds": "Never later than (seconds)",
    "max_catchup": "Caught up at most",
    "overlap": "While an earlier run is unfinished",
    "overlap_limit": "At most side by side",
    "spread_seconds": "Spread starts over (seconds)",
    "max_runs": "Runs at most",
    "pause_after_failures": "Pause after failures",
    "conditional_expression": "Condition in CEL",
    "on_false": "If it does not hold",
    "poll_seconds": "Look again every (seconds)",
    "wait_seconds": "Wait at most (seconds)",
    "on_error": "If it cannot be evaluated",
}

HELP_TEXTS = {
    "time_of_day": "By the clock of the time zone below.",
    "repeat_every": "Days, weeks or months: 2 is every other one. Empty: every one.",
    "business_day_of_month": "1 is the first, -1 the last business day of the month.",
    "day_of_month": "1 to 31, or from the end: -1 is the last day.",
    "nth_weekday": "Instead of a day: the first Monday, the last Friday.",
    "on_days": "Instead of one day of the month.",
    "offset_business_days": "Negative: earlier. Counted after the day has moved.",
    "cron_expression": "Minute, hour, day of the month, month, day of the week; with seconds in"
    " front if there are six, and a year at the end if there are seven.",
    "interval_seconds": "At least 1.",
    "align": "The schedule's making, or 1 January 1970: then equal intervals fire together.",
    "delay_seconds": "Once, so long after the schedule was made; or after the end of each run.",
    "calendar": "Decides which days are business days, and which business date a run is for.",
    "start_at": "Empty: from now on.",
    "end_at": "Empty: for ever.",
    "exclusions": "Windows for all schedules and those of the job's team hold by themselves.",
    "dst_gap": "In spring the clock jumps, say from 02:00 to 03:00: there is no 02:30.",
    "dst_repeat": "In autumn the clock goes back, and 02:30 comes twice.",
    "misfire_policy": "After an outage, say. What does not run is recorded as skipped.",
    "misfire_grace_seconds": "Up to then it still runs, and is marked as late. Empty: 15 minutes.",
    "catchup_window_seconds": "What was missed by more than this never runs. Empty: 24 hours.",
    "max_catchup": "When all that was missed runs: no more than so many, the newest.",
    "overlap": "Runs of one schedule never overtake each other, unless they may run side by side.",
    "overlap_limit": "Only where they may run side by side. Empty: as many as the job allows.",
    "spread_seconds": "Each start waits a part of this, always the same for one slot, so that not"
    " everything starts at the full hour. 0: at once.",
    "max_runs": "Then the schedule is complete. Empty: no limit.",
    "pause_after_failures": "After so many failed runs on end it pauses by itself. Empty: never.",
    "conditional_expression": 'Instead of the list above, such as prev.status == "succeeded".',
    "poll_seconds": "While it waits. Waiting holds no worker.",
    "wait_seconds": "Counted from the slot; after that it is skipped.",
}

_DESCRIPTIONS = {
    "Exclusions": "Times at which nothing may run: what falls into them is skipped, or waits"
    " for their end.",
    "Daylight saving": "What becomes of a time of day where the clock jumps forward or back.",
    "Missed slots": "What becomes of slots that are found late because the platform was down.",
    "Overlap": "What a slot does while an earlier run of this schedule is not finished.",
    "Limits": "When the schedule stops by itself.",
    "Condition": "Looked at by a worker at each slot: only if it holds does the job run.",
}

_KEEPS_ITS_TIME = "As usual for this kind"
CHOICES: dict[str, Any] = {
    "cron_dialect": {
        "": "Standard: Sunday is 0 or 7",
        CronDialect.QUARTZ: "Quartz: seconds first, Sunday is 1",
    },
    "day_match": {"": "Either may match", DayMatch.AND: "Both must match"},
    "nth_weekday": {
        "": "None: by its day",
        **{"1": "First", "2": "Second", "3": "Third", "4": "Fourth", "5": "Fifth"},
        **{"-1": "Last", "-2": "Second last", "-3": "Third last", "-4": "Fourth last"},
        "-5": "Fifth last",
    },
    "on_days": {
        "": "None: on one day",
        OnDays.BUSINESS_DAYS: "Business days",
        OnDays.NON_BUSINESS_DAYS: "Other days",
    },
    "short_month": {
        "": "Its last day",
        ShortMonth.SKIP: "Skip that month",
        ShortMonth.NEXT: "The first of the next month",
    },
    "roll": {
        "": "It stays where it is",
        Roll.FOLLOWING: "The next business day",
        Roll.PRECEDING: "The business day before",
        Roll.MODIFIED_FOLLOWING: "The next, but within the month",
        Roll.MODIFIED_PRECEDING: "The one before, but within the month",
        Roll.NEAREST: "The nearest",
        Roll.SKIP: "Skip it",
    },
    "interval_unit": {
        "": "Seconds that pass",
        IntervalUnit.DAY: "Days of the calendar",
        IntervalUnit.WEEK: "Weeks of the calendar",
        IntervalUnit.MONTH: "Months of the calendar",
    },
    "align": {"": "The schedule's making", Align.EPOCH: "1970"},
    "dst_gap": {
        "": _KEEPS_ITS_TIME,
        DstGap.RUN_AFTER: "Run right after the gap",
        DstGap.SKIP: "Skip it",
    },
    "dst_repeat": {
        "": _KEEPS_ITS_TIME,
        DstRepeat.FIRST: "Run the first time",
        DstRepeat.SECOND: "Run the second time",
        DstRepeat.BOTH: "Run both times",
    },
    "misfire_policy": {
        MisfirePolicy.RUN_LATEST: "Run the latest only",
        MisfirePolicy.RUN_ALL: "Run all, oldest first",
        MisfirePolicy.SKIP: "Skip all",
    },
    "overlap": {
        Overlap.QUEUE_ONE: "Wait; one may wait, more are skipped",
        Overlap.SKIP: "Skip it",
        Overlap.QUEUE_ALL: "Wait; all wait in a row",
        Overlap.CANCEL_RUNNING: "Cancel the earlier run, then start",
        Overlap.TERMINATE_RUNNING: "Kill the earlier run, then start",
        Overlap.ALLOW: "Run side by side",
    },
    "on_false": {OnFalse.SKIP: "Skip the slot", OnFalse.WAIT: "Wait until it holds"},
    "on_error": {
        OnError.FAIL: "Fail",
        OnError.SKIP: "Skip the slot",
        OnError.RUN: "Run as if it held",
    },
}
"""What can be chosen, each value with its words; the first is what holds if nothing is chosen."""

_UNIT_IS_ELAPSED = "['', null, 'elapsed'].includes(interval_unit)"
_ALSO = {
    "interval_seconds": f"(schedule_type !== 'interval' || {_UNIT_IS_ELAPSED})",
    "align": _UNIT_IS_ELAPSED,
    "repeat_every": f"(schedule_type !== 'interval' || !({_UNIT_IS_ELAPSED}))",
    "days_of_week": "(!schedule_type.startsWith('monthly') || !['', null].includes(nth_weekday))",
}
_OTHER_CONDITIONS = {
    "overlap_limit": "overlap === 'allow'",
    "poll_seconds": "on_false === 'wait'",
    "wait_seconds": "on_false === 'wait'",
}


def fields_of_choice(data: Any) -> set[str]:
    """The fields of a kind that a filled-in form shows, by its other choices; empty: no kind."""
    own = set(FIELDS_OF_KIND.get(data.get("schedule_type"), ()))
    is_elapsed = data.get("interval_unit", "") in ("", IntervalUnit.ELAPSED)
    if data.get("schedule_type") == ScheduleType.INTERVAL:
        own -= {"repeat_every"} if is_elapsed else {"interval_seconds", "align"}
    if "nth_weekday" in own and not data.get("nth_weekday"):
        own -= {"days_of_week"}
    return own


def conditional_fields() -> dict[str, str]:
    """Return for each field that does not always show the script expression of when it does.

    Where nothing can be changed there is no choice to look at, and all fields of the page show.
    """
    shown = {name: _shown_when(name) for name in KIND_FIELDS} | _OTHER_CONDITIONS
    return {
        name: f"typeof schedule_type === 'undefined' || ({expression})"
        for name, expression in shown.items()
    }


def _shown_when(field: str) -> str:
    kinds = [f"'{kind}'" for kind, fields in FIELDS_OF_KIND.items() if field in fields]
    chosen = f"[{', '.join(kinds)}].includes(schedule_type)"
    return f"{chosen} && {_ALSO[field]}" if field in _ALSO else chosen


def fieldsets() -> list[tuple[str | None, dict[str, Any]]]:
    """The rule, always in sight, and the parts of which one shows at a time."""
    rule = ("job", "schedule_type", *KIND_FIELDS, "calendar", "timezone", "next_fires")
    return [
        (None, {"fields": rule}),
        _part("From and until", ("start_at", "end_at", "is_active")),
        _part("Exclusions", ("exclusions",)),
        _part("Daylight saving", ("dst_gap", "dst_repeat")),
        _part("Missed slots", POLICY_FIELDS[:4]),
        _part("Overlap", POLICY_FIELDS[4:7]),
        _part("Limits", POLICY_FIELDS[7:9]),
        _part("Condition", POLICY_FIELDS[9:]),
        _part("Parameters", ("parameters",)),
        _part("History", ("created", "updated")),
    ]


def fieldsets_to_read(*, is_archived: bool) -> list[tuple[str | None, dict[str, Any]]]:
    """The same for who cannot change it: the rule in words, windows by their names."""
    fires = () if is_archived else ("next_fires",)
    parts = fieldsets()[1:]
    for _, part in parts:
        part["fields"] = ["windows" if n == "exclusions" else n for n in part["fields"]]
    shown = ("job", "rule_in_words", "calendar", "timezone", *fires)
    return [(None, {"fields": shown}), *parts]


def _part(name: str, fields: Iterable[str]) -> tuple[str, dict[str, Any]]:
    description = _DESCRIPTIONS.get(name, "")
    return name, {"classes": ["tab"], "fields": tuple(fields), "description": description}
