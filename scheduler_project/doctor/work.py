"""Does work go through: is somebody there to do it, and is anything late?"""

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.conf import settings

from core.program import PROGRAM
from core.times import show_span, show_time
from executions.models import JobExecution, RolledUpDay, Worker, alive_since
from executions.queues import QueueLoad, queue_loads
from executions.rollups import find_hold_up
from executions.states import ExecutionStatus
from jobs.models import Hold, HoldScope, JobDefinition, JobSchedule, JobStatus
from scheduler_project.doctor.finding import Finding, fail, ok, warn

_OVERDUE_SECONDS = 60
_MOST_COUNTED = 1_000
_DAYS_BEHIND = 2  # yesterday is counted soon after midnight, or an hour later


def check_beat(now: datetime) -> Finding:
    """Has a beat looked lately?"""
    beat = Worker.objects.filter(kind=Worker.Kind.BEAT).order_by("-last_seen_at").first()
    hint = f"Start `{PROGRAM} up`, or a beat process; nothing is planned without one."
    if beat is None:
        return fail("beat", "none has ever run", hint)
    said = f"{beat.name}, last seen {show_time(beat.last_seen_at)}"
    if beat.stopped_at is not None:
        return fail("beat", f"{said}, stopped", hint)
    return ok("beat", said) if beat.last_seen_at >= alive_since(now) else fail("beat", said, hint)


def check_queues(now: datetime) -> Iterator[Finding]:
    """Does a live worker serve every queue that has, or will get, something to do?"""
    active = JobDefinition.objects.filter(status=JobStatus.ACTIVE)
    used = set(active.values_list("queue_id", flat=True).distinct())
    for load in queue_loads(now=now):
        if load.queue.name in used or load.ready or load.queued or load.is_paused:
            yield _check_queue(load)


def check_holds() -> Iterator[Finding]:
    """What is held back at present? Queues are told with what waits in them."""
    holds = Hold.objects.open().exclude(scope=HoldScope.QUEUE).select_related("job")
    for hold in holds.order_by("held_at"):
        end = f" until {show_time(hold.until)}" if hold.until else ""
        said = f"held back by {hold.held_by} since {show_time(hold.held_at)}{end}: {hold.reason}"
        yield warn(hold.target, said, f"`{PROGRAM} resume {_option(hold)}` ends it.")


def _option(hold: Hold) -> str:
    match hold.scope:
        case HoldScope.JOB:
            return f"--job {shlex.quote(str(hold.job))}"
        case HoldScope.TEAM:
            return f"--team {shlex.quote(hold.team_name)}"
    return "--everything"


def _check_queue(load: QueueLoad) -> Finding:
    name, waiting = load.queue.name, load.ready + load.queued
    about, hint = f"queue {name}", f"Start a worker with `-Q {name}`."
    if load.is_paused:
        said = f"paused, {waiting} due" if waiting else "paused"
        return warn(about, said, f"`{PROGRAM} queues --resume {name}` lets its executions run.")
    if load.is_served:
        return ok(about, "served")
    if load.lacks_worker:
        said = f"{waiting} wait in it" if waiting > 1 else "1 waits in it"
        return fail(about, f"{said}, and no live worker serves it", hint)
    return warn(about, "jobs use it, and no live worker serves it", hint)


def check_schedules(now: datetime) -> Finding:
    """Is a slot long due and still not opened?"""
    limit = now - timedelta(seconds=_OVERDUE_SECONDS)
    overdue = JobSchedule.objects.filter(next_fire_at__lt=limit).order_by("next_fire_at")
    count = len(overdue.values_list("pk")[:_MOST_COUNTED])
    oldest = overdue.select_related("job").first()
    if oldest is None or oldest.next_fire_at is None:
        return ok("schedules", f"none overdue by more than {_OVERDUE_SECONDS} s")
    late = show_span((now - oldest.next_fire_at).total_seconds())
    said = f"{_at_most(count)} overdue; the oldest, of job {oldest.job.name}, by {late}"
    return fail("schedules", said, "Is beat running, and does its log complain?")


def check_leases(now: datetime) -> Finding:
    """Has a worker vanished without anybody taking its execution back?"""
    # The rescuer looks every few seconds; give it some looks.
    limit = now - timedelta(seconds=3 * settings.SCHEDULER_RESCUE_SECONDS)
    lost = JobExecution.objects.running().filter(lease_until__lt=limit)
    count = len(lost.values_list("pk")[:_MOST_COUNTED])
    if count:
        hint = "Beat takes them back; is it running, and does its log complain?"
        return fail("leases", f"{_at_most(count)} executions run past their lease", hint)
    return ok("leases", "no execution runs past its lease")


def check_days(now: datetime) -> Finding:
    """Are the days that are over added up? Retention deletes nothing of those that are not."""
    newest = RolledUpDay.objects.order_by("-day").values_list("day", flat=True).first()
    said = "none added up yet" if newest is None else f"added up to {newest}"
    oldest_fine = now.astimezone(UTC).date() - timedelta(days=_DAYS_BEHIND)
    open_one = find_hold_up(now=now)
    # No day in which it began, or later, can be added up.
    if open_one and open_one.began_at.astimezone(UTC).date() <= oldest_fine:
        return warn(
            "days",
            f"{said}; PostgreSQL's process {open_one.pid} has a transaction open since"
            f" {show_time(open_one.began_at)}, and retention waits for it",
            "See in pg_stat_activity what it does, and end it:"
            f" SELECT pg_terminate_backend({open_one.pid}).",
        )
    if newest is None or newest >= oldest_fine:
        return ok("days", said)
    hint = "Does job Platform rollups run, and what does its log say?"
    return warn("days", f"{said} only, and retention waits for the rest", hint)


def check_ledger() -> Finding:
    """Did the last look at the ledger find every slot accounted for?"""
    about = "ledger"
    check = JobDefinition.objects.unarchived().filter(execution_type_name="platform.ledger").first()
    looks = JobExecution.objects.filter(job=check, started_at__isnull=False)
    last = looks.filter(completed_at__isnull=False).order_by("-pk").first() if check else None
    if last is None:
        return ok(about, "not looked at yet")
    looked = f"looked at {show_time(last.completed_at)}"
    if last.status == ExecutionStatus.SUCCEEDED:
        return ok(about, f"every slot accounted for, {looked}")
    said = (last.error_message or last.status).partition("\n")[0]
    hint = f"`{PROGRAM} ledger` lists what is missed, `{PROGRAM} recover` opens it."
    return warn(about, f"{said} ({looked})", hint)


def _at_most(count: int) -> str:
    return f"{count} or more" if count == _MOST_COUNTED else str(count)
