"""Rules against croniter, on what both understand alike.

Left out, because croniter 7 means something else there:

* ``a-a``, which it takes for the whole field;
* a step in a range that runs backwards, which it starts anew after the wrap;
* a step beyond the field's range, which it refuses;
* seconds as sixth field, its default: it is asked for seconds first;
* changes of the clock, where it fires twice in a repeat: all is asked in UTC.
"""

from datetime import UTC, datetime, timedelta

import pytest
from croniter import croniter

from jobs.schedules import InvalidRule
from tests.unit.jobs.schedules.asking import cron
from tests.unit.jobs.schedules.writing import seeded, write


def understood_alike(written):
    for text, values in zip(written.texts, written.meaning, strict=True):
        if "-" in text and len(values) == 1:
            return False
        if "/" in text and int(text.split("/")[1]) > 5:
            return False
    return True


@pytest.mark.parametrize("seconds", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_the_next_fires_are_those_of_croniter(seed, seconds):
    random, compared = seeded(seed), 0
    while compared < 60:
        written = write(random, seconds=seconds)
        if not understood_alike(written):
            continue
        after = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=random.randint(0, 10**8))
        try:
            rule = cron(written.expression)
        except InvalidRule:
            continue
        theirs = croniter(written.expression, after, second_at_beginning=True)
        ours = after
        for _ in range(5):
            ours = rule.next(ours)
            assert ours == theirs.get_next(datetime), written.expression
        compared += 1


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
