"""When to try again: a pure decision."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

# 2 ** 30 seconds is 34 years: no cap on the delay lies beyond it, and larger powers overflow.
_LARGEST_POWER = 30


@dataclass(frozen=True)
class RetryPolicy:
    """A job's retry rule; delays in seconds."""

    strategy: str
    max_retries: int
    base_delay: float
    max_delay: float

    @classmethod
    def of(cls, snapshot: Mapping[str, Any]) -> "RetryPolicy":
        """Return the policy that a version's snapshot holds."""
        return cls(
            strategy=snapshot["retry_strategy"],
            max_retries=snapshot["max_retries"],
            base_delay=snapshot["base_delay_seconds"],
            max_delay=snapshot["max_delay_seconds"],
        )

    def allows_another(self, attempt: int) -> bool:
        """Whether attempt number ``attempt`` (from 1) may be followed by one more."""
        return self.strategy != "none" and attempt <= self.max_retries

    def delay_after(self, attempt: int, *, random: Callable[[], float]) -> float:
        """Return the seconds between the failure of attempt ``attempt`` and the next one.

        ``random`` gives a float in [0, 1); jitter spreads the delay over [0.5, 1) of its length.
        """
        growth = 2 ** min(attempt - 1, _LARGEST_POWER)
        delays: dict[str, Callable[[], float]] = {
            "none": lambda: self.base_delay,
            "linear": lambda: self.base_delay * attempt,
            "exponential": lambda: self.base_delay * growth,
            "exponential_with_jitter": lambda: self.base_delay * growth * (0.5 + random() / 2),
        }
        return min(delays[self.strategy](), self.max_delay)
