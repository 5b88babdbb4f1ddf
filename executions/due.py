"""The slots of a schedule that have fallen due, by the rules that held then."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from executions.slots import DueSlot
from jobs.models import ScheduleType, Standing
from jobs.schedules.business import CalendarOutOfDate
from jobs.schedules.verdict import Verdict
from jobs.stretches import Stretch, nominal_slots

MOST_SLOTS_PER_SCHEDULE = 500

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Stuck:
    """A calendar has ended: of what comes after ``at`` nothing can be said."""

    at: datetime
    why: str


@dataclass
class Backlog:
    """Due slots, oldest first, at most 500; the slot after them; or where the calendar ends.

    ``is_cut`` tells that ``following`` is due as well, ``has_later_to_run`` that one of those due
    later will run.
    """

    latest: Stretch
    slots: list[DueSlot] = field(default_factory=list)
    following: datetime | None = None
    is_cut: bool = False
    has_later_to_run: bool = False
    stuck: Stuck | None = None


def find_backlog(
    first: datetime,
    stretches: Sequence[Stretch],
    *,
    until: datetime,
    is_over: Callable[[], bool] = lambda: False,
) -> Backlog:
    """The slots from ``first``, which is one, to ``until``.

    ``stretches`` are the versions of the rule from that of ``first`` on. Once ``is_over`` says that
    the time for it is, what is found so far has to do, one slot at least.
    """
    backlog = Backlog(latest=stretches[-1])
    own = next((one for one in stretches if one.covers(first)), stretches[-1])
    found: list[tuple[datetime, Stretch]] = [(first, own)]
    try:
        if own.kind != ScheduleType.AFTER_COMPLETION:
            _collect(found, stretches, until=until)
        backlog.following = _following(found, stretches)
    except CalendarOutOfDate as error:
        backlog.stuck = Stuck(found[-1][0], str(error))
    backlog.is_cut = len(found) > MOST_SLOTS_PER_SCHEDULE
    if backlog.is_cut:
        backlog.following = found.pop()[0]
        backlog.stuck = None  # only further on
        backlog.has_later_to_run = _runs_later(found[-1][0], stretches, until)
    _judge(backlog, found, is_over)
    return backlog


def _collect(
    found: list[tuple[datetime, Stretch]], stretches: Sequence[Stretch], *, until: datetime
) -> None:
    """Add the slots after the first, one more than a pass may open."""
    for one in nominal_slots(stretches, after=found[0][0], until=until):
        found.append(one)
        if len(found) > MOST_SLOTS_PER_SCHEDULE:
            return


def _following(
    found: Sequence[tuple[datetime, Stretch]], stretches: Sequence[Stretch]
) -> datetime | None:
    """The first slot after those found, by the rule that holds now."""
    latest = stretches[-1]
    # The slot after a run's end is known once it has ended (``executions/completions``).
    if latest.standing != Standing.FIRING or latest.kind == ScheduleType.AFTER_COMPLETION:
        return None
    return latest.rule.next_slot(max(found[-1][0], latest.since))


def _runs_later(after: datetime, stretches: Sequence[Stretch], until: datetime) -> bool:
    """Whether any slot due after ``after`` runs by its exclusions."""
    for one in stretches:
        if one.standing == Standing.FIRING and (one.until is None or one.until > after):
            end = until if one.until is None else min(until, one.until)
            try:
                run = one.rule.next(max(after, one.since))
            except CalendarOutOfDate:
                continue
            if run is not None and run <= end:
                return True
    return False


def _judge(
    backlog: Backlog, found: Sequence[tuple[datetime, Stretch]], is_over: Callable[[], bool]
) -> None:
    """Say of each slot what its exclusions do to it; the first that none can tell of ends all."""
    followers = [at for at, _ in found[1:]] + [backlog.following]
    for (at, own), following in zip(found, followers, strict=True):
        if backlog.slots and is_over():
            backlog.following, backlog.is_cut, backlog.stuck = at, True, None
            backlog.has_later_to_run = True  # or not: the next pass will know
            return
        try:
            verdict = _verdict(at, own, backlog.latest)
        except CalendarOutOfDate as error:
            backlog.stuck = Stuck(at - _SECOND, str(error))
            backlog.following, backlog.is_cut = None, False
            return
        backlog.slots.append(DueSlot(at, own.rule, verdict, following))


def _verdict(at: datetime, own: Stretch, latest: Stretch) -> Verdict | None:
    """By the rule of then; by that of now where a calendar had ended then and has been extended."""
    try:
        return own.rule.judge(at)
    except CalendarOutOfDate:
        return latest.rule.judge(at)
