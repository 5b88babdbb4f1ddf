"""What outcomes say, and that it holds no secret."""

import pytest

from core.masking import Hider
from executions.outcomes import (
    Cancelled,
    Failed,
    Outcome,
    RetryAsked,
    Skipped,
    Succeeded,
    without_secrets,
)

TOKEN = "a-token-that-nobody-may-see"


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Succeeded(f'{{"a":"{TOKEN}"}}'), Succeeded('{"a":"[secret]"}')),
        (
            Failed("Http", f"echoed {TOKEN}", f"trace {TOKEN}", is_permanent=True),
            Failed("Http", "echoed [secret]", "trace [secret]", is_permanent=True),
        ),
        (RetryAsked(f"later {TOKEN}", 5), RetryAsked("later [secret]", 5)),
        (Skipped(TOKEN), Skipped("[secret]")),
        (Cancelled(TOKEN), Cancelled("[secret]")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_outcome_holds_a_secret_that_the_attempt_has_read(
    outcome: Outcome, expected: Outcome
) -> None:
    hider = Hider()
    hider.add(TOKEN)

    assert without_secrets(outcome, hider) == expected
    assert without_secrets(expected, hider) == expected
