"""The fires of some months, each marked where the clock, a calendar or an exclusion touches it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from jobs.schedules.business import CalendarOutOfDate
from jobs.schedules.clock_changes import offsets
from jobs.schedules.days import month_length
from jobs.schedules.nominal import Nominal
from jobs.schedules.rule import Rule
from jobs.schedules.spec import RuleSpec
from jobs.schedules.verdict import Verdict
from jobs.schedules.zone import load_zone

MOST_WALKED = 100_000
"""So many slots are looked at, told or not."""

Mark = Literal["none", "gap", "repeat", "shifted", "deferred", "skipped"]


@dataclass(frozen=True, slots=True)
class SimulatedFire:
    """One fire or one skipped slot: ``at`` in UTC, ``local`` in the rule's zone.

    ``mark`` says why it is not a plain one: its time falls into a gap of the clock, or happens
    twice; its date is another than the rule names; an exclusion made it wait, or skips it.
    """

    at: datetime
    local: datetime
    business_date: date
    notes: tuple[str, ...]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Simulation:
    """What fires and what is skipped, earliest first; ``is_cut`` when there is more to tell."""

    fires: list[SimulatedFire]
    is_cut: bool


def simulate(
    rule: Rule, spec: RuleSpec, *, start: datetime, months: int, most: int = 5_000
) -> Simulation:
    """What becomes of the slots from ``start`` (inclusive) on, for so many months."""
    zone = load_zone(spec.timezone)
    end = _months_later(start, months)
    fires: list[SimulatedFire] = []
    try:
        for walked, fire in enumerate(_between(rule, zone, start, end)):
            if len(fires) == most or walked == MOST_WALKED:
                return Simulation(fires, is_cut=True)
            if fire is not None:
                fires.append(fire)
    except CalendarOutOfDate:
        return Simulation(fires, is_cut=True)
    return Simulation(fires, is_cut=False)


def _between(
    rule: Rule, zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[SimulatedFire | None]:
    """What happens in between, in order; None for a slot of which nothing is to be told yet."""
    just_before = start - timedelta(microseconds=1)
    slot = rule.next_slot(just_before)
    # Slots before the start may wait until after it.
    due = rule.next(just_before)
    while True:
        at = min((moment for moment in (due, slot) if moment is not None), default=None)
        if at is None or at > end:
            return
        if at == due:
            yield _run(rule, zone, at)
            due = None
        elif (verdict := rule.judge(at)) is None:
            yield _run(rule, zone, at)
        elif verdict.until is None:
            yield _skipped(rule, zone, at, verdict)
        else:
            due = verdict.until
            yield None
        if at == slot:
            slot = rule.next_slot(slot)


def _run(rule: Rule, zone: ZoneInfo, at: datetime) -> SimulatedFire:
    nominal = rule.explain(at)
    local = at.astimezone(zone)
    mark = "deferred" if rule.find_waiting(at) else _mark(nominal, local, zone)
    return SimulatedFire(at, local, nominal.business_date, nominal.notes, mark)


def _skipped(rule: Rule, zone: ZoneInfo, at: datetime, verdict: Verdict) -> SimulatedFire:
    nominal = rule.explain(at)
    notes = (*nominal.notes, f"skipped: excluded by {verdict.exclusion.name}")
    return SimulatedFire(at, at.astimezone(zone), nominal.business_date, notes, "skipped")


def _mark(nominal: Nominal, local: datetime, zone: ZoneInfo) -> Mark:
    wall = local.replace(tzinfo=None, fold=0)
    if nominal.wall != wall:
        return "gap"
    first, second = offsets(zone, wall)
    if first > second:
        return "repeat"
    is_plain = nominal.business_date == wall.date() and not nominal.notes
    return "none" if is_plain else "shifted"


def _months_later(start: datetime, months: int) -> datetime:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return start.replace(
        year=year, month=month + 1, day=min(start.day, month_length(year, month + 1))
    )
