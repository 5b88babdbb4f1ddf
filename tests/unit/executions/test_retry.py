from collections.abc import Iterator

import pytest

from executions.retry import RetryPolicy


def policy(
    strategy: str, *, retries: int = 3, base: float = 10, longest: float = 100
) -> RetryPolicy:
    return RetryPolicy(strategy=strategy, max_retries=retries, base_delay=base, max_delay=longest)


def no_chance() -> float:
    raise AssertionError("only jitter may throw dice")


@pytest.mark.parametrize(
    ("strategy", "attempt", "delay"),
    [
        ("none", 1, 10),
        ("none", 7, 10),
        ("linear", 1, 10),
        ("linear", 2, 20),
        ("linear", 3, 30),
        ("linear", 9, 90),
        ("linear", 10, 100),
        ("linear", 11, 100),
        ("exponential", 1, 10),
        ("exponential", 2, 20),
        ("exponential", 3, 40),
        ("exponential", 4, 80),
        ("exponential", 5, 100),
        ("exponential", 10, 100),
    ],
)
def test_delay_grows_by_the_strategy_up_to_the_cap(
    strategy: str, attempt: int, delay: float
) -> None:
    assert policy(strategy).delay_after(attempt, random=no_chance) == delay


@pytest.mark.parametrize(
    ("attempt", "chance", "delay"),
    [
        (1, 0.0, 5),
        (1, 0.5, 7.5),
        (2, 0.0, 10),
        (3, 0.5, 30),
        (4, 0.0, 40),
        (6, 0.0, 100),
    ],
)
def test_jitter_spreads_the_exponential_delay_over_its_upper_half(
    attempt: int, chance: float, delay: float
) -> None:
    found = policy("exponential_with_jitter").delay_after(attempt, random=lambda: chance)

    assert found == delay


def test_jitter_stays_below_the_full_delay() -> None:
    most = 1 - 2**-53  # the largest float that random() gives

    delay = policy("exponential_with_jitter").delay_after(2, random=lambda: most)

    assert 10 <= delay <= 20
    assert delay == pytest.approx(20)


@pytest.mark.parametrize("strategy", ["none", "linear", "exponential", "exponential_with_jitter"])
@pytest.mark.parametrize("attempt", [31, 32, 1_100, 10**6])
def test_no_attempt_is_too_large(strategy: str, attempt: int) -> None:
    huge = policy(strategy, base=2**31 - 1, longest=2**31 - 1)

    assert 0 < huge.delay_after(attempt, random=lambda: 0.0) <= 2**31 - 1


@pytest.mark.parametrize("strategy", ["none", "linear", "exponential", "exponential_with_jitter"])
def test_a_cap_below_the_base_wins(strategy: str) -> None:
    low = policy(strategy, base=60, longest=5)

    assert low.delay_after(1, random=lambda: 0.5) == 5


def _allowed() -> Iterator[tuple[str, int, int, bool]]:
    for strategy in ("linear", "exponential", "exponential_with_jitter"):
        yield from [
            (strategy, 0, 1, False),
            (strategy, 1, 1, True),
            (strategy, 1, 2, False),
            (strategy, 10, 10, True),
            (strategy, 10, 11, False),
        ]
    yield from [("none", 0, 1, False), ("none", 10, 1, False)]


@pytest.mark.parametrize(("strategy", "retries", "attempt", "is_allowed"), list(_allowed()))
def test_retries_are_counted_beyond_the_first_attempt(
    strategy: str, retries: int, attempt: int, is_allowed: bool
) -> None:
    assert policy(strategy, retries=retries).allows_another(attempt) is is_allowed


def test_a_policy_is_read_from_a_versions_snapshot() -> None:
    snapshot = {
        "retry_strategy": "linear",
        "max_retries": 4,
        "base_delay_seconds": 7,
        "max_delay_seconds": 70,
        "name": "something else",
    }

    assert RetryPolicy.of(snapshot) == policy("linear", retries=4, base=7, longest=70)
