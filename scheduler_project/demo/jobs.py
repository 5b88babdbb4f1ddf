"""What the demo jobs are: how executions may go, and what teams run every day."""

import shlex
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from jobs.models import ExecutionMode, RetryStrategy, ScheduleType, Weekday
from scheduler_project.demo import CALENDAR, COMMAND, QUEUE


@dataclass(frozen=True)
class DemoJob:
    """One job, what it shows, and when it runs: by its schedules, or after other jobs, by name."""

    name: str
    shows: str
    settings: dict[str, Any]
    schedules: tuple[dict[str, Any], ...] = ()
    after: dict[str, dict[str, Any]] = field(default_factory=dict)
    team: str = "Demo"
    category: str = "Demo"


def demo_jobs(*, now: datetime) -> tuple[DemoJob, ...]:
    """Return all demo jobs; ``now`` is what a schedule in the future counts from."""
    return (*_outcomes(now), *_everyday_work(), *_workflow())


def _outcomes(now: datetime) -> tuple[DemoJob, ...]:
    """How an execution may go."""
    return (
        DemoJob(
            name="Heartbeat",
            shows="Succeeds every ten seconds.",
            settings={
                "execution_type_name": "demo.heartbeat",
                "timeout_seconds": 10,
                "keep_days": 7,
            },
            schedules=({"schedule_type": ScheduleType.INTERVAL, "interval_seconds": 10},),
        ),
        DemoJob(
            name="Flaky exchange rates",
            shows="Fails twice, is tried again, then succeeds.",
            settings={
                "execution_type_name": "demo.flaky",
                "timeout_seconds": 30,
                "max_retries": 3,
                "retry_strategy": RetryStrategy.EXPONENTIAL,
                "base_delay_seconds": 3,
            },
            schedules=({"schedule_type": ScheduleType.CRON, "cron_expression": "* * * * *"},),
        ),
        DemoJob(
            name="Slow supplier",
            shows="Takes longer than its timeout of three seconds and is stopped.",
            settings={"execution_type_name": "demo.too_slow", "timeout_seconds": 3},
            schedules=({"schedule_type": ScheduleType.CRON, "cron_expression": "*/2 * * * *"},),
        ),
        DemoJob(
            name="Record migration",
            shows="Runs two and a half minutes, shows its progress and can be cancelled.",
            settings={
                "execution_type_name": "demo.migration",
                "timeout_seconds": 600,
                "expected_duration_seconds": 150,
            },
            schedules=(
                {"schedule_type": ScheduleType.INTERVAL, "interval_seconds": 300},
                {
                    "schedule_type": ScheduleType.ONE_TIME,
                    "one_time_at": (now + timedelta(days=1)).replace(
                        minute=0, second=0, microsecond=0
                    ),
                    "parameters": {"batches": 10},
                },
            ),
        ),
    )


