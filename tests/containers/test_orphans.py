"""Containers whose worker child is gone: the keeper, the next attempt and the sweep end them."""

import os
import signal
import time
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from executions.handlers.container.clearing import NameTaken, remove_earlier
from executions.handlers.container.kept import Keeper
from executions.handlers.container.naming import INSTANCE, labels_of, name_of
from executions.handlers.container.sweep import sweep
from executions.models import JobExecution
from executions.outcomes import Failed, Succeeded
from tests.containers.attempts import ContainerAttempt
from tests.containers.conftest import Start, keepers
from tests.docker_engine import IMAGE
from tests.factories import make_execution
from tests.platform import until


def left_by(docker: Any, attempt: ContainerAttempt, **labels: str) -> str:
    """Start a container as if the attempt had been killed in the middle; return its id."""
    container = docker.create_container(
        IMAGE,
        ["sleep", "600"],
        name=name_of(attempt.claim),
        labels=labels_of(attempt.claim) | labels,
        host_config=docker.create_host_config(network_mode="none"),
    )
    docker.start(container)
    return str(container["Id"])


def is_there(docker: Any, container: str) -> bool:
    return bool(docker.containers(all=True, filters={"id": container}))


@pytest.fixture
def orphan(docker: Any) -> str:
    return left_by(docker, ContainerAttempt("true"))


def in_an_hour() -> float:
    return time.monotonic() + 3600


def test_a_keeper_whose_worker_child_is_gone_removes_the_container(
    docker: Any, orphan: str
) -> None:
    keeper = Keeper(orphan, lease_ends_at=in_an_hour())

    keeper.end(is_gone=False)

    assert not is_there(docker, orphan)


def test_a_keeper_that_was_told_of_the_end_leaves_the_engine_alone(
    docker: Any, orphan: str
) -> None:
    keeper = Keeper(orphan, lease_ends_at=in_an_hour())

    keeper.end(is_gone=True)

    assert keepers() == []
    assert is_there(docker, orphan)
    docker.remove_container(orphan, force=True)


def test_a_keeper_that_hears_of_no_renewal_removes_the_container(docker: Any, orphan: str) -> None:
    began = time.monotonic()
    keeper = Keeper(orphan, lease_ends_at=began)
    keeper.tell(f"lease {began + 1.5}")

    until(lambda: not is_there(docker, orphan), what="the keeper removes it")
    assert time.monotonic() - began > 1.5
    keeper.end(is_gone=True)


def test_a_keeper_outlives_what_ends_its_worker(docker: Any, orphan: str) -> None:
    keeper = Keeper(orphan, lease_ends_at=in_an_hour())
    (process,) = keepers()
    until(lambda: ignores(process.pid, signal.SIGTERM), what="the keeper has begun")

    assert os.getsid(process.pid) == process.pid
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        process.send_signal(number)

    assert process.is_running()
    keeper.end(is_gone=False)
    assert not is_there(docker, orphan)


def ignores(pid: int, number: signal.Signals) -> bool:
    with open(f"/proc/{pid}/status") as status:
        told = dict(line.split(":\t", 1) for line in status)
    return bool(int(told["SigIgn"], 16) >> (number - 1) & 1)


def test_the_next_attempt_removes_what_an_earlier_one_left_before_it_begins(
    docker: Any, start: Start
) -> None:
    earlier = left_by(docker, ContainerAttempt("true", fence=1))
    attempt = start("echo ran", fence=3)

    assert attempt.run() == Succeeded(None)
    assert not is_there(docker, earlier)
    assert attempt.said() == ["A container that an earlier attempt had left was removed.", "ran"]


def test_an_attempt_that_is_out_of_date_does_not_touch_the_later_ones_container(
    docker: Any, start: Start
) -> None:
    later = left_by(docker, ContainerAttempt("true", fence=5))

    outcome = start("echo ran", fence=3).run()

    assert outcome == Failed(
        "EarlierContainerLeft",
        "A later attempt of this execution runs already; this one is out of date.",
    )
    assert docker.inspect_container(later)["State"]["Running"]
    docker.remove_container(later, force=True)


def test_a_container_of_the_same_name_that_is_not_ours_is_not_removed(docker: Any) -> None:
    attempt = ContainerAttempt("true")
    strange = left_by(docker, attempt, **{INSTANCE: "PROD-of-somebody-else"})

    with pytest.raises(NameTaken, match="is not this platform's"):
        remove_earlier(attempt.claim)

    assert is_there(docker, strange)
    docker.remove_container(strange, force=True)


def test_the_sweep_removes_what_no_running_attempt_owns_and_nothing_else(docker: Any) -> None:
    running = make_execution(status="running", fence=3)
    rescued = make_execution(status="retrying", fence=4)
    ended = make_execution(status="succeeded", fence=3)
    of_running = left_by(docker, attempt_of(running, fence=3))
    orphans = {
        left_by(docker, attempt_of(rescued, fence=3)): rescued.pk,
        left_by(docker, attempt_of(ended, fence=3)): ended.pk,
        left_by(docker, ContainerAttempt("true")): ContainerAttempt("true").claim.execution_id,
    }
    of_others = left_by(docker, attempt_of(None), **{INSTANCE: "PROD-of-somebody-else"})

    assert set(sweep()) == set(orphans.values())

    left = {container["Id"] for container in docker.containers(all=True)}
    assert left == {of_running, of_others}
    JobExecution.objects.filter(pk=running.pk).update(fence=4)
    assert sweep() == [running.pk]
    docker.remove_container(of_others, force=True)


def attempt_of(execution: JobExecution | None, *, fence: int = 1) -> ContainerAttempt:
    """Return an attempt of this execution, or of one that there is not."""
    attempt = ContainerAttempt("true", fence=fence)
    identifier = uuid4() if execution is None else execution.pk
    attempt.claim = replace(attempt.claim, execution_id=identifier)
    return attempt
