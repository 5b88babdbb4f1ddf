"""The page of one execution: everything about it, what is fetched again, and running it again."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.clock import database_now
from executions.models import JobExecution
from executions.services import rerun, trigger
from executions.states import FINAL, ExecutionStatus
from jobs.definitions import set_job_status
from jobs.models import JobStatus
from tests.factories import TESTER, make_execution, make_job, make_schedule
from tests.integration.executions.admin_pages import (
    EXECUTIONS,
    act,
    job_page,
    let_look,
    make_line,
    make_move,
    page_of,
)

pytestmark = pytest.mark.django_db


def live_part(client: Client, execution: JobExecution) -> str:
    url = reverse("admin:executions_jobexecution_live", args=[execution.pk])
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.text


def log_part(client: Client, execution: JobExecution, **query: Any) -> Any:
    url = reverse("admin:executions_jobexecution_log", args=[execution.pk])
    return client.get(url, query)


@pytest.mark.parametrize("status", ExecutionStatus.values)
def test_every_status_has_a_page_that_says_it_in_words(as_alice: Client, status: str) -> None:
    page = as_alice.get(page_of(make_execution(status=status))).text
    assert f"</span> {ExecutionStatus(status).label.lower()}</span>" in page


def test_a_page_shows_what_went_in_and_what_came_out(as_alice: Client) -> None:
    execution = make_execution(
        status="failed",
        input={"region": "EU"},
        output={"rows": 42},
        error_type="ValueError",
        error_message="<b>no</b> such region",
        stack_trace="line 1",
    )
    page = as_alice.get(page_of(execution)).text
    assert "&quot;region&quot;: &quot;EU&quot;" in page
    assert "&quot;rows&quot;: 42" in page
    assert "ValueError</h3>" in page
    assert "&lt;b&gt;no&lt;/b&gt; such region" in page
    assert "line 1" in page
    assert 'name="_save"' not in page


def test_a_page_tells_what_happened_and_what_it_waits_for(as_alice: Client) -> None:
    execution = trigger(actor=TESTER, job=make_job())
    page = as_alice.get(page_of(execution)).text
    assert "no beat is alive" in page
    assert "by tester" in page
    assert "so far" in page


def test_every_attempt_stands_with_its_worker_wait_duration_and_error(as_alice: Client) -> None:
    execution, now = make_execution(status="succeeded", attempt=2), database_now()
    make_move(execution, "queued", from_status="scheduled", at=now)
    started = now + timedelta(seconds=2)
    worker = {"worker": "w1@host", "pid": 7}
    make_move(execution, "running", from_status="queued", attempt=1, at=started, data=worker)
    failed = {"duration_seconds": 90, "error_type": "IOError", "error": "disk full"}
    make_move(execution, "retrying", from_status="running", attempt=1, reason="error", data=failed)
    attempts = as_alice.get(page_of(execution)).text.partition("section-attempts")[2]
    for said in ("failed</span>", "2 s", "1 min 30 s", "w1@host", "IOError: disk full"):
        assert said in attempts


def test_a_running_execution_shows_its_progress_and_when_it_takes_too_long(
    as_alice: Client,
) -> None:
    execution = make_execution(
        make_job(expected_duration_seconds=5),
        status="running",
        progress_fraction=0.4,
        progress_message="batch 4 of 10",
    )
    page = as_alice.get(page_of(execution)).text
    assert '<progress max="100" value="40"' in page
    assert "40 %, batch 4 of 10, about 12 s left" in page
    assert "longer than the expected 5 s" in page


def test_a_page_leads_to_job_schedule_worker_and_the_executions_it_repeats(
    as_alice: Client, settings: Any
) -> None:
    settings.FLOWER_URL = "http://flower.example/"
    schedule = make_schedule()
    first = make_execution(schedule.job, status="failed", schedule=schedule)
    make_move(first, "running", from_status="queued", attempt=1, fence=3)
    again = rerun(actor=TESTER, execution=first)
    page = as_alice.get(page_of(first)).text
    assert f'href="{job_page(schedule.job)}"' in page
    assert reverse("admin:jobs_jobschedule_change", args=[schedule.pk]) in page
    assert reverse("admin:executions_worker_change", args=["worker1@test"]) in page
    assert f'href="{page_of(again)}"' in page
    assert "http://flower.example/worker/worker1@test" in page
    assert f"http://flower.example/task/{first.pk}.3" in page
    assert f'href="{page_of(first)}"' in as_alice.get(page_of(again)).text


def test_without_an_address_nothing_leads_to_flower(as_alice: Client, settings: Any) -> None:
    settings.FLOWER_URL = ""
    execution = make_execution(status="succeeded")
    make_move(execution, "running", from_status="queued", attempt=1)
    assert "Flower" not in as_alice.get(page_of(execution)).text


def test_a_page_takes_the_same_queries_however_much_happened(as_alice: Client) -> None:
    execution = make_execution(status="succeeded")
    as_alice.get(page_of(execution))  # Django remembers content types from the first page on
    counts = []
    for _ in range(2):
        for number in range(5):
            make_line(execution, number, "line")
            make_move(execution, "scheduled")
        with CaptureQueriesContext(connection) as queries:
            as_alice.get(page_of(execution))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10


def test_the_live_part_follows_until_the_end_and_then_stops_asking(as_alice: Client) -> None:
    execution = make_execution(status="running")
    part = live_part(as_alice, execution)
    assert 'hx-trigger="every 2s' in part
    assert 'id="button-rerun" class="page-action" hidden' in part
    JobExecution.objects.filter(pk=execution.pk).update(
        status="succeeded", completed_at=database_now(), lease_until=None, output={"rows": 42}
    )
    part = live_part(as_alice, execution)
    assert "hx-trigger" not in part
    assert "succeeded</span>" in part
    assert "&quot;rows&quot;: 42" in part
    assert 'id="button-cancel" class="page-action" hidden' in part
    assert 'id="button-rerun" class="page-action" hx-swap-oob' in part


def test_the_log_shows_its_last_500_lines_and_the_way_to_all(as_alice: Client) -> None:
    execution = make_execution(status="succeeded")
    for number in range(1, 502):
        make_line(execution, number, f"line {number}.")
    page = as_alice.get(page_of(execution)).text
    assert "line 1." not in page
    assert page.index("line 2.") < page.index("line 501.")
    assert f"manage.py logs {execution.pk}" in page
    assert f"{reverse('admin:executions_jobexecutionlog_changelist')}?q={execution.pk}" in page


def test_the_log_goes_on_after_the_last_line_that_was_shown(as_alice: Client) -> None:
    execution = make_execution(status="running")
    first, second = (make_line(execution, number, f"line {number}.") for number in (1, 2))
    assert f"?after={second.pk}&amp;" in as_alice.get(page_of(execution)).text
    part = log_part(as_alice, execution, after=first.pk).text
    assert "line 1." not in part
    assert "line 2." in part
    assert f"?after={second.pk}&amp;" in part
    assert log_part(as_alice, execution, after=second.pk).status_code == 204


def test_the_log_of_what_is_over_does_not_go_on(as_alice: Client) -> None:
    execution = make_execution(status="failed")
    line = make_line(execution, 1, "the last words")
    assert "hx-trigger" not in log_part(as_alice, execution, after=line.pk).text
    assert "the last words" in log_part(as_alice, execution, after=line.pk - 1).text


def test_a_log_that_fell_behind_catches_up_at_once(as_alice: Client) -> None:
    execution = make_execution(status="succeeded")
    lines = [make_line(execution, number, f"line {number}.") for number in range(1, 503)]
    part = log_part(as_alice, execution, after=lines[0].pk).text
    assert "line 501." in part
    assert "line 502." not in part
    assert 'hx-trigger="load"' in part


def test_the_log_is_narrowed_by_stream_and_level(as_alice: Client) -> None:
    execution = make_execution(status="running")
    make_line(execution, 1, "out and fine", stream="stdout")
    make_line(execution, 2, "warned", level="WARNING")
    last = make_line(execution, 3, "broken", stream="stderr", level="ERROR")
    assert "out and fine" not in (errors := log_part(as_alice, execution, level="WARNING").text)
    assert "warned" in errors
    assert "broken" in errors
    assert f"?after={last.pk}&amp;stream=&amp;level=WARNING" in errors
    only = log_part(as_alice, execution, stream="stdout").text
    assert "out and fine" in only
    assert "broken" not in only
    assert "broken" in log_part(as_alice, execution, stream="smoke", level="LOUD", after="x").text


def test_a_line_without_end_is_cut_and_says_how_long_it_is(as_alice: Client) -> None:
    execution = make_execution(status="succeeded")
    make_line(execution, 1, "x" * 2_500)
    page = as_alice.get(page_of(execution)).text
    assert "x" * 2_000 + ' <span class="quiet">… (2500 characters)' in page
    assert "x" * 2_001 not in page


@pytest.mark.parametrize("part", ["live", "log"])
def test_the_parts_need_the_permission_of_the_page(client: Client, bob: User, part: str) -> None:
    url = reverse(f"admin:executions_jobexecution_{part}", args=[make_execution().pk])
    assert client.get(url).headers["HX-Refresh"] == "true"  # the page leads to the login
    let_look(bob, "view_jobdefinition")
    client.force_login(bob)
    assert client.get(url).status_code == 403


@pytest.mark.parametrize("part", ["live", "log"])
def test_the_parts_of_no_execution_are_not_found(as_alice: Client, part: str) -> None:
    url = reverse(f"admin:executions_jobexecution_{part}", args=[make_job().pk])
    assert as_alice.get(url).status_code == 404


@pytest.mark.parametrize("status", ExecutionStatus.values)
def test_what_is_over_can_be_run_again_and_the_rest_cancelled(
    as_alice: Client, status: str
) -> None:
    page = as_alice.get(page_of(make_execution(status=status))).text
    hidden = "cancel" if status in FINAL else "rerun"
    for name in ("cancel", "rerun"):
        tag = f'<li id="button-{name}" class="page-action"{" hidden" if name == hidden else ""}>'
        assert tag in page


def test_rerun_asks_with_the_parameters_it_had(as_alice: Client) -> None:
    execution = make_execution(status="failed", input={"region": "EU"})
    page = act(as_alice, EXECUTIONS, "rerun", execution, _from_page="1")
    assert "&quot;region&quot;: &quot;EU&quot;" in page.text
    assert not JobExecution.objects.filter(rerun_of=execution).exists()


def test_rerun_with_other_parameters_leads_to_the_new_execution(as_alice: Client) -> None:
    execution = make_execution(status="failed", input={"region": "EU"})
    more = {"_answered": "1", "parameter-parameters": '{"region": "US"}'}
    answer = act(as_alice, EXECUTIONS, "rerun", execution, **more)
    again = JobExecution.objects.get(rerun_of=execution)
    assert again.input == {"region": "US"}
    assert answer.redirect_chain == [(page_of(again), 302)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[]", "Give an object"),
        ("", "required"),
        (json.dumps({"text": "\x00"}), "NUL character"),
    ],
)
def test_rerun_with_parameters_that_cannot_be_says_so_and_keeps_them(
    as_alice: Client, text: str, said: str
) -> None:
    execution = make_execution(status="failed")
    more = {"_answered": "1", "parameter-parameters": text}
    page = act(as_alice, EXECUTIONS, "rerun", execution, **more)
    assert said in page.text
    assert not JobExecution.objects.filter(rerun_of=execution).exists()


def test_rerun_of_a_job_that_may_not_run_says_why(as_alice: Client) -> None:
    execution = make_execution(status="failed")
    set_job_status(actor=TESTER, job=execution.job, status=JobStatus.DISABLED)
    more = {"_answered": "1", "parameter-parameters": "{}"}
    page = act(as_alice, EXECUTIONS, "rerun", execution, **more)
    assert "is disabled; enable it first" in page.text
