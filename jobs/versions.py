"""Keeping what the rule of a schedule was, and whether it fired, from each instant on."""

from datetime import datetime, timedelta
from importlib.metadata import version as version_of

from jobs.models import JobSchedule, ScheduleVersion, Standing
from jobs.rules import rule_of, spec_of, write_spec
from jobs.schedules.business import CalendarOutOfDate

TZDATA_VERSION = version_of("tzdata")
_A_MOMENT = timedelta(microseconds=1)


def standing_of(schedule: JobSchedule) -> Standing:
    """Whether the schedule fires, and if not, why."""
    if schedule.archived_at is not None:
        return Standing.ARCHIVED
    if not schedule.is_active:
        return Standing.STOPPED
    if schedule.paused_at is not None:
        return Standing.PAUSED
    if schedule.max_runs is not None and schedule.run_count >= schedule.max_runs:
        return Standing.COMPLETED
    return Standing.FIRING


def settle_schedule(
    schedule: JobSchedule, *, now: datetime, by: str, reason: str | None = None
) -> bool:
    """Say from ``now`` on which rule holds and which slot is the next; the caller saves the row.

    What was due by ``now`` stays the planner's, by the rule it fell due under. Returns whether
    there is a new version. Raises ``InvalidRule`` when the fields make no rule.
    """
    is_new = keep_version(schedule, since=now, by=by, reason=reason)
    if schedule.next_fire_at is None or schedule.next_fire_at > now:
        place_next(schedule, after=now)
    return is_new


def place_next(schedule: JobSchedule, *, after: datetime) -> None:
    """Set the schedule's next slot, and the next instant at which it really runs."""
    schedule.tzdata_version = TZDATA_VERSION
    schedule.next_fire_at = schedule.next_run_at = None
    schedule.stuck_at = schedule.stuck_reason = None
    if standing_of(schedule) != Standing.FIRING:
        return
    rule = rule_of(schedule)
    try:
        schedule.next_fire_at = rule.next_slot(after)
        schedule.next_run_at = rule.next(after)
    except CalendarOutOfDate as error:
        schedule.stuck_at, schedule.stuck_reason = after, str(error)


def keep_version(
    schedule: JobSchedule, *, since: datetime, by: str, reason: str | None = None
) -> bool:
    """Keep the rule and the standing of the schedule as they are now, unless they are kept so."""
    spec, standing = write_spec(spec_of(schedule)), standing_of(schedule)
    latest = (
        ScheduleVersion.objects.filter(schedule=schedule, number=schedule.version).first()
        if schedule.version
        else None
    )
    if latest is not None and (latest.spec, latest.standing) == (spec, standing):
        return False
    schedule.version += 1
    # Two changes at one instant: the later one holds.
    schedule.versioned_at = since
    if latest is not None and latest.since >= since:
        schedule.versioned_at = latest.since + _A_MOMENT
    ScheduleVersion.objects.create(
        schedule_id=schedule.pk,
        number=schedule.version,
        since=schedule.versioned_at,
        standing=standing,
        spec=spec,
        reason=reason,
        created_by=by,
    )
    return True
