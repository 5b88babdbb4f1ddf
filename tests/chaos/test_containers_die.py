"""Whoever of a container's attempt is killed or frozen: no container is left, and one outcome."""

import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import psutil
import pytest

from executions.models import JobExecution
from executions.services import cancel, trigger
from tests.chaos.promise import assert_kept
from tests.chaos.stage import RETRIED, moves, reasons, reload, wait_for
from tests.docker_engine import IMAGE, DockerEngine, docker_engine
from tests.factories import TESTER, make_job
from tests.platform import Platform, is_gone, until

__all__ = ["docker_engine"]

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

ONCE = (
    'sh -c \'test "$SCHEDULER_ATTEMPT" != 1 || exec sleep 600;'
    ' echo "\\"done\\"" > "$SCHEDULER_OUTPUT_FILE"\''
)
DEAF = "sh -c 'trap : TERM; while :; do sleep 0.1; done'"


@pytest.fixture
def docker(docker_engine: DockerEngine, platform: Platform) -> Iterator[Any]:
    """A client of the engine that the workers use; in the end nothing may be left there."""
    platform.environment |= {
        "SCHEDULER_ALLOWED_IMAGES": IMAGE,
        "SCHEDULER_DOCKER_HOST": docker_engine.host,
    }
    client = docker_engine.client
    began = time.time()
    yield client
    platform.end()
    left = client.containers(all=True)
    for container in left:
        client.remove_container(container["Id"], force=True, v=True)
    assert_never_two_at_once(client, since=began)
    client.close()
    assert left == []


def assert_never_two_at_once(client: Any, *, since: float) -> None:
    """Check by what the engine has seen that an execution's containers ran one after another."""
    seen = defaultdict(list)
    for event in client.events(
        since=int(since), until=int(time.time()) + 1, decode=True, filters={"type": "container"}
    ):
        if event["Action"] in ("start", "die"):
            execution = event["Actor"]["Attributes"]["scheduler.execution"]
            seen[execution].append((event["timeNano"], event["Action"]))
    assert seen
    for events in seen.values():
        expected = cycle(["start", "die"])
        assert all(action == next(expected) for _, action in sorted(events)), events


def open_container(command: str, **job: Any) -> JobExecution:
    """Ask for one run of a new job that is a container."""
    fields = {"execution_mode": "container", "execution_type_name": "", "container_image": IMAGE}
    definition = make_job(**fields, execution_command=command, **job)
    return trigger(actor=TESTER, job=definition, parameters={})


def containers_of(docker: Any, execution: JobExecution) -> list[str]:
    """Return the containers of an execution that run."""
    found = docker.containers(filters={"label": f"scheduler.execution={execution.pk}"})
    return [container["Id"] for container in found]


def wait_until_they_run(docker: Any, *executions: JobExecution) -> None:
    """Wait until a container of each runs, and reload them."""
    until(lambda: all(containers_of(docker, e) for e in executions), within=60, what="all run")
    reload(*executions)


def errors(execution: JobExecution) -> list[str | None]:
    """Return the kinds of errors of its attempts, oldest first."""
    return [move.data.get("error_type") for move in moves(execution, "retrying")]


def keeper_of(execution: JobExecution) -> psutil.Process:
    children = psutil.Process(execution.worker_pid).children()
    (keeper,) = [child for child in children if "keeper.py" in " ".join(child.cmdline())]
    return keeper


def wait_until_removed(docker: Any, *executions: JobExecution, within: float = 20.0) -> None:
    until(
        lambda: not any(containers_of(docker, execution) for execution in executions),
        within=within,
        what="no container is left",
    )


def test_a_killed_child_leaves_no_container_and_one_outcome_with_its_keeper_or_without(
    platform: Platform, docker: Any
) -> None:
    platform.start(concurrency=3)
    executions = [open_container(ONCE, **RETRIED) for _ in range(3)]
    wait_until_they_run(docker, *executions)
    of_child, of_both, of_frozen = executions
    keepers = [keeper_of(execution) for execution in executions]
    (orphan,) = containers_of(docker, of_both)

    keepers[1].kill()
    for execution in (of_child, of_both):
        psutil.Process(execution.worker_pid).kill()
    psutil.Process(of_frozen.worker_pid).send_signal(signal.SIGSTOP)

    wait_until_removed(docker, of_child, within=3)  # long before its lease is over
    assert docker.inspect_container(orphan)["State"]["Running"]
    wait_for("succeeded", *executions, attempt=2)
    psutil.Process(of_frozen.worker_pid).send_signal(signal.SIGCONT)
    assert_kept(platform)
    assert [reasons(execution) for execution in executions] == [["worker_lost"]] * 3
    assert [execution.output for execution in executions] == ["done"] * 3
    until(lambda: all(map(is_gone, keepers)), what="the keepers have ended")


def test_what_a_killed_worker_left_is_removed_by_its_keepers_or_swept_by_another_worker(
    platform: Platform, docker: Any
) -> None:
    doomed, _ = platform.start(concurrency=2)
    kept, orphaned = open_container(ONCE, **RETRIED), open_container(ONCE, max_retries=0)
    wait_until_they_run(docker, kept, orphaned)

    keeper_of(orphaned).kill()
    doomed.send(signal.SIGKILL)
    doomed.wait()

    wait_until_removed(docker, kept, within=3)  # long before its lease is over
    assert containers_of(docker, orphaned)
    platform.start_worker(concurrency=2)
    wait_until_removed(docker, orphaned)
    assert_kept(platform)
    reload(kept, orphaned)
    assert (kept.status, orphaned.status) == ("succeeded", "failed")
    assert orphaned.error_type == "WorkerLost"


def test_a_cancel_a_timeout_and_a_drain_end_the_container(platform: Platform, docker: Any) -> None:
    worker, _ = platform.start(concurrency=4)
    polite = open_container("sh -c 'trap \"exit 0\" TERM; while :; do sleep 0.1; done'")
    at_once = open_container(DEAF, **RETRIED)
    drained = open_container(ONCE, **RETRIED)
    wait_until_they_run(docker, polite, at_once, drained)
    timed = open_container(DEAF, timeout_seconds=3)
    wait_until_they_run(docker, timed)

    cancel(actor=TESTER, execution=polite)
    cancel(actor=TESTER, execution=at_once)
    JobExecution.objects.filter(pk=at_once.pk).update(cancel_at_once=True)

    wait_for("cancelled", polite, at_once)
    wait_for("timed_out", timed)
    wait_until_removed(docker, timed, polite, at_once, within=5)
    worker.send(signal.SIGTERM)
    worker.wait()
    wait_until_removed(docker, drained, within=5)
    reload(drained)
    assert reasons(drained) == ["drain"]
    cancel(actor=TESTER, execution=drained)
    assert_kept(platform)


def test_an_engine_that_restarts_fails_attempts_and_the_next_ones_succeed(
    platform: Platform, docker: Any, docker_engine: DockerEngine
) -> None:
    platform.start(concurrency=1)
    execution = open_container(ONCE, **RETRIED | {"max_retries": 10})
    wait_until_they_run(docker, execution)

    docker_engine.stop()
    until(lambda: "DockerUnreachable" in errors(execution), what="an attempt finds no engine")
    docker_engine.start()

    wait_for("succeeded", execution)
    assert_kept(platform)
