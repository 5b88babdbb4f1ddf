"""Instants as people type them."""

import re
from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN = re.compile(r"([0-9]{1,5})([smhdw])", re.ASCII)


def read_moment(text: str) -> datetime:
    """Read ISO 8601, such as 2026-05-04 or 2026-05-04T06:00+02:00; UTC without an offset."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ArgumentTypeError(
            f"{text!r} is no time; write such as 2026-05-04 or 2026-05-04T06:00:00Z"
        ) from None


def read_moment_or_span(text: str) -> datetime | timedelta:
    """Read an instant, or how long ago it was: 90s, 15m, 2h, 1d, 1w."""
    if found := _SPAN.fullmatch(text):
        return timedelta(**{_UNITS[found[2]]: int(found[1])})
    try:
        return read_moment(text)
    except ArgumentTypeError:
        raise ArgumentTypeError(
            f"{text!r} is no time and no span; write such as 2h, 1d or 2026-05-04T06:00:00Z"
        ) from None


def write_moment(moment: datetime) -> str:
    """Return it as JSON has it: ISO 8601, UTC, with a Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
