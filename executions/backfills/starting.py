"""Asking for a backfill: looking first what it would open, and opening it."""

from dataclasses import dataclass
from datetime import datetime
from json import dumps
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.trail import Actor, record
from core.clock import database_now
from core.errors import Conflict, FieldProblem, InvalidInput
from core.ids import uuid7
from core.sql import load
from core.text import NotStorable, strict_json
from core.times import show_time
from executions.backfills.range import Include, Range, RangeSlot, find_range
from executions.models import Backfill, BackfillOrder
from executions.services import refuse_run
from executions.wake import poke_after_commit
from jobs.concurrency_keys import concurrency_key
from jobs.models import JobDefinition, JobSchedule, JobVersion, ScheduleType
from jobs.rules import rule_of
from jobs.schedules import InvalidRule, Rule

OPEN_BACKFILL = load(__file__, "open_backfill")

MOST_AT_ONCE = 1_000
MOST_PRIORITY = 9


@dataclass(frozen=True, kw_only=True)
class BackfillRequest:
    """What is asked for: the slots of [from_at, until_at), and how they are to run.

    Without ``schedule_id`` the job's only schedule is meant; without ``parameters`` its own.
    """

    from_at: datetime
    until_at: datetime
    schedule_id: UUID | None = None
    order: str = BackfillOrder.OLDEST_FIRST
    max_concurrent_executions: int = 1
    priority: int = 0
    include: Include = Include.MISSING
    parameters: dict[str, Any] | None = None
    reason: str = ""


def preview_backfill(*, job: JobDefinition, request: BackfillRequest) -> Range:
    """Work out what would be opened, and open nothing; refuse what could not be started."""
    _refuse(job, request, now=database_now())
    return _find(_choose_schedule(job, request), request)


@transaction.atomic
def start_backfill(*, actor: Actor, job: JobDefinition, request: BackfillRequest) -> Backfill:
    """Open an execution for each slot of the range that is not left out; they wait to be let go.

    The schedule is locked meanwhile: neither the planner nor another backfill opens slots of it, so
    that none gets two.
    """
    job = JobDefinition.objects.get(pk=job.pk)  # it may have been disabled meanwhile
    _refuse(job, request, now=database_now())
    schedule = _choose_schedule(job, request)
    schedule = JobSchedule.objects.select_for_update(of=("self",)).get(pk=schedule.pk)
    found = _find(schedule, request)
    _refuse_nothing(found)
    backfill = Backfill.objects.create(
        job=job,
        schedule=schedule,
        from_at=request.from_at,
        until_at=request.until_at,
        order=request.order,
        max_concurrent_executions=request.max_concurrent_executions,
        priority=request.priority,
        reason=request.reason,
        created_by=actor.name,
        created_at=database_now(),
    )
    parameters = schedule.parameters if request.parameters is None else request.parameters
    _open(backfill, job, found.opened, parameters, actor)
    _record(actor, backfill, found, request)
    poke_after_commit()
    return backfill


def _find(schedule: JobSchedule, request: BackfillRequest) -> Range:
    return find_range(
        schedule,
        _rule(schedule),
        from_at=request.from_at,
        until_at=request.until_at,
        include=request.include,
    )


def _refuse(job: JobDefinition, request: BackfillRequest, *, now: datetime) -> None:
    """Refuse what is wrong with the request, all of it at once, or with the job's state."""
    problems = [*_problems_of_range(request, now), *_problems_of_numbers(request)]
    if request.parameters is not None:
        try:
            strict_json(request.parameters, what="It")
        except NotStorable as error:
            problems.append(FieldProblem("parameters", "not_storable", str(error)))
    if problems:
        raise InvalidInput(problems)
    refuse_run(job)
    if not job.allow_manual_trigger:
        raise Conflict("manual_trigger_forbidden", f"Job {job.name} may not be triggered by hand.")


def _problems_of_range(request: BackfillRequest, now: datetime) -> list[FieldProblem]:
    if request.from_at >= request.until_at:
        return [FieldProblem("until_at", "contradiction", "It has to be later than from_at.")]
    if request.until_at > now:
        detail = (
            f"It is now {show_time(now)}: a backfill is of the past, and the schedule opens what is"
            " to come. Give a time that is over."
        )
        return [FieldProblem("until_at", "in_the_future", detail)]
    return []


