"""The parts of a job's form: to change, to add, and to read."""

from typing import Any

from jobs.admin.job_modes import MODE_FIELDS, fields_of_others
from jobs.models import JobDefinition
from jobs.ownership import OWNERSHIP_FIELDS

HISTORY_FIELDS = ("version", "created", "updated")
_PARTS: dict[str, tuple[str, ...]] = {
    "What runs": (
        *("name", "description", "category"),
        *("execution_mode", *MODE_FIELDS),
        *("queue", "priority", "allowed_environments"),
    ),
    "Limits and retries": (
        *("timeout_seconds", "expected_duration_seconds"),
        *("max_concurrent_executions", "concurrency_key", "max_concurrent_per_key"),
        *("starts_per_minute", "breaker_failures", "breaker_seconds"),
        *("max_retries", "retry_strategy", "base_delay_seconds", "max_delay_seconds"),
        "fail_fast",
    ),
    "Parameters": ("allow_manual_trigger", "parameter_schema"),
    "Owner": OWNERSHIP_FIELDS,
    "History": ("keep_days", "keep_executions", *HISTORY_FIELDS),
}

# What fields of the form become where nothing can be changed: a display, or nothing.
_TO_READ: dict[str, str | None] = {
    "allowed_environments": "environments",
    "owner_name": "owner",
    **dict.fromkeys(OWNERSHIP_FIELDS[1:]),
}


def fieldsets_to_change() -> Any:
    """Return the parts of the form of a job, each a tab."""
    return _tabs({})


def fieldsets_to_add() -> Any:
    """Return the parts of the form of a new job, which has no history."""
    return _tabs(dict.fromkeys(HISTORY_FIELDS))


def fieldsets_to_read(job: JobDefinition) -> Any:
    """Return the parts for who can only read: what the job's mode uses, in words."""
    return _tabs(_TO_READ | dict.fromkeys(fields_of_others(job.execution_mode)))


def _tabs(replaced: dict[str, str | None]) -> Any:
    shown = {title: [replaced.get(f, f) for f in fields] for title, fields in _PARTS.items()}
    return [
        (title, {"fields": list(filter(None, fields)), "classes": ("tab",)})
        for title, fields in shown.items()
    ]
