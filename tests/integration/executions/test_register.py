"""What processes say of themselves."""

import os
import socket
from datetime import timedelta

import pytest

from core.clock import database_now
from executions.models import Worker
from executions.register import report

pytestmark = pytest.mark.django_db


def test_a_process_reports_who_and_where_it_is() -> None:
    now = database_now()

    report(name="worker1@h", kind="worker", queues=["default", "slow"], concurrency=4)

    worker = Worker.objects.get()
    assert (worker.name, worker.kind) == ("worker1@h", "worker")
    assert (worker.hostname, worker.pid) == (socket.gethostname(), os.getpid())
    assert (worker.queues, worker.concurrency) == (["default", "slow"], 4)
    assert (worker.started_at, worker.last_seen_at, worker.stopped_at) == (now, now, None)


def test_a_beat_has_neither_queues_nor_slots() -> None:
    report(name="beat@h", kind="beat")

    worker = Worker.objects.get()
    assert (worker.kind, worker.queues, worker.concurrency) == ("beat", [], 0)


def test_each_report_moves_last_seen_and_keeps_the_start() -> None:
    now = database_now()
    report(name="w", kind="worker", concurrency=4)
    Worker.objects.update(
        started_at=now - timedelta(hours=1), last_seen_at=now - timedelta(hours=1)
    )

    report(name="w", kind="worker", queues=["slow"], concurrency=2)

    worker = Worker.objects.get()
    assert (worker.started_at, worker.last_seen_at) == (now - timedelta(hours=1), now)
    assert (worker.queues, worker.concurrency) == (["slow"], 2)


@pytest.mark.parametrize("changed", [{"pid": 1}, {"hostname": "elsewhere"}], ids=["pid", "host"])
def test_another_process_of_the_same_name_has_started_anew(changed: dict[str, object]) -> None:
    now = database_now()
    report(name="w", kind="worker")
    Worker.objects.update(started_at=now - timedelta(hours=1), **changed)

    report(name="w", kind="worker")

    worker = Worker.objects.get()
    assert (worker.started_at, worker.pid) == (now, os.getpid())


def test_a_process_that_goes_says_so_and_is_back_with_its_next_report() -> None:
    now = database_now()
    report(name="w", kind="worker", is_stopping=True)
    assert not Worker.objects.alive(now - timedelta(seconds=30)).exists()
    assert Worker.objects.get().stopped_at == now

    report(name="w", kind="worker")

    assert Worker.objects.alive(now - timedelta(seconds=30)).exists()


@pytest.mark.parametrize(("ago", "is_alive"), [(29, True), (30, True), (31, False)])
def test_who_has_not_been_seen_for_long_is_not_alive(ago: int, is_alive: bool) -> None:
    now = database_now()
    report(name="w", kind="worker")
    Worker.objects.update(last_seen_at=now - timedelta(seconds=ago))

    assert Worker.objects.alive(now - timedelta(seconds=30)).exists() is is_alive
