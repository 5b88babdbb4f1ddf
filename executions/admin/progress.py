"""How far a running execution is, and how long it should still take."""

from dataclasses import dataclass
from datetime import datetime

from core.times import show_span
from executions.models import JobExecution

_MIN_FRACTION = 0.02  # of less, an estimate of the rest says nothing


@dataclass(frozen=True)
class Progress:
    """What the handler has told, beside the time that has passed."""

    elapsed_seconds: float
    percent: int | None
    message: str
    is_over_expected: bool
    remaining_seconds: float | None

    @property
    def words(self) -> str:
        """Return such as "40 %, batch 4 of 10, about 2 min left"."""
        parts = [
            "" if self.percent is None else f"{self.percent} %",
            self.message,
            "" if self.remaining_seconds is None else f"about {self._rest()} left",
        ]
        return ", ".join(part for part in parts if part)

    def _rest(self) -> str:
        return show_span(max(round(self.remaining_seconds or 0), 1))


def measure_progress(execution: JobExecution, *, now: datetime) -> Progress:
    """Return how far a running execution is; its job has to be loaded."""
    elapsed = max((now - (execution.started_at or now)).total_seconds(), 0)
    fraction, expected = execution.progress_fraction, execution.job.expected_duration_seconds
    remaining = None
    if fraction is not None and _MIN_FRACTION <= fraction < 1:
        remaining = elapsed / fraction - elapsed
    return Progress(
        elapsed_seconds=elapsed,
        percent=None if fraction is None else round(fraction * 100),
        message=execution.progress_message or "",
        is_over_expected=expected is not None and elapsed > expected,
        remaining_seconds=remaining,
    )
