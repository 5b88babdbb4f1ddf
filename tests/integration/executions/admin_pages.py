"""What the tests of the admin's pages share: addresses, rows, and who may only look."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from core.clock import database_now
from executions.models import ExecutionTransition, JobExecution, JobExecutionLog, Worker
from jobs.models import JobDefinition

EXECUTIONS = reverse("admin:executions_jobexecution_changelist")
JOBS = reverse("admin:jobs_jobdefinition_changelist")
QUEUES = reverse("admin:jobs_queue_changelist")
WORKERS = reverse("admin:executions_worker_changelist")


def page_of(execution: JobExecution) -> str:
    return reverse("admin:executions_jobexecution_change", args=[execution.pk])


def job_page(job: JobDefinition) -> str:
    return reverse("admin:jobs_jobdefinition_change", args=[job.pk])


def act(client: Client, url: str, action: str, *objects: Any, **more: str) -> Any:
    """Post an action of a list, as its form or a page's button does."""
    keys = [str(obj.pk) for obj in objects]
    data = {"action": action, "_selected_action": keys, "index": "0", **more}
    return client.post(url, data, follow=True)


def make_line(
    execution: JobExecution, sequence: int, message: str, **fields: Any
) -> JobExecutionLog:
    values = {"attempt": 1, "at": database_now(), "level": "INFO", "stream": "log", **fields}
    return JobExecutionLog.objects.create(
        execution=execution, sequence=sequence, message=message, **values
    )


def make_move(execution: JobExecution, to_status: str, **fields: Any) -> ExecutionTransition:
    values = {"attempt": 0, "fence": 0, **fields}
    return ExecutionTransition.objects.create(execution=execution, to_status=to_status, **values)


def make_worker(name: str = "w@test", **fields: Any) -> Worker:
    now: datetime = database_now()
    values = {
        **{"kind": "worker", "hostname": "h", "pid": 1, "queues": ["default"], "concurrency": 2},
        **{"started_at": now, "last_seen_at": now},
    }
    return Worker.objects.create(name=name, **{**values, **fields})


def let_look(user: User, *permissions: str) -> None:
    """Let a user into the admin with these permissions and no others."""
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
