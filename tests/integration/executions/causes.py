"""Asking why, and what must hold of every answer."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import resolve

from core.api.fallbacks import unknown_address
from core.clock import database_now
from executions.models import JobExecution, Worker
from executions.waits import Cause, Code
from executions.why import Why, explain_execution, explain_job, explain_schedule
from jobs.models import JobDefinition, JobSchedule

MOST_QUERIES = 18


def make_process(name: str = "worker1@test", **fields: Any) -> Worker:
    """Return a live worker of the default queue with two places."""
    now = database_now()
    values = {
        "kind": "worker",
        "hostname": "test",
        "pid": 1,
        "queues": ["default"],
        "concurrency": 2,
        "started_at": now,
        "last_seen_at": now + timedelta(minutes=5),
    }
    return Worker.objects.create(name=name, **values | fields)


def make_beat() -> Worker:
    return make_process("beat@test", kind="beat", queues=[], concurrency=0)


def ask(what: JobExecution | JobSchedule | JobDefinition) -> Why:
    """Ask why; check what holds of every answer."""
    with CaptureQueriesContext(connection) as queries:
        why = _ask(what)
    assert len(queries) <= MOST_QUERIES, [query["sql"] for query in queries]
    assert why.summary == why.causes[0].detail.partition("\n")[0]
    assert why.id == what.pk
    for cause in why.causes:
        assert cause.detail.endswith((".", "…", "?")), cause.detail
        assert cause.detail[0].isupper(), cause.detail
        assert "None" not in cause.detail, cause.detail
        if cause.link is not None:
            assert resolve(cause.link).func is not unknown_address, cause.link
    return why


def _ask(what: JobExecution | JobSchedule | JobDefinition) -> Why:
    match what:
        case JobExecution():
            return explain_execution(JobExecution.objects.select_related("job").get(pk=what.pk))
        case JobSchedule():
            return explain_schedule(JobSchedule.objects.get(pk=what.pk))
    return explain_job(what)


def first(what: JobExecution | JobSchedule | JobDefinition, code: Code) -> Cause:
    """Ask why; return the cause that decides, which has to be of this code."""
    why = ask(what)
    assert why.causes[0].code == code, why.causes
    return why.causes[0]


def codes(what: JobExecution | JobSchedule | JobDefinition) -> list[Code]:
    """Ask why; return the codes of all causes."""
    return [cause.code for cause in ask(what).causes]
