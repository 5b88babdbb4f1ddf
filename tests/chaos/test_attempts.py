"""What can be read of attempts, while they run and afterwards."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from executions.models import JobExecution
from tests.chaos.promise import assert_kept, tell
from tests.chaos.stage import RETRIED, moves, open_one, reasons, reload, wait_for
from tests.platform import Platform, until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]


def test_attempts_progress_and_log_can_be_followed(platform: Platform) -> None:
    platform.start(concurrency=4, SCHEDULER_LOG_LINES_PER_ATTEMPT="30")
    failing = open_one("fail", times=2, message="not yet", job=RETRIED)
    later = open_one("decide", what="later", job=RETRIED)
    skipping = open_one("decide", what="skip")
    talking = open_one("talk", lines=3)
    shouting = open_one("talk", lines=50)

    follow_while_it_runs(talking)
    until(lambda: log_of(shouting)[30:], what="the log is cut")
    (platform.evidence / "go").touch()
    assert_kept(platform)

    wait_for("succeeded", talking, shouting, failing, later)
    assert talking.progress_fraction == 1.0
    assert len(log_of(shouting)) == 31
    assert log_of(shouting)[30][:2] == ("platform", "WARNING")
    assert_told_each_failure(failing)
    assert (later.attempt, reasons(later)) == (2, ["retry_later"])
    reload(skipping)
    assert (skipping.status, skipping.reason) == ("skipped", "handler")


def follow_while_it_runs(talking: JobExecution) -> None:
    """Wait until progress and all lines can be read, and check that the handler still runs."""
    until(lambda: len(log_of(talking)) == 9, what="all lines are there")
    reload(talking)
    assert talking.status == "running"
    assert (talking.progress_fraction, talking.progress_message) == (0.5, "half")
    assert log_of(talking)[:3] == [
        ("log", "INFO", "logged 0"),
        ("stdout", "INFO", "printed 0"),
        ("stderr", "ERROR", "complained 0"),
    ]


def log_of(execution: JobExecution) -> list[tuple[str, str, str]]:
    lines = execution.log_lines.order_by("attempt", "sequence")
    return list(lines.values_list("stream", "level", "message"))


def assert_told_each_failure(failing: JobExecution) -> None:
    """Two failures, each with its error and the next attempt's time; the third attempt succeeds."""
    assert (failing.attempt, failing.output) == (3, "attempt 3")
    assert failing.error_type is None
    retries = moves(failing, "retrying")
    assert [move.data["error"] for move in retries] == ["not yet"] * 2
    assert [move.data["error_type"] for move in retries] == ["ValueError"] * 2
    # Linear: one base delay after the first attempt, two after the second.
    for (failed, claimed), retry, least in zip(
        pairwise(moves(failing, "running")), retries, (1, 2), strict=True
    ):
        due_at = datetime.fromisoformat(retry.data["due_at"])
        assert due_at - failed.at >= timedelta(seconds=least), tell(moves(failing))
        assert claimed.at >= due_at, tell(moves(failing))
