"""``manage.py drain``."""

import pytest

from core.clock import database_now
from executions.models import Worker
from tests.integration.executions.calling import read, refuse, rows, run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _worker() -> None:
    now = database_now()
    Worker.objects.create(
        name="w@test", kind="worker", hostname="h", pid=1, started_at=now, last_seen_at=now
    )


def test_a_worker_drains_says_so_and_takes_work_again() -> None:
    assert run("drain", "w@test", "--within", "60")[0].startswith(
        "Worker w@test takes no more work. What it still runs at 2"
    )
    assert rows("workers")[1][2] == "drained"
    assert run("drain", "w@test", "--undo")[0] == "Worker w@test takes work again.\n"
    assert rows("workers")[1][2] == "alive"


def test_asking_again_moves_the_deadline_and_json_shows_the_worker() -> None:
    first = read("drain", "w@test", "--within", "60")
    second = read("drain", "w@test", "--within", "600")
    assert first["drainRequestedAtUtc"] == second["drainRequestedAtUtc"]
    assert first["drainUntilUtc"] < second["drainUntilUtc"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("x@test",), "There is no worker 'x@test'. `manage.py workers` lists them."),
        (("w@test", "--undo"), "Worker w@test is not draining."),
        (("w@test", "--within", "-1"), "within: Give seconds from 0 to 86400."),
        (("w@test", "--within", "nan"), "within: Give seconds from 0 to 86400."),
    ],
)
def test_what_cannot_be_is_refused(arguments: tuple[str, ...], words: str) -> None:
    assert str(refuse("drain", *arguments)) == words
