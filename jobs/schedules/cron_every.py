"""``@every``: an interval in the place of a cron expression."""

import re
from datetime import UTC, datetime, timedelta

from jobs.schedules.bounds import LONGEST_SPAN_SECONDS
from jobs.schedules.elapsed import anchor_of
from jobs.schedules.errors import InvalidRule
from jobs.schedules.interval import IntervalTiming

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_SECONDS = (86_400, 3_600, 60, 1)
_LONGEST_DAYS = LONGEST_SPAN_SECONDS // _SECONDS[0]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def every_timing(text: str, anchor: datetime | None) -> IntervalTiming:
    """The interval of ``@every 1h30m`` or ``@every 1h30m/15m``; raise ``InvalidRule``.

    It counts from ``anchor``; with a phase, the part behind the ``/``, from so long after the
    start of 1970 in UTC.
    """
    words = text.lower().split()
    if len(words) != 2:
        raise _refusal("@every takes one duration, such as @every 90m or @every 1h30m/15m")
    duration, slash, phase_text = words[1].partition("/")
    step = _span(duration)
    if not timedelta(0) < step <= timedelta(seconds=LONGEST_SPAN_SECONDS):
        raise _refusal(f"@every: {duration!r} is out of range; use 1s to {_LONGEST_DAYS}d")
    if not slash:
        return IntervalTiming(anchor_of(anchor, kind="@every"), step)
    phase = _span(phase_text)
    if phase >= step:
        raise _refusal(f"@every: the phase {phase_text!r} must be shorter than {duration!r}")
    return IntervalTiming(_EPOCH + phase, step)


def _span(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if not text or found is None:
        raise _refusal(f"@every: {text!r} is not a duration; write it like 90m, 1h30m or 45s")
    counts = [int(count or 0) for count in found.groups()]
    seconds = sum(count * unit for count, unit in zip(counts, _SECONDS, strict=True))
    # Larger ones would not fit a timedelta; they are refused by their range.
    return timedelta(seconds=min(seconds, LONGEST_SPAN_SECONDS + 1))


def _refusal(detail: str) -> InvalidRule:
    return InvalidRule.single("cron_expression", "invalid_cron", detail)
