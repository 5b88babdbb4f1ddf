"""What executions add to the pages of jobs: Run now, and how it went lately."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.clock import database_now
from executions.circuits import breaker_of
from executions.models import Circuit, JobExecution
from jobs.models import JobDefinition
from tests.factories import make_execution, make_job
from tests.integration.executions.admin_pages import JOBS, act, job_page, let_look, page_of

pytestmark = pytest.mark.django_db

SCHEMA = {
    "type": "object",
    "required": ["region"],
    "properties": {
        "region": {"type": "string", "enum": ["EU", "US"]},
        "limit": {"type": "integer", "minimum": 1, "default": 10},
    },
}


def run(client: Client, job: JobDefinition, **fields: str) -> Any:
    parameters = {f"parameter-{name}": value for name, value in fields.items()}
    return act(client, JOBS, "run_now", job, _answered="1", **parameters)


def test_run_now_asks_for_what_the_schema_names(as_alice: Client) -> None:
    job = make_job(parameter_schema=SCHEMA)
    page = act(as_alice, JOBS, "run_now", job, _from_page="1").text
    assert '<option value="&quot;EU&quot;">EU</option>' in page
    assert 'name="parameter-limit" value="10"' in page
    assert not JobExecution.objects.exists()


def test_run_now_passes_the_parameters_on_and_leads_to_the_execution(as_alice: Client) -> None:
    job = make_job(parameter_schema=SCHEMA)
    answer = run(as_alice, job, region='"EU"', limit="5")
    execution = JobExecution.objects.get()
    assert (execution.job, execution.triggered_by) == (job, "alice")
    assert execution.input == {"region": "EU", "limit": 5}
    assert answer.redirect_chain == [(page_of(execution), 302)]


def test_run_now_says_which_parameter_is_not_allowed(as_alice: Client) -> None:
    job = make_job(parameter_schema=SCHEMA)
    page = run(as_alice, job, region='"EU"', limit="0").text
    assert "greater than or equal to 1" in page
    assert 'name="parameter-limit" value="0"' in page
    assert not JobExecution.objects.exists()


def test_run_now_without_a_schema_takes_json(as_alice: Client) -> None:
    job = make_job()
    assert ">{}</textarea>" in act(as_alice, JOBS, "run_now", job, _from_page="1").text
    run(as_alice, job, parameters='{"region": "EU"}')
    assert JobExecution.objects.get().input == {"region": "EU"}


def test_several_run_without_parameters_once_that_is_confirmed(as_alice: Client) -> None:
    first, second = make_job(), make_job()
    assert "each without parameters" in act(as_alice, JOBS, "run_now", first, second).text
    assert not JobExecution.objects.exists()
    answer = act(as_alice, JOBS, "run_now", first, second, _confirmed="1")
    executions = JobExecution.objects.all()
    assert {(execution.job, str(execution.input)) for execution in executions} == {
        (first, "{}"),
        (second, "{}"),
    }
    assert all(page_of(execution) in answer.text for execution in executions)


def test_run_now_of_a_job_that_may_not_be_triggered_says_why(as_alice: Client) -> None:
    job = make_job(allow_manual_trigger=False)
    assert 'value="run_now"' not in as_alice.get(job_page(job)).text
    assert "may not be triggered by hand" in run(as_alice, job, parameters="{}").text
    answer = act(as_alice, JOBS, "run_now", job, _confirmed="1")
    assert "may not be triggered by hand" in answer.text
    assert not JobExecution.objects.exists()


def test_run_now_needs_its_own_permission(client: Client, bob: User) -> None:
    let_look(bob, "view_jobdefinition", "view_jobexecution")
    client.force_login(bob)
    job = make_job()
    assert 'value="run_now"' not in client.get(job_page(job)).text
    assert run(client, job, parameters="{}").status_code == 403
    assert not JobExecution.objects.exists()


def test_who_may_run_but_not_look_comes_back_to_the_job(client: Client, bob: User) -> None:
    let_look(bob, "view_jobdefinition", "add_jobexecution")
    client.force_login(bob)
    job = make_job()
    answer = run(client, job, parameters="{}")
    assert JobExecution.objects.count() == 1
    assert answer.redirect_chain == [(job_page(job), 302)]
    assert answer.status_code == 200


def test_run_now_of_a_job_that_is_gone_says_so(as_alice: Client) -> None:
    job = make_job()
    JobDefinition.objects.filter(pk=job.pk).update(status="archived")
    assert "not there any more" in run(as_alice, job, parameters="{}").text


def test_a_list_shows_how_each_job_went_lately(as_alice: Client) -> None:
    job = make_job()
    for _ in range(10):
        make_execution(job, status="succeeded")
    last = make_execution(job, status="failed")
    page = as_alice.get(JOBS).text
    assert f'<a href="{page_of(last)}">' in page
    words = ", ".join(["succeeded"] * 9 + ["failed"])
    assert f'aria-label="Newest last: {words}"' in page


def test_a_list_takes_the_same_queries_however_many_jobs_it_has(as_alice: Client) -> None:
    as_alice.get(JOBS)
    counts = []
    for _ in range(2):
        for _ in range(3):
            make_execution(status="failed")
        with CaptureQueriesContext(connection) as queries:
            as_alice.get(JOBS)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_page_shows_the_last_50_executions_and_how_many_of_them_went_well(
    as_alice: Client,
) -> None:
    job = make_job()
    oldest = make_execution(job, status="failed")
    for number in range(49):
        make_execution(job, status="succeeded" if number % 2 else "failed")
    last = make_execution(job, status="skipped", started_at=None)
    page = as_alice.get(job_page(job)).text
    assert page_of(oldest) not in page
    assert f'href="{page_of(last)}" title="Skipped, ' in page
    assert "49 % of the last 49 succeeded" in page


def test_the_longer_an_execution_took_the_higher_is_its_bar(as_alice: Client) -> None:
    job, now = make_job(), database_now()
    for seconds in (100, 25, 0):
        started = now - timedelta(seconds=seconds)
        make_execution(job, status="succeeded", started_at=started, completed_at=now)
    page = as_alice.get(job_page(job)).text
    heights = re.findall(r'class="strip-bar strip-good" style="height: ([0-9.]+)%"', page)
    assert heights == ["100.0", "50.0", "12.0"]


def test_a_job_that_never_ran_says_so(as_alice: Client) -> None:
    assert "It has never run." in as_alice.get(job_page(make_job())).text


def test_who_may_not_see_executions_sees_the_job_without_them(client: Client, bob: User) -> None:
    let_look(bob, "view_jobdefinition")
    client.force_login(bob)
    execution = make_execution(status="failed")
    assert page_of(execution) not in client.get(job_page(execution.job)).text


# --- The circuit breaker


def test_a_page_shows_an_open_breaker_with_its_reason_and_closes_it(as_alice: Client) -> None:
    job = make_job()
    assert "Open breaker" in (page := as_alice.get(job_page(job)).text)
    assert "breaker open" not in page
    act(as_alice, JOBS, "open_breaker", job, _confirmed="1", reason="flood", _from_page="1")

    page = as_alice.get(job_page(job)).text
    assert "breaker open" in page
    assert "flood until somebody closes it" in page
    assert "Open breaker" not in page
    act(as_alice, JOBS, "close_breaker", job, _from_page="1")
    assert breaker_of(job).is_closed


def test_a_page_says_until_when_a_breaker_is_open_and_that_it_is_half_open(
    as_alice: Client,
) -> None:
    job, now = make_job(), database_now()
    circuit = Circuit.objects.create(
        job=job,
        opened_at=now,
        opened_by="platform",
        reason="Its last 3 executions failed.",
        half_open_at=now + timedelta(minutes=5),
    )
    assert "Its last 3 executions failed. until" in as_alice.get(job_page(job)).text

    circuit.state = "half_open"
    circuit.save()
    assert "breaker half open" in as_alice.get(job_page(job)).text


def test_opening_a_breaker_asks_for_the_reason(as_alice: Client) -> None:
    job = make_job()
    assert "Slots are skipped" in act(as_alice, JOBS, "open_breaker", job, _from_page="1").text
    page = act(as_alice, JOBS, "open_breaker", job, _confirmed="1", reason="", _from_page="1")
    assert "Say why" in page.text
    assert breaker_of(job).is_closed


def test_who_may_only_look_moves_no_breaker(client: Client, bob: User) -> None:
    job = make_job()
    let_look(bob, "view_jobdefinition")
    client.force_login(bob)
    assert "Open breaker" not in client.get(job_page(job)).text
    act(client, JOBS, "open_breaker", job, _confirmed="1", reason="flood", _from_page="1")
    assert breaker_of(job).is_closed
