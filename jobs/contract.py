"""The contract's numbers of the enumerations of jobs and schedules.

They name more than the platform can do today; the models say what it can.
"""

EXECUTION_MODES = {1: "in_process", 2: "out_of_process", 3: "container", 4: "http"}
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
}
