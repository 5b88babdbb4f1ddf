"""Why a schedule does not fire now: what comes next, what stands in its way, what came last."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from core.clock import database_now
from core.times import show_span, show_time
from executions.models import JobExecution, Origin
from executions.states import FINAL, UNFINISHED, Reason
from executions.waits import Cause, Code, Holder, Processes, link_to_execution, load_job
from executions.why.answers import Why
from executions.why.jobs import find_job_causes, find_lack
from jobs.models import JobSchedule, Overlap, ScheduleType, Standing
from jobs.rules import UNREADABLE, rule_of
from jobs.schedules.verdict import Verdict
from jobs.versions import standing_of

_MOMENT = timedelta(seconds=2)  # within it beat looks


def explain_schedule(schedule: JobSchedule, *, now: datetime | None = None) -> Why:
    """Answer for one schedule."""
    now = now or database_now()
    standing = standing_of(schedule)
    is_stuck = standing == Standing.FIRING and schedule.stuck_at is not None
    job = load_job(schedule.job_id)
    schedule.job = job
    return Why.of(
        "schedule",
        schedule.pk,
        job_name=job.name,
        status="stuck" if is_stuck else standing.value,
        causes=tuple(_find_causes(schedule, standing, now)),
    )


def _find_causes(schedule: JobSchedule, standing: Standing, now: datetime) -> Iterator[Cause]:
    if standing != Standing.FIRING:
        yield _not_firing(schedule, standing)
    elif schedule.stuck_at is not None:
        yield _stuck(schedule, schedule.stuck_at, schedule.stuck_reason or "")
    yield from find_job_causes(schedule.job)
    slot = schedule.next_fire_at
    if standing == Standing.FIRING and schedule.stuck_at is None:
        yield from _find_next(schedule, slot, now)
    yield from find_lack(Processes(now), str(schedule.job.queue_id))
    yield from _find_last(schedule)


def _not_firing(schedule: JobSchedule, standing: Standing) -> Cause:
    link = f"/api/schedules/{schedule.pk}"
    match standing:
        case Standing.PAUSED:
            end = f" until {show_time(schedule.resume_at)}" if schedule.resume_at else ""
            reason = schedule.pause_reason or "no reason was given"
            return Cause(
                Code.NOT_FIRING,
                f"The schedule is paused since {show_time(schedule.paused_at)} by"
                f" {schedule.paused_by}{end}: {reason.rstrip('.')}.",
                since=schedule.paused_at,
                until=schedule.resume_at,
                link=link,
            )
        case Standing.STOPPED:
            detail = "The schedule is disabled: it opens no slots until it is enabled."
        case Standing.COMPLETED:
            detail = f"The schedule has run {schedule.run_count} times, as often as it may."
        case _:
            detail = f"The schedule is archived since {show_time(schedule.archived_at)}, for good."
    return Cause(Code.NOT_FIRING, detail, since=schedule.archived_at, link=link)


def _stuck(schedule: JobSchedule, at: datetime, reason: str) -> Cause:
    return Cause(
        Code.STUCK,
        f"What comes after {show_time(at)} cannot be worked out: {reason.rstrip('.')}.",
        since=at,
        link=f"/api/schedules/{schedule.pk}",
    )


def _find_next(schedule: JobSchedule, slot: datetime | None, now: datetime) -> Iterator[Cause]:
    if slot is None:
        yield from _find_nothing(schedule)
        return
    try:
        verdict = rule_of(schedule).judge(slot)
    except UNREADABLE as error:
        yield _stuck(schedule, slot, str(error))
        return
    if verdict is not None:
        yield _excluded(schedule, slot, verdict)
    yield from _find_overlap(schedule, slot)
    yield _next_slot(slot, now)


def _find_nothing(schedule: JobSchedule) -> Iterator[Cause]:
    if schedule.schedule_type == ScheduleType.AFTER_COMPLETION:
        unfinished = _unfinished(schedule)
        if unfinished:
            first = unfinished[0]
            yield Cause(
                Code.FOLLOWS,
                f"It fires again after execution {first.pk}, which is {first.status}, has ended.",
                since=first.due_at,
                holders=(Holder(first.pk, schedule.job.name, first.worker),),
                link=link_to_execution(first.pk),
            )
            return
    end = f" It ends at {show_time(schedule.end_at)}." if schedule.end_at else ""
    yield Cause(Code.NO_SLOT, f"No slot is to come by its rule.{end}", until=schedule.end_at)


def _excluded(schedule: JobSchedule, slot: datetime, verdict: Verdict) -> Cause:
    name = verdict.exclusion.name
    if verdict.until is not None:
        fate = f"waits until {show_time(verdict.until)}"
    elif schedule.next_run_at is not None:
        fate = f"is skipped; the next that runs is at {show_time(schedule.next_run_at)}"
    else:
        fate = "is skipped, and no later one is known to run"
    return Cause(
        Code.EXCLUDED,
        f"The next slot, {show_time(slot)}, falls into {name} ({verdict.exclusion.reason}): it"
        f" {fate}.",
        since=slot,
        until=verdict.until or schedule.next_run_at,
        link="/api/exclusions",
    )


def _find_overlap(schedule: JobSchedule, slot: datetime) -> Iterator[Cause]:
    """What earlier slots that are not over would do to the next."""
    if schedule.overlap == Overlap.ALLOW:
        return
    unfinished = _unfinished(schedule)
    if not unfinished:
        return
    first = unfinished[0]
    fate = {
        Overlap.SKIP: "is skipped",
        Overlap.QUEUE_ONE: "is skipped" if len(unfinished) > 1 else "waits for it",
        Overlap.CANCEL_RUNNING: "stops it and takes its place",
        Overlap.TERMINATE_RUNNING: "kills it and takes its place",
    }.get(Overlap(schedule.overlap), "waits for it")
    count = "and another wait or run" if len(unfinished) > 1 else "waits or runs"
    yield Cause(
        Code.OVERLAP,
        f"Execution {first.pk} of an earlier slot ({first.status}) {count}: unless that changes"
        f" before, the slot of {show_time(slot)} {fate}.",
        since=first.scheduled_for,
        holders=tuple(Holder(one.pk, schedule.job.name, one.worker) for one in unfinished),
        link=link_to_execution(first.pk),
    )


def _unfinished(schedule: JobSchedule) -> list[JobExecution]:
    """The first two executions of the schedule's own slots that are not over."""
    found = JobExecution.objects.filter(
        schedule=schedule, origin=Origin.SCHEDULE, status__in=UNFINISHED
    )
    return list(found.order_by("scheduled_for").defer("input", "output")[:2])


