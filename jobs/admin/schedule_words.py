"""What the page of a schedule says: the names of its fields, their help, what can be chosen."""

from typing import Any

from jobs.models import (
    Align,
    CronDialect,
    DayMatch,
    DstGap,
    DstRepeat,
    IntervalUnit,
    MisfirePolicy,
    OnError,
    OnFalse,
    Overlap,
    Roll,
    ShortMonth,
)

LABELS = {
    "one_time_at": "At (UTC)",
    "repeat_every": "Every so many",
    "nth_weekday": "Which weekday",
    "short_month": "In a shorter month",
    "roll": "If it is no business day",
    "adjust_to_previous_business_day": "In a month with fewer, the last",
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
    "nth_weekday": "The first Monday, the last Friday.",
    "roll": "Usually a day of the month stays where it is, and a day by business days moves to the"
    " next one.",
    "adjust_to_previous_business_day": "Else such a month is skipped.",
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
    "misfire_grace_seconds": "Up to then it still runs, and is marked as late. Empty: 15"
    " minutes, unless the platform is set otherwise.",
    "catchup_window_seconds": "What was missed by more than this never runs. Empty: 24 hours.",
    "max_catchup": "When all that was missed runs: no more than so many, the oldest. The"
    " others are skipped.",
    "overlap": "Runs of one schedule never overtake each other, unless they may run side by side.",
    "overlap_limit": "Only where they may run side by side. Empty: as many as the job allows.",
    "spread_seconds": "Each start waits a part of this, always the same for one slot, so that not"
    " everything starts at the full hour. 0: at once.",
    "max_runs": "Then the schedule is complete. Empty: no limit.",
    "pause_after_failures": "After so many failed runs on end it pauses by itself. Empty: never.",
    "conditional_expression": 'Such as prev.status == "succeeded". With the checks above, both have'
    " to hold.",
    "poll_seconds": "While it waits. Waiting holds no worker.",
    "wait_seconds": "Counted from the slot; after that it is skipped.",
}

_AS_USUAL = "As usual for this kind"
CHOICES: dict[str, Any] = {
    "cron_dialect": {
        "": "Standard: Sunday is 0 or 7",
        CronDialect.QUARTZ: "Quartz: seconds first, Sunday is 1",
    },
    "day_match": {"": "Either may match", DayMatch.AND: "Both must match"},
    "nth_weekday": {
        "": "Choose one",
        **{"1": "First", "2": "Second", "3": "Third", "4": "Fourth", "5": "Fifth"},
        **{"-1": "Last", "-2": "Second last", "-3": "Third last", "-4": "Fourth last"},
        "-5": "Fifth last",
    },
    "short_month": {
        "": "Its last day",
        ShortMonth.SKIP: "Skip that month",
        ShortMonth.NEXT: "The first of the next month",
    },
    "roll": {
        "": _AS_USUAL,
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
        "": _AS_USUAL,
        DstGap.RUN_AFTER: "Run right after the gap",
        DstGap.SKIP: "Skip it",
    },
    "dst_repeat": {
        "": _AS_USUAL,
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
