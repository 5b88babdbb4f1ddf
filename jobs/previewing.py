"""The fires to come of a rule, each with what people want to know of it."""

from copy import copy
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from jobs.describing import describe_rule, in_words
from jobs.kinds import keep_to_kind
from jobs.models import JobSchedule, ScheduleType, Standing
from jobs.rules import rule_of, spec_of
from jobs.schedules import (
    CalendarOutOfDate,
    InvalidRule,
    Nominal,
    Rule,
    RuleSpec,
    compile_rule,
)
from jobs.schedules.compare import compare_rules
from jobs.schedules.spread import spread_delay
from jobs.schedules.words import listed, span
from jobs.schedules.zone import load_zone
from jobs.scheduling import edit_schedule
from jobs.validation import problems_of, refuse
from jobs.versions import standing_of

MOST_CHANGES = 100
"""So many fires that a change adds are listed, and so many that it takes away."""

# What is not saved has no id to hash with; any will do, if it is always the same.
_NOT_SAVED = UUID(int=0)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Fire:
    """One fire: its instant (``at`` in UTC, ``local`` in the rule's zone) and what it stands for.

    ``due_at`` is when it starts: later than ``at`` where the schedule spreads its runs.
    ``business_date`` is the date that the rule names, also where the clock moved the fire to the
    next day. ``notes`` say what the clock or the calendar did to the named time.
    """

    at: datetime
    due_at: datetime
    local: datetime
    business_date: date
    notes: list[str]


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The next fires, whether none comes after them, and the rule in words.

    A ``problem`` says why they end here: the calendar does, or the rest is excluded.
    """

    fires: list[Fire]
    is_exhausted: bool
    description: str
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class ChangePreview:
    """The fires that a change adds and takes away, how many stay, and the rule in words.

    When ``is_cut`` there are more than these.
    """

    added: list[Fire]
    removed: list[Fire]
    kept: int
    is_cut: bool
    description: dict[str, str] = field(default_factory=dict)


def preview_schedule(schedule: JobSchedule, *, after: datetime, count: int) -> Preview:
    """Preview a schedule as if it were active; raise ``InvalidRule`` when it has no rule."""
    spec = spec_of(schedule)
    rule = compile_rule(spec, may_be_excluded=True)
    if schedule.schedule_type == ScheduleType.AFTER_COMPLETION:
        preview = _preview_following(schedule, rule, spec, after)
    else:
        preview = preview_rule(
            rule,
            spec,
            after=after,
            count=count,
            spread_seconds=schedule.spread_seconds,
            runs_left=_runs_left(schedule),
        )
    return replace(preview, description=in_words(rule, schedule))


def preview_fields(fields: dict[str, Any], *, after: datetime, count: int) -> Preview:
    """Preview a schedule that is not saved; raise ``InvalidInput`` naming each bad field."""
    return preview_schedule(draft_schedule(fields, after=after), after=after, count=count)


def draft_schedule(fields: dict[str, Any], *, after: datetime) -> JobSchedule:
    """A schedule that is not saved; raise ``InvalidInput`` naming each bad field.

    It needs no job. An interval or a delay counts from ``after``.
    """
    schedule = JobSchedule(**{"id": _NOT_SAVED, **fields}, anchor_at=after)
    refuse(keep_to_kind(schedule, fields) + problems_of(schedule, exclude={"job"}))
    return schedule


def preview_rule(
    rule: Rule,
    spec: RuleSpec,
    *,
    after: datetime,
    count: int,
    spread_seconds: int = 0,
    runs_left: int | None = None,
) -> Preview:
    """Return at most ``count`` fires later than ``after`` of a rule and the spec it is made of.

    No more than ``runs_left``, if given. Each starts within ``spread_seconds``.
    """
    fires: list[Fire] = []
    is_exhausted, problem = False, None
    try:
        at = None if runs_left == 0 else rule.next(after)
        while at is not None and len(fires) < count:
            fires.append(_fire(rule, spec, at, spread_seconds))
            at = None if len(fires) == runs_left else rule.next(at)
        is_exhausted = at is None
        if not fires and runs_left != 0 and rule.next_slot(after) is not None:
            problem = f"all of it is excluded by {listed([one.name for one in spec.exclusions])}"
    except CalendarOutOfDate as error:
        problem = str(error)
    return Preview(
        fires=fires, is_exhausted=is_exhausted, description=rule.describe(), problem=problem
    )


def preview_change(
    schedule: JobSchedule, fields: dict[str, Any], *, now: datetime, days: int = 30
) -> ChangePreview:
    """Tell what a change of ``fields`` would add to the fires of the next days, and take away.

    Nothing is saved. A schedule that is stopped or paused fires nothing. Raises ``InvalidInput``
    naming each field that could not be saved.
    """
    edited = copy(schedule)
    refuse(edit_schedule(edited, fields, now=now))
    end = now + timedelta(days=days)
    old, new = _firing_rule(schedule), _firing_rule(edited)
    changes = compare_rules(old, new, start=now, end=end, most=MOST_CHANGES)
    return ChangePreview(
        added=_listed(edited, changes.added),
        removed=_listed(schedule, changes.removed),
        kept=changes.kept,
        is_cut=changes.is_cut,
        description={"before": describe_rule(schedule), "after": describe_rule(edited)},
    )


def _fire(rule: Rule, spec: RuleSpec, at: datetime, spread_seconds: int) -> Fire:
    local = at.astimezone(load_zone(spec.timezone))
    try:
        nominal = rule.explain(at)
    except CalendarOutOfDate:  # the last before its calendar ends can only be shown as it is
        nominal = Nominal(local.replace(tzinfo=None, fold=0))
    return Fire(
        at=at,
        due_at=at + _spread(rule, spec, at, spread_seconds),
        local=local,
        business_date=nominal.business_date,
        notes=list(nominal.notes),
    )


def _spread(rule: Rule, spec: RuleSpec, at: datetime, seconds: int) -> timedelta:
    """How much later a fire starts; what waited for the end of an exclusion starts there."""
    if not seconds or _slot_after(rule, at - _SECOND) != at:
        return timedelta(0)
    return spread_delay(spec.hash_key, at, _slot_after(rule, at), seconds)


def _slot_after(rule: Rule, instant: datetime) -> datetime | None:
    try:
        return rule.next_slot(instant)
    except CalendarOutOfDate:
        return None


def _preview_following(
    schedule: JobSchedule, rule: Rule, spec: RuleSpec, after: datetime
) -> Preview:
    """Preview what fires after its own runs: only the next can be told, if it is known yet."""
    fires, problem, left = [], None, _runs_left(schedule)
    try:
        at = rule.next(after) if schedule._state.adding else schedule.next_run_at
        if at is not None and at > after and left != 0:
            fires = [_following(rule, spec, at, schedule.spread_seconds)]
    except CalendarOutOfDate as error:
        problem = str(error)
    return Preview(
        fires=fires,
        is_exhausted=problem is None and left in (0, len(fires)),
        description=rule.describe(),
        problem=problem,
    )


def _following(rule: Rule, spec: RuleSpec, at: datetime, spread_seconds: int) -> Fire:
    fire = _fire(rule, spec, at, 0)
    then = f"then {span(timedelta(seconds=spec.delay_seconds or 0))} after each run ends"
    spread = timedelta(0)
    if rule.judge(at) is None:
        spread = spread_delay(spec.hash_key, at, None, spread_seconds)
    return replace(fire, due_at=at + spread, notes=[*fire.notes, then])


def _runs_left(schedule: JobSchedule) -> int | None:
    if schedule.max_runs is None:
        return None
    return max(schedule.max_runs - schedule.run_count, 0)


def _firing_rule(schedule: JobSchedule) -> Rule | None:
    if standing_of(schedule) != Standing.FIRING:
        return None
    try:
        return rule_of(schedule)
    except InvalidRule:
        return None


def _listed(schedule: JobSchedule, instants: list[datetime]) -> list[Fire]:
    if not instants:
        return []
    spec = spec_of(schedule)
    rule = compile_rule(spec, may_be_excluded=True)
    return [_fire(rule, spec, at, schedule.spread_seconds) for at in instants]
