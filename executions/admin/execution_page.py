"""What the page of one execution shows, and what of it is fetched again while it goes on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from core.admin_display import link, link_to, moment, pretty_json
from core.clock import database_now
from executions.admin.display import reason_words, status_badge, status_look
from executions.admin.flower import task_url, worker_url
from executions.admin.progress import measure_progress
from executions.admin.run_section import show_run
from executions.admin.slot_facts import business_date_words, checks_of, slot_note
from executions.admin.timeline import Attempt, Step, read_moves, tell_attempts, tell_steps
from executions.models import Backfill, JobExecution, Worker
from executions.states import ExecutionStatus, Reason
from executions.why import explain_execution
from jobs.admin.display import rule_words

_MOST_RERUNS = 10
_MOST_OPEN = 4_000  # characters of output that are shown without a click

# Elsewhere what the planner says of a slot stands where an error would.
_ERRONEOUS = (
    *(ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT),
    *(ExecutionStatus.CANCELLED, ExecutionStatus.RETRYING),
)


@dataclass(frozen=True)
class Fact:
    """One row beside the history."""

    name: str
    value: str | SafeString


@dataclass(frozen=True)
class StepRow:
    """A step, and how it looks."""

    step: Step
    look: str
    sign: str


@dataclass(frozen=True)
class AttemptRow:
    """An attempt, and its page in Flower."""

    attempt: Attempt
    badge: SafeString
    flower_url: str


def read_live_part(execution: JobExecution) -> dict[str, Any]:
    """Return what can change while the execution goes on."""
    now = database_now()
    moves = read_moves(execution)
    causes = explain_execution(execution, now=now, asks_broker=False).causes
    is_running = execution.status == ExecutionStatus.RUNNING
    output = pretty_json(execution.output) if execution.output is not None else ""
    return {
        "execution": execution,
        "badge": status_badge(execution.status),
        "why": _reason(execution) if execution.is_final else causes[0].detail,
        "more_causes": causes[1:],
        "progress": measure_progress(execution, now=now) if is_running else None,
        "steps": [_step_row(step) for step in tell_steps(moves, now=now)],
        "attempts": [_attempt_row(execution, one) for one in tell_attempts(moves, now=now)],
        "most_attempts": execution.version.snapshot["max_retries"] + 1,
        "facts": list(_facts(execution)),
        "checks": checks_of(execution),
        "is_note": not execution.error_type and execution.status not in _ERRONEOUS,
        "checkpoint": _shown_checkpoint(execution),
        "output": output,
        "is_output_open": len(output) < _MOST_OPEN,
        **show_run(execution),
    }


def _shown_checkpoint(execution: JobExecution) -> SafeString | str:
    return "" if execution.checkpoint is None else pretty_json(execution.checkpoint)


def _reason(execution: JobExecution) -> str:
    """The error itself says more, where there is one."""
    is_said = execution.error_message and execution.reason in (Reason.ERROR, Reason.TIMEOUT)
    return "" if is_said else reason_words(execution.reason)


def _step_row(step: Step) -> StepRow:
    look, sign = status_look(step.status)
    return StepRow(step, look, sign)


def _attempt_row(execution: JobExecution, attempt: Attempt) -> AttemptRow:
    outcome = attempt.outcome or ExecutionStatus.RUNNING
    return AttemptRow(attempt, status_badge(outcome), task_url(execution.pk, attempt.fence))


def _facts(execution: JobExecution) -> Iterator[Fact]:
    yield Fact("Job", link(execution.job))
    if execution.schedule:
        yield Fact("Schedule", link(execution.schedule, rule_words(execution.schedule)))
    if execution.backfill_id:
        yield Fact("Backfill", link_to(Backfill, execution.backfill_id, "it is one of its slots"))
    late = ", opened late" if execution.is_late else ""
    yield Fact("Slot", format_html("{}{}", moment(execution.scheduled_for), late))
    if note := slot_note(execution):
        yield Fact("Note", note)
    if date := business_date_words(execution):
        yield Fact("Business date", date)
    if not execution.is_final:
        yield Fact("Not before", moment(execution.due_at))
    opened = format_html("{} by {}", moment(execution.opened_at), execution.triggered_by)
    yield Fact("Opened", opened)
    if execution.cancel_requested_at:
        at = moment(execution.cancel_requested_at)
        yield Fact("Cancel asked", format_html("{} by {}", at, execution.cancel_requested_by))
    yield from _where(execution)
    yield from _kin(execution)
    yield Fact("Job version", str(execution.version.number))
    yield Fact("Priority", str(execution.priority))
    yield Fact("Id", format_html("<code>{}</code>", execution.pk))
    if execution.correlation_id != execution.pk:
        yield Fact("Correlation", format_html("<code>{}</code>", execution.correlation_id))


def _where(execution: JobExecution) -> Iterator[Fact]:
    if execution.queue:
        yield Fact("Queue", execution.queue)
    if execution.worker:
        named = link_to(Worker, execution.worker, execution.worker)
        named = format_html("{}, process {}", named, execution.worker_pid)
        if url := worker_url(execution.worker):
            named = format_html('{} (<a href="{}">Flower</a>)', named, url)
        yield Fact("Worker", named)
    if execution.lease_until:
        yield Fact("Lease until", moment(execution.lease_until))


def _kin(execution: JobExecution) -> Iterator[Fact]:
    """The execution that this one repeats, and those that repeat this one."""
    if execution.rerun_of_id:
        yield Fact("Rerun of", link_to(JobExecution, execution.rerun_of_id, execution.rerun_of_id))
    reruns = JobExecution.objects.filter(rerun_of=execution.pk).only("pk", "status").order_by("pk")
    links = [
        (link_to(JobExecution, again.pk, status_badge(again.status)),)
        for again in reruns[:_MOST_RERUNS]
    ]
    if links:
        yield Fact("Run again", format_html_join(" ", "{}", links))
