"""Celery's entries. Nothing imports this module; messages name its tasks."""

from typing import Any
from uuid import UUID

from celery import Task, shared_task

from executions import runner
from executions.broker import TASK_NAME


class HintTask(Task[[str, int], None]):
    Request = "executions.request:Request"


@shared_task(base=HintTask, bind=True, name=TASK_NAME, ignore_result=True)
def execute(self: Any, execution_id: str, fence: int) -> None:
    """Carry out one execution, if the hint is still good."""
    runner.run(execution_id=UUID(execution_id), fence=fence, worker=self.request.hostname)
