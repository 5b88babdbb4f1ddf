"""The numbers of the enumerations of jobs and schedules on the wire.

Those of the first group are the contract's, and may name more than the platform can do; the models
say what it can. The others are ours.
"""

EXECUTION_MODES = {
    1: "in_process",
    2: "out_of_process",
    3: "container",
    4: "http",
    5: "celery_task",
}
FAIL_FASTS = {1: "branch", 2: "run"}
DEPENDENCY_CONDITIONS = {1: "success", 2: "failure", 3: "completion"}
HOLD_SCOPES = {1: "everything", 2: "team", 3: "queue", 4: "job"}
JOB_STATUSES = {1: "active", 2: "disabled", 3: "archived", 4: "draft"}
RETRY_STRATEGIES = {0: "none", 1: "linear", 2: "exponential", 3: "exponential_with_jitter"}
SCHEDULE_TYPES = {
    1: "one_time",
    2: "daily",
    3: "weekly",
    4: "monthly",
    5: "monthly_business_day",
    6: "cron",
    7: "conditional",
    8: "interval",
    9: "delay",
    10: "after_completion",
}

CRON_DIALECTS = {1: "standard", 2: "quartz"}
DAY_MATCHES = {1: "or", 2: "and"}
SHORT_MONTHS = {1: "skip", 2: "clamp", 3: "next"}
ON_DAYS = {1: "business_days", 2: "non_business_days"}
ROLLS = {
    1: "following",
    2: "preceding",
    3: "modified_following",
    4: "modified_preceding",
    5: "nearest",
    6: "skip",
}
INTERVAL_UNITS = {1: "elapsed", 2: "day", 3: "week", 4: "month"}
ALIGNMENTS = {1: "anchor", 2: "epoch"}
DST_GAPS = {1: "run_after", 2: "skip"}
DST_REPEATS = {1: "first", 2: "second", 3: "both"}
MISFIRE_POLICIES = {1: "run_latest", 2: "run_all", 3: "skip"}
OVERLAPS = {
    1: "queue_one",
    2: "skip",
    3: "queue_all",
    4: "cancel_running",
    5: "terminate_running",
    6: "allow",
}
ON_FALSE = {1: "skip", 2: "wait"}
ON_ERROR = {1: "skip", 2: "run", 3: "fail"}

COMBINES = {1: "union", 2: "intersection"}
HALF_DAYS = {1: "business", 2: "holiday", 3: "early_close"}
EXCLUSION_SCOPES = {1: "global", 2: "team", 3: "schedule"}
ON_EXCLUDED = {1: "skip", 2: "defer"}
