"""After completion: some time after the execution before has ended."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from jobs.schedules.bounds import LATEST
from jobs.schedules.elapsed import anchor_of, span_of
from jobs.schedules.errors import FieldError, InvalidRule, collect
from jobs.schedules.nominal import Nominal
from jobs.schedules.spec import RuleSpec
from jobs.schedules.words import span

_ALMOST_A_SECOND = timedelta(microseconds=999_999)


@dataclass(frozen=True, slots=True)
class AfterCompletionTiming:
    """The first fire only: each further one follows from the end of an execution."""

    first: datetime
    delay: timedelta

    def next(self, after: datetime, zone: ZoneInfo) -> datetime | None:
        return self.first if self.first > after else None

    def explain(self, fire: datetime, zone: ZoneInfo) -> Nominal:
        return Nominal(fire.astimezone(zone).replace(tzinfo=None, fold=0))

    def describe(self, zone: ZoneInfo) -> str:
        return f"{span(self.delay).capitalize()} after the previous run has ended"


def after_completion_timing(spec: RuleSpec) -> AfterCompletionTiming:
    """The timing of fires after completions; raise ``InvalidRule`` naming each field that is wrong.

    The first comes ``delay_seconds`` after the anchor, or at the start where that is later.
    """
    errors: list[FieldError] = []
    what = "the seconds from the end of an execution to the next are missing, for example 300"
    delay = collect(
        errors, lambda: span_of(spec.delay_seconds, field="delay_seconds", missing=what)
    )
    anchor = collect(errors, lambda: anchor_of(spec.anchor, kind="after_completion"))
    if delay is None or anchor is None:
        raise InvalidRule(errors)
    first = anchor + delay
    if spec.start_at is not None and spec.start_at.utcoffset() is not None:
        start = min(spec.start_at, LATEST).astimezone(UTC)
        # Fires are whole seconds, and none is before the start.
        first = max(first, (start + _ALMOST_A_SECOND).replace(microsecond=0))
    return AfterCompletionTiming(first, delay)