def _next_slot(slot: datetime, now: datetime) -> Cause:
    if slot > now:
        left = show_span((slot - now).total_seconds())
        return Cause(Code.NEXT_SLOT, f"Fires next at {show_time(slot)}, in {left}.", until=slot)
    if now - slot <= _MOMENT:
        detail = f"The slot of {show_time(slot)} is due: beat opens it at its next look."
    else:
        late = show_span((now - slot).total_seconds())
        detail = f"The slot of {show_time(slot)} is due for {late} and not opened: is beat alive?"
    return Cause(Code.NEXT_SLOT, detail, since=slot)


def _find_last(schedule: JobSchedule) -> Iterator[Cause]:
    own = JobExecution.objects.filter(schedule=schedule, origin=Origin.SCHEDULE)
    last = own.order_by("-scheduled_for").defer("input", "output", "stack_trace").first()
    if last is None:
        return
    why = f", {Reason(last.reason).label}" if last.reason else ""
    state = last.status if last.status in FINAL else f"still {last.status}"
    yield Cause(
        Code.LAST_SLOT,
        f"The last slot, {show_time(last.scheduled_for)}: {state}{why}.",
        since=last.scheduled_for,
        until=last.completed_at,
        holders=(Holder(last.pk, schedule.job.name, last.worker),),
        link=link_to_execution(last.pk),
    )
