"""What the platform itself knows that conditions ask about."""

from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from executions.conditions.run import Run
from executions.models import JobExecution, Origin
from executions.states import FINAL, Reason
from jobs.calendars.reading import current_calendar
from jobs.conditions.terms import NO_RUN
from jobs.schedules.business import BusinessCalendar

# Ended before any handler was called: no run to judge by, else one skip would follow from another.
_NO_RUN = (Reason.CONDITION, Reason.CONDITION_ERROR)

Ended = dict[str, Any]


def ended_runs(job_id: UUID) -> QuerySet[JobExecution, Ended]:
    """The finished runs of a job, newest first; slots that were only skipped are none."""
    rows = JobExecution.objects.filter(
        job_id=job_id, started_at__isnull=False, status__in=FINAL
    ).exclude(reason__in=_NO_RUN)
    fields = ("pk", "status", "attempt", "started_at", "completed_at")
    ended: QuerySet[JobExecution, Ended] = rows.order_by("-pk").values(*fields)
    return ended


def previous_run(run: Run) -> Ended | None:
    """The schedule's latest finished run before this one, or the latest rerun of that.

    A backfill runs slots of long ago, in any order: it comes before no slot.
    """
    own = ended_runs(run.job_id).filter(schedule=run.schedule_id, origin=Origin.SCHEDULE)
    previous = own.exclude(pk=run.execution_id).first()
    if previous is None:
        return None
    return ended_runs(run.job_id).filter(rerun_of=previous["pk"]).first() or previous


def output_of(ended: Ended) -> Any:
    """What the run's handler returned."""
    return JobExecution.objects.values_list("output", flat=True).get(pk=ended["pk"])


def kinds_of_day(calendar: BusinessCalendar, day: date) -> set[str]:
    """All that a calendar says of a day; raise ``CalendarOutOfDate`` for a year without dates."""
    if calendar.is_business_day(day):
        return {"business_day"}
    kinds = {"non_business_day"}
    if day in calendar.holidays:
        kinds.add("holiday")
    if calendar.weekend >> day.isoweekday() % 7 & 1:
        kinds.add("weekend")
    return kinds


def expression_values(run: Run, environment: str) -> dict[str, Any]:
    """The values of ``jobs.conditions.cel.VARIABLES`` in this run, as far as there are any."""
    values: dict[str, Any] = {
        "prev.exists": False,
        "prev.status": NO_RUN,
        "run.scheduledFor": run.scheduled_for,
        "run.businessDate": run.business_date.isoformat(),
        "run.isLate": run.is_late,
        "params": run.parameters,
        "now": run.now,
        "environment": environment,
    }
    previous = previous_run(run)
    if previous is not None:
        values |= _previous_values(previous)
    return values


def calendar_values(run: Run) -> dict[str, bool]:
    """What the schedule's own calendar says of the business date; nothing without a calendar."""
    if run.calendar_id is None:
        return {}
    kinds = kinds_of_day(current_calendar(run.calendar_id), run.business_date)
    return {
        "calendar.is_business_day": "business_day" in kinds,
        "calendar.is_holiday": "holiday" in kinds,
    }


def _previous_values(previous: Ended) -> dict[str, Any]:
    output = output_of(previous)
    values = {
        "prev.exists": True,
        "prev.status": previous["status"],
        "prev.output": output,
        "prev.attempts": previous["attempt"],
        "prev.endedAt": previous["completed_at"],
        "prev.durationSeconds": (previous["completed_at"] - previous["started_at"]).total_seconds(),
    }
    if isinstance(output, dict) and "rows" in output:
        values["prev.rows"] = output["rows"]
    return values
