"""PostgreSQL ends, cleanly or not, while executions run and beat plans."""

from collections.abc import Iterator

import pytest

from tests.chaos.faults import durable_commits, own_servers_only, restart_database
from tests.chaos.promise import assert_kept
from tests.chaos.stage import RETRIED, ending_in, open_many, wait_until_called
from tests.factories import make_job, make_schedule
from tests.platform import Platform

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def _durable(transactional_db: None) -> Iterator[None]:
    with durable_commits():
        yield


@own_servers_only
@pytest.mark.usefixtures("_durable")
def test_a_database_that_ends_in_any_way_loses_nothing(platform: Platform) -> None:
    worker, beat = platform.start(concurrency=4)
    for _ in range(3):
        make_schedule(make_job(**RETRIED), **ending_in(10))

    for how in ("fast", "immediate", "kill9"):
        running = open_many(3, "sleep", job=RETRIED, seconds=1)
        wait_until_called(platform, *running)
        restart_database(how)

    assert_kept(platform)
    assert worker.is_running()
    assert beat.is_running()
