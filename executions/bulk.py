"""What people do to many executions at once."""

from collections.abc import Iterable

from audit.trail import Actor
from core.bulk import Bulk, act_on_each
from executions.models import JobExecution
from executions.services import cancel


def cancel_executions(*, actor: Actor, executions: Iterable[JobExecution]) -> Bulk[JobExecution]:
    """Cancel each execution, with an audit entry each; those that are over are refused."""
    return act_on_each(executions, lambda execution: cancel(actor=actor, execution=execution))
