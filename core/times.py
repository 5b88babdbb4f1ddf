"""Times and spans as people read them: UTC, to the second."""

from datetime import UTC, datetime


def show_time(moment: datetime | None, *, unknown: str = "-") -> str:
    """Return such as "2026-05-04 06:00:00 UTC"."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if moment else unknown


def show_span(seconds: float | None, *, unknown: str = "-") -> str:
    """Return such as "0.42 s", "12 s", "3 min 5 s", "2 h 10 min", "4 d 3 h"."""
    if seconds is None:
        return unknown
    if seconds < 10:
        return f"{seconds:.2f}".rstrip("0").rstrip(".") + " s"
    parts, rest = [], round(seconds)
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])
