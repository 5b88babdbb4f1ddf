"""The admin's first page: figures, trend, what runs, comes, fails, and what stands in the way."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from core.clock import database_now
from core.times import show_span
from executions.stats import dashboard_stats
from jobs.definitions import set_job_status
from jobs.models import JobStatus
from tests.factories import TESTER, make_execution, make_job, make_queue, make_schedule
from tests.integration.executions.admin_pages import let_look, make_worker, page_of

pytestmark = pytest.mark.django_db

INDEX, LIVE = reverse("admin:index"), reverse("dashboard-live")


def figures(client: Client) -> dict[str, Any]:
    return {figure.key: figure for figure in client.get(LIVE).context["figures"]}


def findings(client: Client) -> list[str]:
    return [finding.words for finding in client.get(LIVE).context["findings"]]


def a_bit_of_everything() -> None:
    """Two jobs, one of them disabled, and executions that succeed, fail, run, wait and are late."""
    now = database_now()
    job, disabled = make_job(expected_duration_seconds=5), make_job()
    set_job_status(actor=TESTER, job=disabled, status=JobStatus.DISABLED)
    for status in ("succeeded", "succeeded", "failed", "timed_out", "skipped"):
        make_execution(job, status=status, completed_at=now)
    make_execution(job, status="running")
    make_execution(job, due_at=now - timedelta(minutes=2))


def test_the_first_page_is_the_dashboard_and_fetches_itself_again(as_alice: Client) -> None:
    page = as_alice.get(INDEX).text
    assert f'hx-get="{LIVE}"' in page
    assert "every 5s [!document.hidden]" in page
    assert 'id="figure-total-jobs"' in page


def test_signing_in_leads_to_it_from_wherever_the_login_was_opened(
    client: Client, alice: User
) -> None:
    login = reverse("admin:login")
    said = {"username": "alice", "password": "a long enough password"}
    assert client.post(login, said).headers["Location"] == INDEX
    jobs = reverse("admin:jobs_jobdefinition_changelist")
    assert client.post(f"{login}?next={jobs}", said).headers["Location"] == jobs


def test_the_figures_are_the_contract_s(as_alice: Client) -> None:
    a_bit_of_everything()
    shown = {key: figure.value for key, figure in figures(as_alice).items()}
    assert shown == {
        "total-jobs": "2",
        "active-jobs": "1",
        "disabled-jobs": "1",
        "running": "1",
        "failed-today": "2",
        "succeeded-today": "2",
        "delayed-or-skipped": "2",
        "exceeding": "1",
        "average-time": show_span(dashboard_stats()["averageExecutionTimeSeconds"]),
        "success-rate": "50 %",
    }


@pytest.mark.parametrize(
    ("key", "count"),
    [
        ("total-jobs", 2),
        ("active-jobs", 1),
        ("disabled-jobs", 1),
        ("running", 1),
        ("failed-today", 2),
        ("succeeded-today", 2),
        ("delayed-or-skipped", 2),
        ("exceeding", 1),
        ("average-time", 4),
        ("success-rate", 4),
    ],
)
def test_each_figure_leads_to_the_rows_it_counts(as_alice: Client, key: str, count: int) -> None:
    a_bit_of_everything()
    make_execution(status="failed", completed_at=database_now() - timedelta(days=2))
    url = figures(as_alice)[key].url
    expected = count + 1 if key in ("total-jobs", "active-jobs") else count
    assert len(as_alice.get(url).context["cl"].result_list) == expected


def test_while_nothing_has_ended_there_is_neither_rate_nor_average(as_alice: Client) -> None:
    shown = figures(as_alice)
    assert (shown["average-time"].value, shown["success-rate"].value) == ("-", "-")


def test_the_trend_stacks_each_day_and_says_it_in_words(as_alice: Client) -> None:
    now = database_now()
    for status in ("succeeded", "succeeded", "failed", "timed_out"):
        make_execution(status=status, completed_at=now)
    make_execution(status="succeeded", completed_at=now - timedelta(days=6))
    answer = as_alice.get(LIVE)
    bars = answer.context["trend"].bars
    assert [bar.total for bar in bars] == [1, 0, 0, 0, 0, 0, 4]
    assert answer.context["trend"].top == 4
    assert [(part.look, part.height) for part in bars[-1].parts] == [
        ("good", 50.0),
        ("bad", 25.0),
        ("late", 25.0),
    ]
    assert "2 succeeded, 1 failed, 1 timed out" in answer.text
    assert len(as_alice.get(bars[-1].url).context["cl"].result_list) == 4


def test_a_week_without_executions_says_so(as_alice: Client) -> None:
    assert "Nothing has ended in these days." in as_alice.get(LIVE).text


def test_what_runs_shows_progress_and_whether_it_takes_too_long(as_alice: Client) -> None:
    job = make_job(name="Nightly report", expected_duration_seconds=5)
    running = make_execution(job, status="running", progress_fraction=0.25, attempt=2)
    page = as_alice.get(LIVE).text.partition('id="panel-running"')[2]
    assert f'href="{page_of(running)}" id="running-{running.pk}">Nightly report</a>' in page
    assert '<progress max="100" value="25"' in page
    assert "longer than expected" in page
    assert "attempt 2, on worker1@test" in page


def test_more_than_a_screenful_running_leads_to_the_list(as_alice: Client) -> None:
    for _ in range(9):
        make_execution(status="running")
    answer = as_alice.get(LIVE)
    assert len(answer.context["running"]) == 8
    assert "All that is running" in answer.text


def test_what_comes_counts_down(as_alice: Client) -> None:
    schedule = make_schedule(
        make_job(name="Nightly report"), next_fire_at=database_now() + timedelta(minutes=90)
    )
    page = as_alice.get(LIVE).text.partition('id="panel-upcoming"')[2]
    assert reverse("admin:jobs_jobschedule_change", args=[schedule.pk]) in page
    assert "in 1 h 30 min" in page


def test_what_fails_leads_to_its_failures(as_alice: Client) -> None:
    job = make_job(name="Nightly report")
    for status in ("failed", "timed_out"):
        make_execution(job, status=status)
    page = as_alice.get(LIVE).text.partition('id="panel-failing"')[2]
    assert f"?status=failures&amp;job={job.pk}" in page
    assert "2 failures" in page


def test_when_all_is_well_one_line_says_so(as_alice: Client) -> None:
    make_worker()
    make_worker("beat@test", kind="beat", queues=[])
    assert findings(as_alice) == ["All is well: 1 worker and 1 beat alive, 1 queue open."]


def test_what_hinders_work_is_said(as_alice: Client) -> None:
    silent_since = database_now() - timedelta(minutes=5)
    make_worker("w1@test", last_seen_at=silent_since)
    make_worker("w2@test", stopped_at=silent_since)
    make_worker("w3@test", last_seen_at=silent_since - timedelta(days=1))
    make_queue("paused", is_paused=True)
    make_execution(make_job(queue_id="paused"))
    make_execution(status="queued")
    assert findings(as_alice) == [
        "No beat is alive: nothing that comes due is started.",
        "No worker is alive: what is queued waits.",
        "No live worker serves queue default; 1 waiting.",
        "Worker w1@test has gone silent.",
        "Queue paused is paused; 1 waiting.",
    ]


def test_several_silent_processes_are_one_line(as_alice: Client) -> None:
    for name in ("w1@test", "w2@test", "w3@test"):
        make_worker(name, last_seen_at=database_now() - timedelta(minutes=5))
    assert "3 processes have gone silent." in findings(as_alice)
    assert not [line for line in findings(as_alice) if "w1@test" in line]


def test_flower_is_named_when_it_has_an_address(as_alice: Client, settings: Any) -> None:
    settings.FLOWER_URL = ""
    assert "Flower" not in as_alice.get(LIVE).text
    settings.FLOWER_URL = "http://flower.example"
    assert 'href="http://flower.example"' in as_alice.get(LIVE).text


@pytest.mark.parametrize(
    ("permissions", "parts"),
    [
        ([], set()),
        (["view_jobdefinition"], {"figure-total-jobs"}),
        (
            ["view_jobexecution"],
            {"figure-failed-today", "panel-trend", "panel-running", "panel-failing"},
        ),
        (["view_jobschedule"], {"panel-upcoming"}),
        (["view_queue", "view_worker"], {"panel-queues", "finding-1"}),
        (["view_queue"], set()),
    ],
)
def test_everybody_sees_what_they_may_see(
    client: Client, bob: User, permissions: list[str], parts: set[str]
) -> None:
    let_look(bob, *permissions)
    client.force_login(bob)
    all_parts = {
        *("figure-total-jobs", "figure-failed-today", "panel-trend", "panel-running"),
        *("panel-failing", "panel-upcoming", "panel-queues", "finding-1"),
    }
    for url in (INDEX, LIVE):
        page = client.get(url).text
        assert {part for part in all_parts if f'id="{part}"' in page} == parts


def test_who_is_signed_out_meanwhile_is_led_to_the_login(client: Client, bob: User) -> None:
    for _ in range(2):
        answer = client.get(LIVE)
        assert (answer.status_code, answer.headers["HX-Refresh"]) == (204, "true")
        client.force_login(bob)  # signed in, but nobody of the staff


def test_the_live_part_takes_few_statements_however_much_goes_on(
    as_alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_alice.get(LIVE)
    counts, execute = [], psycopg.Cursor.execute

    def count(self: Any, *args: Any, **kwargs: Any) -> Any:
        counts[-1] += 1
        return execute(self, *args, **kwargs)

    for number in range(2):
        a_bit_of_everything()
        make_schedule()
        make_worker(f"w{number}@test")
        counts.append(0)
        with monkeypatch.context() as patch:
            patch.setattr(psycopg.Cursor, "execute", count)
            as_alice.get(LIVE)
    assert counts[0] == counts[1] <= 14
