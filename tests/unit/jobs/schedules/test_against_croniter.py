"""Rules against croniter, on what both mean alike (``peers`` says what that leaves out)."""

from datetime import UTC, datetime, timedelta

import pytest
from croniter import CroniterBadDateError, croniter

from tests.unit.jobs.schedules.asking import cron, cron_if_ever
from tests.unit.jobs.schedules.peers import write_for_croniter
from tests.unit.jobs.schedules.writing import seeded

EXPRESSIONS, FIRES = 1_000, 3


def next_or_none(peer):
    try:
        return peer.get_next(datetime)
    except CroniterBadDateError:
        return None


@pytest.mark.parametrize("day_match", ["or", "and"])
@pytest.mark.parametrize("seed", range(4))
def test_the_next_fires_are_those_of_croniter(seed, day_match):
    random, refused = seeded(f"{seed} {day_match}"), 0
    for _ in range(EXPRESSIONS):
        expression, theirs = write_for_croniter(random)
        after = datetime(2015, 1, 1, tzinfo=UTC) + timedelta(seconds=random.randint(0, 10**9))
        peer = croniter(theirs, after, second_at_beginning=True, day_or=day_match == "or")
        rule = cron_if_ever(expression, day_match=day_match)
        if rule is None:
            assert next_or_none(peer) is None, expression
            refused += 1
            continue
        ours = after
        for _ in range(FIRES):
            ours = rule.next(ours)
            assert ours == next_or_none(peer), (expression, after)
            if ours is None:
                break
    assert refused < EXPRESSIONS / 20


@pytest.mark.parametrize(
    "expression",
    [
        "* * * * *",
        "0 2 * * *",
        "0 9 * * 1-5",
        "0 0 29 2 *",
        "0 0 13 * FRI",
        "0 0 */2 * MON",
        "0 0 */1 * MON",
        "5,10,15 8-18/2 1,15 1-6 MON-FRI",
        "0 22-2 * * SAT-MON",
        "30 4 1 NOV-FEB ?",
        "@hourly",
        "@weekly",
        "@yearly",
    ],
)
def test_common_expressions_fire_as_in_croniter(expression):
    ours = after = datetime(2026, 11, 24, 4, 5, 6, tzinfo=UTC)
    rule, theirs = cron(expression), croniter(expression, after)
    for _ in range(50):
        ours = rule.next(ours)
        assert ours == theirs.get_next(datetime)
