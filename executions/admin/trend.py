"""The chart of the last days: one bar a day, stacked by how executions ended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse

# Contract name, word, look; from the bottom of a bar to its top.
_PARTS = (
    ("successCount", "succeeded", "good"),
    ("failureCount", "failed", "bad"),
    ("timeoutCount", "timed out", "late"),
)


@dataclass(frozen=True)
class Part:
    """One colour of a bar; ``height`` is in percent of the chart."""

    look: str
    height: float


@dataclass(frozen=True)
class Bar:
    """One UTC day."""

    day: date
    parts: list[Part]
    total: int
    words: str
    url: str


@dataclass(frozen=True)
class Trend:
    """All bars, and the number at the top of the chart."""

    bars: list[Bar]
    top: int
    has_ended: bool


def draw_trend(rows: Iterable[Mapping[str, Any]]) -> Trend:
    """Return the chart of the contract's rows, oldest first."""
    days = [(row, sum(row[name] for name, _, _ in _PARTS)) for row in rows]
    top = _round_up(max((total for _, total in days), default=0))
    bars = [_bar(row, total, top) for row, total in days]
    return Trend(bars=bars, top=top, has_ended=any(total for _, total in days))


def _bar(row: Mapping[str, Any], total: int, top: int) -> Bar:
    day = date.fromisoformat(str(row["executionDate"])[:10])
    counts = ", ".join(f"{row[name]:,} {word}" for name, word, _ in _PARTS)
    return Bar(
        day=day,
        parts=[Part(look, 100 * row[name] / top) for name, _, look in _PARTS if row[name]],
        total=total,
        words=f"{day:%a} {day.day} {day:%b}: {counts}",
        url=reverse(
            "admin:executions_jobexecution_changelist",
            query={"status": "ended", "when": f"ended-{day.isoformat()}"},
        ),
    )


def _round_up(number: int) -> int:
    """Return the next round number that is not below this one: 1 to 6, 8, 10, 20 to 60, 80 ..."""
    step = 1
    while True:
        for factor in (1, 2, 3, 4, 5, 6, 8):
            if factor * step >= number:
                return factor * step
        step *= 10
