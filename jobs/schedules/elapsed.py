"""What intervals and delays are made of: a span of elapsed time and the instant it counts from."""

from datetime import UTC, datetime, timedelta

from jobs.schedules.bounds import EARLIEST, LATEST, LONGEST_SPAN_SECONDS
from jobs.schedules.errors import InvalidRule


def span_of(seconds: int | None, *, field: str, missing: str) -> timedelta:
    """The span of so many seconds; raise ``InvalidRule`` unless it is 1 s to ten years."""
    if seconds is None:
        raise InvalidRule.single(field, "required", missing)
    if type(seconds) is not int or not 1 <= seconds <= LONGEST_SPAN_SECONDS:
        detail = f"{seconds!r} is not a whole number from 1 to {LONGEST_SPAN_SECONDS}"
        raise InvalidRule.single(field, "out_of_range", detail)
    return timedelta(seconds=seconds)


def anchor_of(anchor: datetime | None, *, kind: str) -> datetime:
    """The anchor in UTC, its fraction of a second dropped; raise ``InvalidRule`` if naive.

    One that is earlier or later than any fire may be counts as the earliest or latest, so that
    nothing runs over.
    """
    if anchor is None:
        detail = f"{kind} needs the instant it counts from, such as its creation"
        raise InvalidRule.single("anchor", "required", detail)
    if anchor.utcoffset() is None:
        detail = f"{anchor.isoformat()} has no UTC offset; write it with one, such as Z"
        raise InvalidRule.single("anchor", "naive_datetime", detail)
    return min(max(anchor, EARLIEST), LATEST).astimezone(UTC).replace(microsecond=0)
