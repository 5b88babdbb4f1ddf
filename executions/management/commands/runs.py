"""``manage.py runs``: what became of the executions of one run."""

import math
import time
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser
from rich.console import Group
from rich.table import Table

from audit.command import PlatformCommand, command_actor
from core.program import PROGRAM
from core.terminal import make_table
from core.times import show_span, show_time
from executions.lookup import as_uuid
from executions.management.colours import style_of
from executions.management.seeing_through import NOT_OVER, seconds_to_wait
from executions.models import EdgeState, JobExecution
from executions.runs import Node, Run, cancel_run, read_run
from executions.serializers import RunSerializer
from executions.states import ExecutionStatus

_LOOK_SECONDS = 0.25
_SIGNS = {EdgeState.MET: "", EdgeState.DEAD: "not ", EdgeState.OPEN: "waits for "}


class Command(PlatformCommand):
    """One line for each, oldest first, with what it waits or waited for."""

    help = "Show the executions of a run, or cancel all of it."
    examples = (
        "runs 01999999-0000-7000-8000-000000000000",
        "runs 01999999-0000-7000-8000-000000000000 --wait 60",
        "runs 01999999-0000-7000-8000-000000000000 --cancel --reason 'wrong day' --yes",
    )
    has_json = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the arguments."""
        parser.add_argument("run", help="correlation id, or the id of one of its executions")
        parser.add_argument(
            "--wait",
            nargs="?",
            type=seconds_to_wait,
            const=math.inf,
            metavar="SECONDS",
            help="wait until it is over, at most so long (exit code 3 if it is not over by then);"
            " exit code 0 only if it succeeded",
        )
        parser.add_argument("--cancel", action="store_true", help="stop all that is unfinished")
        parser.add_argument("--reason", default="", help="why, with --cancel")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def run(self, options: dict[str, Any]) -> None:
        """Print the run."""
        run = read_run(_find(options["run"]))
        if options["cancel"]:
            self.confirm(f"Cancel the run of {run.label}?", is_sure=options["yes"])
            run = cancel_run(
                actor=command_actor(), correlation_id=run.correlation_id, reason=options["reason"]
            )
        elif options["reason"]:
            raise CommandError("--reason goes with --cancel.")
        if options["wait"] is not None:
            run = _wait(run, options["wait"])
        self.answer(options, document=lambda: RunSerializer(run).data, shown=lambda: _shown(run))
        if options["wait"] is not None:
            _complain(run, options["wait"])


def _wait(run: Run, seconds: float) -> Run:
    """Return the run when it is over, or the seconds are."""
    ends_at = time.monotonic() + seconds
    while run.ended_at is None and time.monotonic() < ends_at:
        time.sleep(_LOOK_SECONDS)
        run = read_run(run.correlation_id)
    return run


def _complain(run: Run, seconds: float) -> None:
    if run.ended_at is None:
        raise CommandError(f"Not over after {seconds:g} s.", returncode=NOT_OVER)
    if run.status != ExecutionStatus.SUCCEEDED:
        raise CommandError(f"The run is {run.status}.")


def _find(text: str) -> UUID:
    """Return the correlation id that is meant; that of an execution stands for its run."""
    identifier = as_uuid(text)
    if identifier is None:
        raise CommandError(
            f"{text!r} is no id. Give a correlation id, or the id of an execution;"
            f" `{PROGRAM} executions` lists them."
        )
    own = JobExecution.objects.filter(pk=identifier).values_list("correlation_id", flat=True)
    return own.first() or identifier


def _shown(run: Run) -> Group:
    times = f"opened {show_time(run.opened_at)}"
    times += f", ended {show_time(run.ended_at)}" if run.ended_at else ""
    head = f"run {run.correlation_id} of {run.label}: {run.status}, {times}"
    return Group(head, _table(run))


def _table(run: Run) -> Table:
    table = make_table("id", "job", "status", "started (UTC)", "took", "after", "says")
    names = {node.execution.job_id: node.execution.job_name for node in run.nodes}
    for node in run.nodes:
        execution = node.execution
        table.add_row(
            str(execution.pk),
            execution.job_name,
            execution.status,
            show_time(execution.started_at).removesuffix(" UTC") if execution.started_at else "-",
            show_span(execution.duration_seconds),
            ", ".join(
                _SIGNS[EdgeState(edge.state)] + names.get(edge.upstream_job_id, "another run")
                for edge in node.edges
            ),
            _says(node),
            style=style_of(execution.status) if node.is_current else "dim",
        )
    return table


def _says(node: Node) -> str:
    if not node.is_current:
        return "run again since"
    error: str = (node.execution.shown_error_message or "").partition("\n")[0]
    return error[:100] or (node.execution.get_reason_display() if node.execution.reason else "")
