"""Running a program, without a shell, under a launcher that lets nothing of it survive.

What it is told and how it answers is described in ``docs/authoring.md``.
"""

from django.conf import settings

from executions.handlers.out_of_process.argv import CommandRefused, read_command
from executions.handlers.out_of_process.checkpoint_file import CheckpointFile
from executions.handlers.out_of_process.endings import outcome_of
from executions.handlers.out_of_process.environment import build_environment
from executions.handlers.out_of_process.launched import Launched
from executions.handlers.out_of_process.workspace import Workspace
from executions.outcomes import Failed, Outcome
from executions.upstream import upstream_document
from executions.watchdog import Guard


def run_out_of_process(guard: Guard) -> Outcome:
    """Run the job's command, if this worker may, and turn its end into an outcome."""
    # From here on a stop is told to the launcher; raised in between, it could lose a process.
    guard.is_armed = False
    try:
        argv = read_command(
            guard.claim.snapshot["execution_command"], allowed=settings.SCHEDULER_ALLOWED_COMMANDS
        )
        return _carry_out(guard, argv)
    except CommandRefused as refusal:
        return Failed("CommandRefused", str(refusal), is_permanent=True)
    except OSError as error:
        return Failed("CommandNotStarted", f"The worker could not start the command: {error}")


def _carry_out(guard: Guard, argv: list[str]) -> Outcome:
    workspace = Workspace()
    try:
        workspace.write_parameters(guard.claim.parameters)
        if guard.claim.has_upstream:
            workspace.write_upstream(upstream_document(guard.context.upstream))
        checkpoint = CheckpointFile(guard.claim, workspace, guard.lines)
        environment = build_environment(guard.claim, workspace, guard.lines) | checkpoint.variable
        with Launched(
            argv, environment, workspace, guard.lines, lease_ends_at=guard.ends_at()
        ) as launched:
            guard.hand_over(launched)
            ending = launched.wait(checkpoint.look)
        checkpoint.finish()
        return outcome_of(ending, tail=launched.tail, read_output=workspace.read_output)
    finally:
        workspace.remove()
