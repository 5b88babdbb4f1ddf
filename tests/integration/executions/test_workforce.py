"""Who is there, who was there, and what each worker is carrying out."""

from datetime import timedelta
from typing import Any

import pytest

from core.clock import database_now
from executions.models import Worker
from executions.workforce import list_workers
from tests.factories import make_execution, make_job

pytestmark = pytest.mark.django_db


def make_process(name: str, *, seen_ago: float = 0, **fields: Any) -> Worker:
    seen = database_now() - timedelta(seconds=seen_ago)
    values = {"kind": "worker", "hostname": "h", "pid": 1, "started_at": seen, "last_seen_at": seen}
    return Worker.objects.create(name=name, **{**values, **fields})


def names(**kw: Any) -> list[str]:
    return [load.worker.name for load in list_workers(**kw)]


def test_the_live_are_listed_workers_first_by_name() -> None:
    make_process("a-beat", kind="beat")
    make_process("w2")
    make_process("w1")

    assert names() == ["w1", "w2", "a-beat"]
    assert all(load.is_alive for load in list_workers())


@pytest.mark.parametrize(("seen_ago", "is_alive"), [(29, True), (30, True), (31, False)])
def test_a_process_is_alive_for_three_heartbeats(seen_ago: float, is_alive: bool) -> None:
    make_process("w", seen_ago=seen_ago)

    assert names() == (["w"] if is_alive else [])
    assert [load.is_alive for load in list_workers(include_gone=True)] == [is_alive]


def test_those_gone_follow_when_asked_for_the_latest_first() -> None:
    now = database_now()
    make_process("silent", seen_ago=100)
    make_process("stopped", seen_ago=50, stopped_at=now)
    make_process("w")

    assert names() == ["w"]
    assert names(include_gone=True) == ["w", "stopped", "silent"]


def test_each_has_what_it_runs_the_oldest_first() -> None:
    now, job = database_now(), make_job()
    make_process("w1")
    make_process("w2")
    newer, older = (
        make_execution(job, status="running", worker="w1", started_at=now - timedelta(seconds=age))
        for age in (5, 9)
    )
    make_execution(job, status="succeeded", worker="w1")
    make_execution(job, status="queued")
    make_execution(job, status="running", worker="somebody else")

    first, second = list_workers()
    assert (first.running, second.running) == ([older, newer], [])


def test_the_number_of_queries_does_not_grow_with_what_runs(django_assert_num_queries: Any) -> None:
    for number in range(3):
        make_process(f"w{number}")
        make_execution(status="running", worker=f"w{number}")

    with django_assert_num_queries(3):
        assert all(load.running[0].job.name for load in list_workers())
