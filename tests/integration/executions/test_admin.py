"""Executions, their history and workers in the admin: read-only, never counted."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.clock import database_now
from executions.models import ExecutionTransition, JobExecution, JobExecutionLog, Worker
from executions.services import trigger
from executions.states import ExecutionStatus
from tests.factories import TESTER, make_execution, make_job

pytestmark = pytest.mark.django_db

EXECUTIONS = reverse("admin:executions_jobexecution_changelist")
JOBS = reverse("admin:jobs_jobdefinition_changelist")


def page_of(execution: JobExecution) -> str:
    return reverse("admin:executions_jobexecution_change", args=[execution.pk])


def make_line(execution: JobExecution, sequence: int, message: str) -> JobExecutionLog:
    return JobExecutionLog.objects.create(
        execution=execution,
        attempt=1,
        sequence=sequence,
        at=database_now(),
        level="INFO",
        stream="log",
        message=message,
    )


@pytest.fixture
def as_viewer(client: Client, bob: User) -> Client:
    """Bob may look at jobs and executions, and no more."""
    bob.is_staff = True
    bob.save()
    names = ["view_jobdefinition", "view_jobexecution"]
    bob.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(bob)
    return client


def cancel(client: Client, *executions: JobExecution, **more: str) -> Any:
    keys = [str(execution.pk) for execution in executions]
    data = {"action": "cancel", "_selected_action": keys, "index": "0"}
    return client.post(EXECUTIONS, data | more, follow=True)


@pytest.mark.parametrize(
    ("model", "query"),
    [
        ("executions_jobexecution", {}),
        ("executions_jobexecution", {"p": "2"}),
        ("executions_jobexecution", {"status": "failed"}),
        ("executions_jobexecution", {"q": "job"}),
        ("executions_executiontransition", {}),
        ("executions_jobexecutionlog", {}),
        ("executions_worker", {}),
        ("audit_jobaudit", {}),
        ("audit_jobaudit", {"action": "JobCreated"}),
    ],
)
def test_no_list_of_history_counts_it(
    as_alice: Client, model: str, query: dict[str, str], settings: Any
) -> None:
    job = make_job()
    for number in range(60):
        execution = make_execution(job, status="failed" if number % 2 else "succeeded")
        ExecutionTransition.objects.create(
            execution=execution, to_status="scheduled", attempt=0, fence=0
        )
        make_line(execution, 1, "a line")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = as_alice.get(reverse(f"admin:{model}_changelist"), query)
    assert answer.status_code == 200
    assert not [q["sql"] for q in queries if "COUNT(" in q["sql"].upper()]
    assert len(queries) <= 8


def test_a_list_leads_to_the_next_page_only_when_there_is_one(as_alice: Client) -> None:
    job = make_job()
    for _ in range(51):
        make_execution(job)
    first, second = as_alice.get(EXECUTIONS), as_alice.get(EXECUTIONS, {"p": "2"})
    assert "?p=2" in first.text
    assert "?p=3" not in second.text
    assert len(second.context["cl"].result_list) == 1
    beyond = as_alice.get(EXECUTIONS, {"p": "3"}, follow=True)
    assert beyond.redirect_chain[0][0].endswith("?e=1")


def test_a_status_and_a_job_narrow_the_list(as_alice: Client) -> None:
    wanted = make_execution(status="timed_out")
    make_execution(status="timed_out")
    make_execution(wanted.job, status="succeeded")
    query = {"status": "timed_out", "job": str(wanted.job_id)}
    assert list(as_alice.get(EXECUTIONS, query).context["cl"].result_list) == [wanted]


def test_a_search_finds_by_execution_job_and_job_name(as_alice: Client) -> None:
    wanted = make_execution(make_job(name="Nightly report"))
    make_execution()
    for term in (str(wanted.pk), str(wanted.job_id), "nightly report", "NIGHTLY"):
        found = as_alice.get(EXECUTIONS, {"q": term}).context["cl"].result_list
        assert list(found) == [wanted], term
    assert not as_alice.get(EXECUTIONS, {"q": "weekly"}).context["cl"].result_list


@pytest.mark.parametrize("status", ExecutionStatus.values)
def test_every_status_has_a_page_that_says_it_in_words(as_alice: Client, status: str) -> None:
    execution = make_execution(status=status)
    page = as_alice.get(page_of(execution)).text
    assert f"</span> {ExecutionStatus(status).label.lower()}</span>" in page
    assert as_alice.get(EXECUTIONS, {"status": status}).status_code == 200


def test_a_page_shows_what_went_in_and_what_came_out(as_alice: Client) -> None:
    execution = make_execution(
        status="failed",
        input={"region": "EU"},
        error_type="ValueError",
        error_message="<b>no</b> such region",
        stack_trace="line 1",
    )
    page = as_alice.get(page_of(execution)).text
    assert "&quot;region&quot;: &quot;EU&quot;" in page
    assert "ValueError: &lt;b&gt;no&lt;/b&gt; such region" in page
    assert "line 1" in page
    assert 'name="_save"' not in page


def test_a_page_tells_what_happened_and_what_it_waits_for(as_alice: Client) -> None:
    execution = trigger(actor=TESTER, job=make_job())
    page = as_alice.get(page_of(execution)).text
    assert "no beat is alive" in page
    assert "<td>tester</td>" in page


def test_a_page_shows_the_last_500_lines_of_the_log(as_alice: Client) -> None:
    execution = make_execution(status="succeeded")
    for number in range(1, 502):
        make_line(execution, number, f"line {number}.")
    page = as_alice.get(page_of(execution)).text
    assert "line 1." not in page
    assert page.index("line 2.") < page.index("line 501.")
    assert f"manage.py logs {execution.pk}" in page


def test_a_page_takes_the_same_queries_however_much_happened(as_alice: Client) -> None:
    execution = make_execution(status="succeeded")
    as_alice.get(page_of(execution))  # Django remembers content types from the first page on
    counts = []
    for _ in range(2):
        for number in range(5):
            make_line(execution, number, "line")
            ExecutionTransition.objects.create(
                execution=execution, to_status="scheduled", attempt=0, fence=0
            )
        with CaptureQueriesContext(connection) as queries:
            as_alice.get(page_of(execution))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_cancel_stops_what_waits_and_asks_for_what_runs(as_alice: Client) -> None:
    waiting, running = make_execution(), make_execution(status="running")
    cancel(as_alice, waiting, running)
    waiting.refresh_from_db()
    running.refresh_from_db()
    assert waiting.status == "cancelled"
    assert running.cancel_requested_by == "alice"


def test_cancel_of_what_is_over_says_why_not(as_alice: Client) -> None:
    answer = cancel(as_alice, make_execution(status="succeeded"))
    assert "is succeeded and cannot be cancelled" in answer.text


def test_a_list_of_history_is_never_cancelled_as_a_whole(as_alice: Client) -> None:
    execution = make_execution()
    assert "one by one" in cancel(as_alice, execution, select_across="1").text
    execution.refresh_from_db()
    assert execution.status == "scheduled"


def test_cancel_is_a_button_of_what_is_not_over(as_alice: Client) -> None:
    button = 'name="action" value="cancel"'
    assert button in as_alice.get(page_of(make_execution())).text
    assert button not in as_alice.get(page_of(make_execution(status="failed"))).text


def test_who_may_only_look_cannot_cancel_or_run(as_viewer: Client) -> None:
    execution = make_execution()
    page = as_viewer.get(page_of(execution))
    assert page.status_code == 200
    assert 'value="cancel"' not in page.text
    assert cancel(as_viewer, execution).status_code == 403
    data = {"action": "run_now", "_selected_action": [str(execution.job_id)], "index": "0"}
    assert as_viewer.post(JOBS, data).status_code == 403
    assert JobExecution.objects.get().status == "scheduled"


def test_a_button_needs_the_csrf_token(alice: User) -> None:
    execution, client = make_execution(), Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert cancel(client, execution).status_code == 403


def test_run_now_opens_an_execution_and_leads_to_it(as_alice: Client) -> None:
    job = make_job()
    data = {"action": "run_now", "_selected_action": [str(job.pk)], "index": "0", "_from_page": "1"}
    answer = as_alice.post(JOBS, data, follow=True)
    execution = JobExecution.objects.get()
    assert (execution.job, execution.triggered_by) == (job, "alice")
    assert page_of(execution) in answer.text


def test_run_now_of_a_job_that_may_not_be_triggered_says_why(as_alice: Client) -> None:
    job = make_job(allow_manual_trigger=False)
    data = {"action": "run_now", "_selected_action": [str(job.pk)], "index": "0"}
    assert "may not be triggered by hand" in as_alice.post(JOBS, data, follow=True).text
    assert not JobExecution.objects.exists()


def test_a_job_shows_its_last_execution_in_list_and_page(as_alice: Client) -> None:
    execution = make_execution(status="failed")
    assert page_of(execution) in as_alice.get(JOBS).text
    url = reverse("admin:jobs_jobdefinition_change", args=[execution.job_id])
    assert page_of(execution) in as_alice.get(url).text


@pytest.mark.parametrize(
    ("fields", "state"),
    [({}, "alive"), ({"last_seen_at": 40}, "silent for"), ({"stopped_at": 0}, "stopped")],
)
def test_a_worker_is_alive_silent_or_stopped(
    as_alice: Client, fields: dict[str, int], state: str
) -> None:
    now = database_now()
    moments = {name: now - timedelta(seconds=age) for name, age in fields.items()}
    values = {"kind": "worker", "hostname": "h", "pid": 1, "started_at": now, "last_seen_at": now}
    worker = Worker.objects.create(name="w@test", queues=["default"], **{**values, **moments})
    assert state in as_alice.get(reverse("admin:executions_worker_changelist")).text
    url = reverse("admin:executions_worker_change", args=[worker.pk])
    assert state in as_alice.get(url).text


@pytest.mark.parametrize("model", ["executiontransition", "jobexecutionlog"])
def test_history_is_found_by_its_execution(as_alice: Client, model: str) -> None:
    execution = make_execution()
    for other in (execution, make_execution()):
        make_line(other, 1, "line")
        ExecutionTransition.objects.create(
            execution=other, to_status="scheduled", attempt=0, fence=0
        )
    url = reverse(f"admin:executions_{model}_changelist")
    (row,) = as_alice.get(url, {"q": str(execution.pk)}).context["cl"].result_list
    assert row.execution_id == execution.pk
    page = reverse(f"admin:executions_{model}_change", args=[row.pk])
    assert str(execution.pk) in as_alice.get(page).text
