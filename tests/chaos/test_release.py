"""A worker is killed while the end of an execution releases what comes after it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import psutil
import pytest
from django.db import transaction

from executions.models import JobExecution, RunEdge
from executions.services import trigger
from tests.chaos.promise import assert_kept
from tests.chaos.stage import (
    RETRIED,
    calls,
    moves,
    reasons,
    somebody_waits_for_a_lock,
    wait_for,
)
from tests.factories import TESTER, make_job
from tests.graphs import depend, make_graph, nodes, states
from tests.platform import Platform, is_gone, until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

DIAMOND = (("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"))


@pytest.mark.parametrize("is_child", [False, True], ids=["worker", "child"])
def test_what_is_killed_between_its_end_and_its_commit_is_repeated_as_a_whole(
    platform: Platform, is_child: bool
) -> None:
    jobs = make_graph(*DIAMOND, execution_type_name="tests.noop", **RETRIED)
    # With something to skip, the release is more than one statement.
    depend(make_job(name="x-1"), jobs["a"], condition="failure")
    worker = platform.start_worker(concurrency=1)
    root = trigger(actor=TESTER, job=jobs["a"])

    with held(nodes(root)["b"]):
        platform.start_beat()
        until(lambda: somebody_waits_for_a_lock("worker"), within=60, what="it releases b")
        (child,) = worker.children()
        psutil.Process(child.pid if is_child else worker.pid).send_signal(signal.SIGKILL)
        until(lambda: is_gone(child), what="the child has ended")
        assert states(root)["a"] == "running"

    if not is_child:
        platform.start_worker()
    assert_kept(platform)
    assert states(root) == {**dict.fromkeys("abcd", "succeeded"), "x": "skipped"}
    wait_for("succeeded", root, attempt=2)
    assert reasons(root) == ["worker_lost"]
    assert_each_released_once(root)
    assert [len(calls(platform, nodes(root)[name])) for name in "abcd"] == [2, 1, 1, 1]


def test_an_end_that_releases_in_its_own_statement_is_recorded_once_whoever_is_killed(
    platform: Platform,
) -> None:
    jobs = make_graph(*DIAMOND, execution_type_name="tests.noop", **RETRIED)
    worker = platform.start_worker(concurrency=1)
    root = trigger(actor=TESTER, job=jobs["a"])

    with held(nodes(root)["b"]):
        platform.start_beat()
        until(lambda: somebody_waits_for_a_lock("worker"), within=60, what="it releases b")
        (child,) = worker.children()
        psutil.Process(child.pid).send_signal(signal.SIGKILL)
        until(lambda: is_gone(child), what="the child has ended")

    assert_kept(platform)
    assert set(states(root).values()) == {"succeeded"}
    assert_each_released_once(root)


def test_a_run_ends_whole_however_often_workers_are_killed_in_it(platform: Platform) -> None:
    layers = [[f"n{layer}{number}" for number in range(4)] for layer in range(4)]
    edges = [(one, two) for upper, lower in pairwise(layers) for one in upper for two in lower]
    edges += [("root", one) for one in layers[0]]
    patient = {**RETRIED, "max_retries": 10}
    jobs = make_graph(*edges, execution_type_name="tests.noop", **patient)
    worker, _ = platform.start(concurrency=3)
    root = trigger(actor=TESTER, job=jobs["root"])

    for layer in layers[:3]:
        until(lambda layer=layer: any_succeeded(root, layer), within=60, what=f"one of {layer}")
        worker.send(signal.SIGKILL)
        worker.wait()
        worker = platform.start_worker(concurrency=3)

    assert_kept(platform, within=90)
    assert set(states(root).values()) == {"succeeded"}
    assert JobExecution.objects.count() == len(jobs)
    assert_each_released_once(root)


@contextmanager
def held(execution: JobExecution) -> Iterator[None]:
    """Hold the row of an execution: who would release it waits, with its own end written."""
    with transaction.atomic():
        JobExecution.objects.select_for_update().get(pk=execution.pk)
        yield


def any_succeeded(root: JobExecution, names: list[str]) -> bool:
    found = states(root)
    return any(found[name] == "succeeded" for name in names)


def assert_each_released_once(root: JobExecution) -> None:
    """Each waited, was let go by one move, and began when all that it waited for had ended."""
    for row in nodes(root).values():
        if row.pk == root.pk or row.status == "skipped":
            continue
        released = [move for move in moves(row) if move.from_status == "waiting"]
        assert [move.to_status for move in released] == ["scheduled"]
        assert row.open_edges == 0
        for edge in RunEdge.objects.filter(execution=row).select_related("upstream_execution"):
            assert edge.state == "met"
            assert edge.upstream_execution is not None
            assert row.started_at > edge.upstream_execution.completed_at