def _problems_of_numbers(request: BackfillRequest) -> list[FieldProblem]:
    problems = []
    if not 1 <= request.max_concurrent_executions <= MOST_AT_ONCE:
        detail = f"Let from 1 to {MOST_AT_ONCE:,} run at once."
        problems.append(FieldProblem("max_concurrent_executions", "out_of_range", detail))
    if not 0 <= request.priority <= MOST_PRIORITY:
        detail = f"Priorities go from 0 to {MOST_PRIORITY}; {MOST_PRIORITY} goes first."
        problems.append(FieldProblem("priority", "out_of_range", detail))
    return problems


def _choose_schedule(job: JobDefinition, request: BackfillRequest) -> JobSchedule:
    """The schedule that is named, or the only one there is."""
    schedules = JobSchedule.objects.filter(job=job, archived_at__isnull=True)
    if request.schedule_id is not None:
        schedule = schedules.filter(pk=request.schedule_id).first()
        if schedule is None:
            detail = f"Job {job.name} has no schedule {request.schedule_id} that is not archived."
            raise InvalidInput([FieldProblem("schedule_id", "not_found", detail)])
        return schedule
    found = list(schedules.order_by("pk")[:2])
    if len(found) == 1:
        return found[0]
    if not found:
        raise Conflict(
            "no_schedule", f"Job {job.name} has no schedule, so it has no slots to backfill."
        )
    detail = f"Job {job.name} has several schedules; name one of them."
    raise InvalidInput([FieldProblem("schedule_id", "required", detail)])


def _rule(schedule: JobSchedule) -> Rule:
    if schedule.schedule_type == ScheduleType.AFTER_COMPLETION:
        raise Conflict(
            "no_slots", "The schedule follows its own runs: it has no slots but those that ran."
        )
    try:
        return rule_of(schedule)
    except InvalidRule as error:
        detail = f"The schedule's rule does not hold any more: {error}. Change the schedule."
        raise Conflict("rule_invalid", detail) from None


def _refuse_nothing(found: Range) -> None:
    if found.problem:
        detail = f"The slots cannot be worked out to the end: {found.problem}."
        raise Conflict("calendar_out_of_date", detail)
    if not found.opened:
        why = ", ".join(f"{count:,} {left_out}" for left_out, count in found.left_out.items())
        detail = f"There is nothing to run: {why or 'the range has no slot'}."
        raise Conflict("nothing_to_backfill", detail)


def _open(
    backfill: Backfill,
    job: JobDefinition,
    slots: list[RangeSlot],
    parameters: dict[str, Any],
    actor: Actor,
) -> None:
    """Insert the executions in the order they are to go: that of their ids."""
    if backfill.order == BackfillOrder.NEWEST_FIRST:
        slots = slots[::-1]
    OPEN_BACKFILL.rows(
        job=job.pk,
        version=JobVersion.objects.values_list("pk", flat=True).get(job=job, number=job.version),
        schedule=backfill.schedule_id,
        backfill=backfill.pk,
        actor=actor.name,
        priority=backfill.priority,
        input=dumps(parameters),
        key=concurrency_key(job.concurrency_key, parameters),
        ids=[uuid7() for _ in slots],
        slots=[slot.at for slot in slots],
        business_dates=[slot.business_date for slot in slots],
        previous_dates=[slot.previous_business_date for slot in slots],
        next_dates=[slot.next_business_date for slot in slots],
    )


def _record(actor: Actor, backfill: Backfill, found: Range, request: BackfillRequest) -> None:
    record(
        actor=actor,
        action="BackfillStarted",
        object_type="backfill",
        object_id=backfill.pk,
        object_label=backfill.job.name,
        after={
            "schedule": str(backfill.schedule_id),
            "from": backfill.from_at.isoformat(),
            "until": backfill.until_at.isoformat(),
            "include": request.include.value,
            "order": backfill.order,
            "limit": backfill.max_concurrent_executions,
            "priority": backfill.priority,
            "opened": len(found.opened),
            "left_out": {left_out.value: count for left_out, count in found.left_out.items()},
            "parameters": None if request.parameters is None else sorted(request.parameters),
        },
        reason=request.reason or None,
    )
