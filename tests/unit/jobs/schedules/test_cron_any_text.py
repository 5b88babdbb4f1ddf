"""Whatever people write either compiles and says itself, or is refused in words."""

import pytest

from jobs.schedules import InvalidRule
from tests.unit.jobs.schedules.asking import cron, utc
from tests.unit.jobs.schedules.writing import seeded

CHARACTERS = "0123456789*,-/?LW#H()+@ABCFRIMONSUNevery hms.\t\x00"
TOKENS = [
    *("*", "?", "L", "W", "LW", "#", "1", "5", "31", "59", "2026", "FRI", "JAN", "0"),
    *("-", "/", "H", "(", ")", "+", ",", "L-3", "15W", "5#3", "5L", "*/5", "H(1-5)", "1/2"),
]


def any_text(random):
    match random.randrange(3):
        case 0:
            return "".join(random.choices(CHARACTERS, k=random.randint(1, 25)))
        case 1:
            return "@every " + "".join(random.choices("0123456789dhms/", k=random.randint(0, 8)))
    return " ".join(
        "".join(random.choices(TOKENS, k=random.choice([1, 1, 1, 1, 1, 2, 3])))
        for _ in range(random.randint(5, 7))
    )


@pytest.mark.parametrize("dialect", ["standard", "quartz"])
def test_any_text_compiles_or_is_refused(dialect):
    random = seeded(dialect)
    compiled, refused = 0, 0
    for _ in range(5_000):
        try:
            rule = cron(any_text(random), cron_dialect=dialect, anchor=utc("2026-01-01"))
        except InvalidRule as invalid:
            refused += all(error.detail for error in invalid.errors)
        else:
            compiled += bool(rule.describe())
    assert compiled + refused == 5_000
    assert compiled > 50
