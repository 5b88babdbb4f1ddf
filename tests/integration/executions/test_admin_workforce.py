"""Workers and queues in the admin: who is there, what waits, who serves it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.clock import database_now
from executions.models import Worker
from jobs.models import Queue
from tests.factories import make_execution, make_job
from tests.integration.executions.admin_pages import QUEUES, WORKERS, act, make_worker, page_of

pytestmark = pytest.mark.django_db


def worker_page(worker: Worker) -> str:
    return reverse("admin:executions_worker_change", args=[worker.pk])


def queue_page(name: str) -> str:
    return reverse("admin:jobs_queue_change", args=[name])


@pytest.mark.parametrize(
    ("fields", "state"),
    [({}, "alive"), ({"last_seen_at": 40}, "silent for"), ({"stopped_at": 0}, "stopped")],
)
def test_a_worker_is_alive_silent_or_stopped(
    as_alice: Client, fields: dict[str, int], state: str
) -> None:
    moments = {name: database_now() - timedelta(seconds=age) for name, age in fields.items()}
    worker = make_worker(**moments)
    assert state in as_alice.get(WORKERS, {"presence": "all"}).text
    assert state in as_alice.get(worker_page(worker)).text


def test_workers_that_are_gone_are_out_of_sight_unless_asked_for(as_alice: Client) -> None:
    now = database_now()
    make_worker("here@test")
    make_worker("silent@test", last_seen_at=now - timedelta(minutes=59))
    make_worker("lost@test", last_seen_at=now - timedelta(minutes=61))
    make_worker("stopped@test", stopped_at=now)

    def names(**query: str) -> list[str]:
        rows = as_alice.get(WORKERS, query).context["cl"].result_list
        return [worker.name for worker in rows]

    assert names() == ["here@test", "silent@test"]
    assert names(presence="gone") == ["lost@test", "stopped@test"]
    assert len(names(presence="all")) == 4


def test_workers_show_what_they_run(as_alice: Client, settings: Any) -> None:
    settings.FLOWER_URL = "http://flower.example"
    worker = make_worker()
    running = make_execution(
        make_job(name="Nightly report"), status="running", worker="w@test", progress_fraction=0.5
    )
    make_execution(make_job(name="Elsewhere"), status="running", worker="other@test")
    for page in (as_alice.get(WORKERS).text, as_alice.get(worker_page(worker)).text):
        assert f'<a href="{page_of(running)}">Nightly report</a>' in page
        assert "Elsewhere</a>" not in page
    page = as_alice.get(worker_page(worker)).text
    assert "50 %" in page
    assert "http://flower.example/worker/w@test" in page


def test_a_busy_worker_names_three_and_counts_the_rest(as_alice: Client) -> None:
    make_worker()
    for _ in range(5):
        make_execution(status="running", worker="w@test")
    assert "and 2 more" in as_alice.get(WORKERS).text


def test_a_beat_runs_nothing(as_alice: Client) -> None:
    beat = make_worker("beat@test", kind="beat", queues=[], concurrency=0)
    assert "Running now" not in as_alice.get(worker_page(beat)).text


def test_the_list_of_workers_takes_the_same_queries_however_many_there_are(
    as_alice: Client,
) -> None:
    as_alice.get(WORKERS)
    counts = []
    for first in (0, 3):
        for number in range(first, first + 3):
            make_worker(f"w{number}@test")
            make_execution(status="running", worker=f"w{number}@test")
        with CaptureQueriesContext(connection) as queries:
            as_alice.get(WORKERS)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_queues_show_what_is_in_them_and_who_serves_them(as_alice: Client) -> None:
    make_worker(concurrency=4)
    Queue.objects.create(name="reports", max_concurrent_executions=3)
    for status in ("running", "queued", "queued"):
        make_execution(status=status)
    default, reports = as_alice.get(QUEUES).context["cl"].result_list
    assert (default.load.running, default.load.queued, default.load.slots) == (1, 2, 4)
    assert not reports.load.is_served
    page = as_alice.get(QUEUES).text
    assert "1 worker, 4 places" in page
    assert "nobody</span>" in page


def test_a_queue_s_page_warns_when_nobody_serves_it(as_alice: Client) -> None:
    Queue.objects.create(name="reports")
    make_execution(make_job(queue_id="reports"))
    page = as_alice.get(queue_page("reports")).text
    assert "No live worker serves this queue, and executions wait in it" in page
    assert "-Q reports" in page
    make_worker(queues=["default", "reports"])
    page = as_alice.get(queue_page("reports")).text
    assert "No live worker" not in page
    assert "w@test</a>, 2 places together" in page


def test_pausing_takes_back_what_no_worker_has_claimed(as_alice: Client) -> None:
    queued, running = make_execution(status="queued"), make_execution(status="running")
    default = Queue.objects.get(name="default")
    assert "is taken back and waits" in act(as_alice, QUEUES, "pause", default).text
    act(as_alice, QUEUES, "pause", default, _confirmed="1", reason="database moves")
    queued.refresh_from_db()
    running.refresh_from_db()
    assert (queued.status, running.status) == ("scheduled", "running")
    assert "paused" in as_alice.get(queue_page("default")).text
    act(as_alice, QUEUES, "resume", default)
    default.refresh_from_db()
    assert not default.is_paused


@pytest.mark.parametrize("view", ["change", "history"])
@pytest.mark.parametrize("model", ["jobs/queue/default", "executions/worker/w1@test"])
def test_a_name_that_none_can_have_has_no_page(as_alice: Client, model: str, view: str) -> None:
    answer = as_alice.get(f"/admin/{model}%00/{view}/")
    assert (answer.status_code, answer["Location"]) == (302, reverse("admin:index"))
