"""The list of executions and their history in the admin: read-only, filtered, never counted."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.clock import database_now
from core.ids import first_uuid7
from executions.models import ExecutionTransition, JobExecution
from executions.states import ExecutionStatus
from jobs.models import Queue
from tests.factories import make_execution, make_job
from tests.integration.executions.admin_pages import (
    EXECUTIONS,
    act,
    let_look,
    make_line,
    make_move,
    page_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_viewer(client: Client, bob: User) -> Client:
    """Bob may look at jobs and executions, and no more."""
    let_look(bob, "view_jobdefinition", "view_jobexecution")
    client.force_login(bob)
    return client


def found(client: Client, **query: str) -> list[Any]:
    answer = client.get(EXECUTIONS, query)
    assert answer.status_code == 200
    return list(answer.context["cl"].result_list)


@pytest.mark.parametrize(
    ("model", "query"),
    [
        ("executions_jobexecution", {}),
        ("executions_jobexecution", {"p": "2"}),
        ("executions_jobexecution", {"status": "failed"}),
        ("executions_jobexecution", {"q": "job"}),
        (
            "executions_jobexecution",
            {"status": "ended", "when": "7d", "category": "A", "team": "B", "queue": "default"},
        ),
        ("executions_executiontransition", {}),
        ("executions_jobexecutionlog", {}),
        ("executions_worker", {}),
        ("audit_jobaudit", {}),
        ("audit_jobaudit", {"action": "JobCreated"}),
    ],
)
def test_no_list_of_history_counts_it(as_alice: Client, model: str, query: dict[str, str]) -> None:
    job = make_job()
    for number in range(60):
        execution = make_execution(job, status="failed" if number % 2 else "succeeded")
        make_move(execution, "scheduled")
        make_line(execution, 1, "a line")
    with CaptureQueriesContext(connection) as queries:
        answer = as_alice.get(reverse(f"admin:{model}_changelist"), query)
    assert answer.status_code == 200
    assert not [q["sql"] for q in queries if "COUNT(" in q["sql"].upper()]
    assert len(queries) <= 10


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
    assert found(as_alice, status="timed_out", job=str(wanted.job_id)) == [wanted]


@pytest.mark.parametrize(
    ("group", "statuses"),
    [
        ("unfinished", {"scheduled", "queued", "running", "retrying"}),
        ("failures", {"failed", "timed_out"}),
        ("ended", {"succeeded", "failed", "timed_out"}),
    ],
)
def test_statuses_that_belong_together_are_found_together(
    as_alice: Client, group: str, statuses: set[str]
) -> None:
    for status in ExecutionStatus.values:
        make_execution(status=status)
    assert {execution.status for execution in found(as_alice, status=group)} == statuses


@pytest.mark.parametrize("name", ["category", "team", "queue"])
def test_what_several_jobs_share_narrows_the_list(as_alice: Client, name: str) -> None:
    Queue.objects.create(name="reports")
    wanted = make_execution(make_job(category="reports", queue_id="reports"))
    wanted.job.ownership.team_name = "reports"
    wanted.job.ownership.save()
    make_execution()
    assert '<option value="reports">reports</option>' in as_alice.get(EXECUTIONS).text
    assert found(as_alice, **{name: "reports"}) == [wanted]


def test_origin_tells_manual_from_scheduled(as_alice: Client) -> None:
    manual = make_execution()
    assert found(as_alice, origin="manual") == [manual]
    assert found(as_alice, origin="schedule") == []


def opened_at(moment: datetime, **fields: Any) -> JobExecution:
    """Return an execution whose id and opening are of that moment."""
    key = UUID(int=first_uuid7(moment).int | 0x7 << 76)
    return make_execution(id=key, opened_at=moment, **{"status": "failed", **fields})


@pytest.mark.parametrize("more", [{}, {"status": "failures"}, {"queue": "default"}])
def test_executions_are_found_by_their_opening(as_alice: Client, more: dict[str, str]) -> None:
    now = database_now()
    fresh = opened_at(now - timedelta(minutes=1))
    older = opened_at(now - timedelta(hours=3))
    oldest = opened_at(now - timedelta(days=8))
    assert found(as_alice, when="1h", **more) == [fresh]
    assert set(found(as_alice, when="7d", **more)) == {fresh, older}
    between = (now - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    assert found(as_alice, **{"from": between}, **more) == [fresh]
    assert found(as_alice, to=between, **more) == [older, oldest]
    assert found(as_alice, to=between, when="7d", **more) == [older]
    assert found(as_alice, **{"from": between, "to": between}, **more) == []


def test_today_and_yesterday_are_utc_days(as_alice: Client) -> None:
    midnight = database_now().replace(hour=0, minute=0, second=0, microsecond=0)
    first = opened_at(midnight)
    last = opened_at(midnight - timedelta(milliseconds=1))
    opened_at(midnight - timedelta(days=1, milliseconds=1))
    assert found(as_alice, when="today") == [first]
    assert found(as_alice, when="yesterday") == [last]


@pytest.mark.parametrize("more", [{}, {"queue": "default"}])
def test_a_day_s_endings_are_found_whenever_they_were_opened(
    as_alice: Client, more: dict[str, str]
) -> None:
    now = database_now()
    today = make_execution(status="failed", completed_at=now)
    old = make_execution(status="timed_out", completed_at=now - timedelta(days=8))
    assert found(as_alice, status="failures", when="ended-today", **more) == [today]
    day = (now - timedelta(days=8)).date().isoformat()
    assert found(as_alice, status="failures", when=f"ended-{day}", **more) == [old]


@pytest.mark.parametrize(
    "query", [{"status": "failures"}, {"status": "failures", "queue": "default"}]
)
def test_pages_of_several_statuses_leave_none_out(as_alice: Client, query: dict[str, str]) -> None:
    job, now = make_job(), database_now()
    for number in range(120):
        status = "failed" if number % 3 else "timed_out"
        make_execution(job, status=status, completed_at=now + timedelta(seconds=number))
        make_execution(job, status="succeeded")
    pages = [found(as_alice, p=page, **query) for page in ("1", "2", "3")]
    assert [len(page) for page in pages] == [50, 50, 20]
    rows = [execution.pk for page in pages for execution in page]
    assert rows == sorted(rows, reverse=True)
    assert len(set(rows)) == 120


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"when": "soon"}, 1),
        ({"from": "yesterday"}, 1),
        ({"to": "2026-13-01"}, 1),
        ({"when": "", "from": "", "to": "", "status": ""}, 1),
        ({"status": "lost"}, 0),
        ({"job": "nightly"}, 0),
        ({"when": "ended-soon"}, 1),
        ({"category": "none of ours"}, 0),
        ({"team": "\x00"}, 0),
        ({"to": "0001-01-01T00:00"}, 0),
        ({"attention": "none"}, 1),
    ],
)
def test_a_value_that_no_filter_knows_breaks_nothing(
    as_alice: Client, query: dict[str, str], count: int
) -> None:
    make_execution()
    assert len(found(as_alice, **query)) == count


def test_the_dashboard_s_figures_have_their_lists(as_alice: Client) -> None:
    now = database_now()
    delayed = make_execution(due_at=now - timedelta(seconds=61))
    skipped = make_execution(status="skipped", completed_at=now)
    make_execution(due_at=now + timedelta(hours=1))
    make_execution(status="skipped", completed_at=now - timedelta(days=2))
    slow = make_execution(make_job(expected_duration_seconds=5), status="running")
    make_execution(make_job(expected_duration_seconds=60), status="running")
    make_execution(status="running")
    assert set(found(as_alice, attention="delayed")) == {delayed, skipped}
    assert found(as_alice, attention="exceeding") == [slow]
    late = make_execution(is_late=True)
    assert found(as_alice, attention="late") == [late]


def test_a_search_finds_by_execution_job_task_and_job_name(as_alice: Client) -> None:
    wanted = make_execution(make_job(name="Nightly report"))
    make_execution()
    terms = (str(wanted.pk), str(wanted.job_id), f"{wanted.pk}.3", "nightly report", "NIGHTLY")
    for term in terms:
        assert found(as_alice, q=term) == [wanted], term
    assert not found(as_alice, q="weekly")


def test_cancel_asks_first_then_stops_what_waits_and_asks_what_runs(as_alice: Client) -> None:
    waiting, running = make_execution(), make_execution(status="running")
    asked = act(as_alice, EXECUTIONS, "cancel", waiting, running)
    assert "what runs is asked to stop" in asked.text
    waiting.refresh_from_db()
    assert waiting.status == "scheduled"
    act(as_alice, EXECUTIONS, "cancel", waiting, running, _confirmed="1")
    waiting.refresh_from_db()
    running.refresh_from_db()
    assert waiting.status == "cancelled"
    assert running.cancel_requested_by == "alice"


def test_cancel_of_what_is_over_says_why_not(as_alice: Client) -> None:
    over = make_execution(status="succeeded")
    answer = act(as_alice, EXECUTIONS, "cancel", over, _confirmed="1")
    assert "is succeeded and cannot be cancelled" in answer.text


def test_several_run_again_with_the_parameters_they_had(as_alice: Client) -> None:
    first = make_execution(status="failed", input={"region": "EU"})
    second = make_execution(status="succeeded")
    asked = act(as_alice, EXECUTIONS, "rerun", first, second)
    assert "each with the same parameters" in asked.text
    act(as_alice, EXECUTIONS, "rerun", first, second, _confirmed="1")
    reruns = JobExecution.objects.filter(rerun_of__isnull=False)
    assert {(again.rerun_of_id, again.job_id, again.triggered_by) for again in reruns} == {
        (first.pk, first.job_id, "alice"),
        (second.pk, second.job_id, "alice"),
    }
    assert JobExecution.objects.get(rerun_of=first).input == {"region": "EU"}


def test_of_several_only_those_that_are_over_run_again(as_alice: Client) -> None:
    over, running = make_execution(status="failed"), make_execution(status="running")
    answer = act(as_alice, EXECUTIONS, "rerun", over, running, _confirmed="1")
    assert "only a finished one can be run again" in answer.text
    assert JobExecution.objects.get(rerun_of__isnull=False).rerun_of_id == over.pk


@pytest.mark.parametrize("action", ["cancel", "rerun"])
def test_a_list_of_history_is_never_acted_on_as_a_whole(as_alice: Client, action: str) -> None:
    execution = make_execution(status="running")
    more = {"select_across": "1", "_confirmed": "1"}
    assert "one by one" in act(as_alice, EXECUTIONS, action, execution, **more).text
    execution.refresh_from_db()
    assert execution.cancel_requested_at is None
    assert JobExecution.objects.count() == 1


def test_who_may_only_look_can_neither_cancel_nor_run_again(as_viewer: Client) -> None:
    waiting, over = make_execution(), make_execution(status="failed")
    for execution, action in ((waiting, "cancel"), (over, "rerun")):
        page = as_viewer.get(page_of(execution))
        assert page.status_code == 200
        assert f'value="{action}"' not in page.text
        assert act(as_viewer, EXECUTIONS, action, execution, _confirmed="1").status_code == 403
    assert JobExecution.objects.filter(status="scheduled").get() == waiting


def test_an_action_needs_the_csrf_token(alice: User) -> None:
    execution, client = make_execution(), Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert act(client, EXECUTIONS, "cancel", execution, _confirmed="1").status_code == 403


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
