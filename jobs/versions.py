"""Keeping what the rule of a schedule was, and whether it fired, from each instant on."""

from datetime import datetime, timedelta
from importlib.metadata import version as version_of

from jobs.models import JobSchedule, ScheduleType, ScheduleVersion, Standing
from jobs.rules import spec_of, write_spec
from jobs.schedules import Rule, RuleSpec, compile_rule
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
    there is a new version. Raises ``InvalidRule`` when it fires and its fields make no rule.
    """
    spec = spec_of(schedule)
    version = next_version(schedule, spec, latest_version(schedule), since=now, by=by)
    if version is not None:
        version.reason = reason
        version.save()
    place_next(schedule, spec, now=now, is_changed=version is not None)
    return version is not None


def place_next(
    schedule: JobSchedule, spec: RuleSpec, *, now: datetime, is_changed: bool = True
) -> None:
    """Set the schedule's next slot, and the next instant at which it really runs.

    A slot that is due already stays. Where nothing has changed for a schedule whose calendar has
    ended, it stays where it got stuck.
    """
    if schedule.next_fire_at is not None and schedule.next_fire_at <= now:
        return
    # Never earlier than the version that it is a slot of.
    after = max(now, schedule.versioned_at) if is_changed else now
    if schedule.stuck_at is not None and not is_changed:
        after = schedule.stuck_at
    schedule.tzdata_version = TZDATA_VERSION
    schedule.next_fire_at = schedule.next_run_at = None
    schedule.stuck_at = schedule.stuck_reason = None
    if standing_of(schedule) != Standing.FIRING:
        return
    if spec.kind == ScheduleType.AFTER_COMPLETION and schedule.version > 1:
        return  # only its executions can tell (``executions/completions``)
    rule = compile_rule(spec, may_be_excluded=True)
    try:
        schedule.next_fire_at = rule.next_slot(after)
    except CalendarOutOfDate as error:
        schedule.stuck_at, schedule.stuck_reason = after, str(error)
    schedule.next_run_at = next_run(rule, schedule.next_fire_at)


def next_run(rule: Rule, slot: datetime | None) -> datetime | None:
    """When something really runs next, of ``slot`` and those after it."""
    try:
        if slot is None or rule.judge(slot) is None:
            return slot
        return rule.next(slot - timedelta(seconds=1))
    except CalendarOutOfDate:
        return None


def keep_version(schedule: JobSchedule, *, since: datetime, by: str) -> bool:
    """Keep the rule and the standing of the schedule as they are now, unless they are kept so.

    The caller saves the row. Returns whether there is a new version.
    """
    version = next_version(
        schedule, spec_of(schedule), latest_version(schedule), since=since, by=by
    )
    if version is not None:
        version.save()
    return version is not None


def latest_version(schedule: JobSchedule) -> ScheduleVersion | None:
    """The version that holds; None while there is none."""
    if not schedule.version:
        return None
    return ScheduleVersion.objects.filter(schedule=schedule, number=schedule.version).first()


def next_version(
    schedule: JobSchedule,
    spec: RuleSpec,
    latest: ScheduleVersion | None,
    *,
    since: datetime,
    by: str,
) -> ScheduleVersion | None:
    """The version after ``latest``, not saved, and noted in the row; None if all is as it was."""
    written, standing = write_spec(spec), standing_of(schedule)
    if latest is not None and (latest.spec, latest.standing) == (written, standing):
        return None
    schedule.version += 1
    # Two changes at one instant: the later one holds.
    schedule.versioned_at = since
    if latest is not None and latest.since >= since:
        schedule.versioned_at = latest.since + _A_MOMENT
    return ScheduleVersion(
        schedule_id=schedule.pk,
        number=schedule.version,
        since=schedule.versioned_at,
        standing=standing,
        spec=written,
        created_by=by,
    )
