"""The contract's numbers of the statuses of executions."""

EXECUTION_STATUSES = {
    1: "queued",
    2: "running",
    3: "succeeded",
    4: "failed",
    5: "timed_out",
    6: "cancelled",
    7: "skipped",
    8: "retrying",
    9: "scheduled",
    10: "waiting",
}
