"""``--from`` and ``--to`` of commands that look at a span of time."""

from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser

from executions.management.moments import read_moment_or_span


def add_span(parser: CommandParser, *, begin: timedelta | None = None) -> None:
    """Add both; ``begin`` is how long ago it begins unless told, without it that has to be told."""
    how = "7d, 2h, or such as 2026-05-04T06:00:00Z"
    default = "" if begin is None else f" (default {begin // timedelta(hours=1)}h)"
    parser.add_argument(
        "--from",
        dest="begin",
        type=read_moment_or_span,
        required=begin is None,
        default=begin,
        metavar="TIME",
        help=f"slots later than this: {how}{default}",
    )
    parser.add_argument(
        "--to",
        dest="end",
        type=read_moment_or_span,
        default=timedelta(0),
        metavar="TIME",
        help="slots not later than this (default now)",
    )


def read_span(options: dict[str, Any], *, now: datetime) -> tuple[datetime, datetime]:
    """Return the two instants; raise ``CommandError`` when nothing lies between them."""
    begin, end = (_instant(options[name], now) for name in ("begin", "end"))
    if begin >= end:
        raise CommandError("--to has to be later than --from.")
    return begin, end


def _instant(given: datetime | timedelta, now: datetime) -> datetime:
    return now - given if isinstance(given, timedelta) else given
