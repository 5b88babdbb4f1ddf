"""The fires to come of a rule, each with what people want to know of it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from jobs.kinds import keep_to_kind
from jobs.models import JobSchedule
from jobs.rules import spec_of
from jobs.schedules import Rule, RuleSpec, compile_rule
from jobs.schedules.zone import load_zone
from jobs.validation import problems_of, refuse


@dataclass(frozen=True, kw_only=True)
class Fire:
    """One fire: its instant (``at`` in UTC, ``local`` in the rule's zone) and what it stands for.

    ``business_date`` is the date that the rule names, also where the clock moved the fire to the
    next day. ``notes`` say what the clock or the calendar did to the named time.
    """

    at: datetime
    local: datetime
    business_date: date
    notes: list[str]


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The next fires, whether none comes after them, and the rule in words."""

    fires: list[Fire]
    is_exhausted: bool
    description: str


def preview_schedule(schedule: JobSchedule, *, after: datetime, count: int) -> Preview:
    """Preview a schedule as if it were active; raise ``InvalidRule`` when it has no rule."""
    spec = spec_of(schedule)
    return preview_rule(compile_rule(spec), spec, after=after, count=count)


def preview_fields(fields: dict[str, Any], *, after: datetime, count: int) -> Preview:
    """Preview a schedule that is not saved; raise ``InvalidInput`` naming each bad field.

    It needs no job. An interval or a delay counts from ``after``.
    """
    schedule = JobSchedule(**fields, anchor_at=after)
    refuse(keep_to_kind(schedule, fields) + problems_of(schedule, exclude={"job"}))
    return preview_schedule(schedule, after=after, count=count)


def preview_rule(rule: Rule, spec: RuleSpec, *, after: datetime, count: int) -> Preview:
    """Return at most ``count`` fires later than ``after`` of a rule and the spec it is made of."""
    fires: list[Fire] = []
    zone = load_zone(spec.timezone)
    at = rule.next(after)
    while at is not None and len(fires) < count:
        nominal = rule.explain(at)
        fires.append(
            Fire(
                at=at,
                local=at.astimezone(zone),
                business_date=nominal.wall.date(),
                notes=list(nominal.notes),
            )
        )
        at = rule.next(at)
    return Preview(fires=fires, is_exhausted=at is None, description=rule.describe())