def _everyday_work() -> tuple[DemoJob, ...]:
    """What teams run."""
    return (
        DemoJob(
            name="Sales report (demo)",
            shows="Reports every morning, of one region also by week and month.",
            settings={
                "execution_type_name": "SalesReports.DailyReportJob",
                "timeout_seconds": 300,
                "max_retries": 3,
                "parameter_schema": _schema(
                    date={"type": "string", "format": "date", "title": "Day"},
                    region={"type": "string", "enum": ["all", "EU", "US"], "default": "all"},
                ),
            },
            schedules=(
                {"schedule_type": ScheduleType.DAILY, "time_of_day": time(6)},
                {
                    "schedule_type": ScheduleType.WEEKLY,
                    "time_of_day": time(7),
                    "days_of_week": Weekday.MONDAY,
                    "timezone": "Europe/Berlin",
                    "parameters": {"region": "EU"},
                },
                {
                    "schedule_type": ScheduleType.MONTHLY,
                    "time_of_day": time(7),
                    "day_of_month": 31,
                    "timezone": "America/New_York",
                    "parameters": {"region": "US"},
                },
                {
                    "schedule_type": ScheduleType.MONTHLY_BUSINESS_DAY,
                    "time_of_day": time(8),
                    "business_day_of_month": 3,
                    "timezone": "Europe/London",
                    "calendar": CALENDAR,
                },
            ),
            team="Data Analytics",
            category="Reporting",
        ),
        DemoJob(
            name="Stock import",
            shows="Runs a shell script outside the worker and keeps what it prints.",
            settings={
                "execution_mode": ExecutionMode.OUT_OF_PROCESS,
                "execution_command": shlex.quote(COMMAND),
                "timeout_seconds": 60,
                "max_retries": 2,
                "parameter_schema": _schema(
                    warehouse={"type": "string", "enum": ["Hamburg", "Rotterdam"]}
                ),
            },
            schedules=(
                {
                    "schedule_type": ScheduleType.CRON,
                    "cron_expression": "*/5 * * * *",
                    "parameters": {"warehouse": "Rotterdam"},
                },
            ),
            team="Logistics",
            category="Import",
        ),
        DemoJob(
            name="Price watch",
            shows="Looks again three quarters of a minute after its last look has ended.",
            settings={"execution_type_name": "demo.heartbeat", "timeout_seconds": 30},
            schedules=({"schedule_type": ScheduleType.AFTER_COMPLETION, "delay_seconds": 45},),
            team="Logistics",
            category="Import",
        ),
        DemoJob(
            name="Reorder stock",
            shows="Runs at a full minute only if the exchange rates came in the last 90 seconds.",
            settings={"execution_type_name": "demo.heartbeat", "timeout_seconds": 30},
            schedules=(
                {
                    "schedule_type": ScheduleType.CONDITIONAL,
                    "cron_expression": "* * * * *",
                    "conditions": {
                        "dependency": {
                            "job": "Flaky exchange rates",
                            "outcome": ["succeeded"],
                            "withinSeconds": 90,
                        }
                    },
                },
            ),
            team="Logistics",
            category="Import",
        ),
        DemoJob(
            name="Invoice archive",
            shows=f"Waits, because its queue, {QUEUE}, is paused; it runs once that is resumed.",
            settings={
                "execution_type_name": "demo.migration",
                "timeout_seconds": 300,
                "queue_id": QUEUE,
            },
            schedules=(
                {
                    "schedule_type": ScheduleType.DAILY,
                    "time_of_day": time(22),
                    "parameters": {"batches": 20, "pause": 1},
                },
            ),
            team="Finance",
            category="Archive",
        ),
    )


def _workflow() -> tuple[DemoJob, ...]:
    """Jobs that wait for each other."""
    own: dict[str, Any] = {"team": "Data Analytics", "category": "Workflow"}
    return (
        DemoJob(
            name="Load orders",
            shows="Begins a run every five minutes: what comes after it is opened with it.",
            settings={"execution_type_name": "demo.load_orders", "timeout_seconds": 30},
            schedules=({"schedule_type": ScheduleType.CRON, "cron_expression": "*/5 * * * *"},),
            **own,
        ),
        DemoJob(
            name="Add up orders",
            shows="Runs once the orders are loaded, and takes their count over as a parameter.",
            settings={"execution_type_name": "demo.add_up", "timeout_seconds": 30},
            after={"Load orders": {"output_mapping": {"orders": "orders"}}},
            **own,
        ),
        DemoJob(
            name="Check orders",
            shows="Runs beside the adding up; one time in four it finds something and fails.",
            settings={"execution_type_name": "demo.check_orders", "timeout_seconds": 30},
            after={"Load orders": {}},
            **own,
        ),
        DemoJob(
            name="Publish orders",
            shows="Waits for both, is skipped when the check has failed, and says so.",
            settings={"execution_type_name": "demo.publish_orders", "timeout_seconds": 30},
            after={"Add up orders": {}, "Check orders": {}},
            **own,
        ),
        DemoJob(
            name="Clean up orders",
            shows="Runs ten seconds after the publishing is over, in whatever way.",
            settings={"execution_type_name": "demo.heartbeat", "timeout_seconds": 30},
            after={
                "Publish orders": {"condition": "completion", "delay_after_completion_seconds": 10}
            },
            **own,
        ),
    )


def _schema(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}
