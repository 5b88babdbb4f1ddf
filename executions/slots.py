"""What becomes of due slots: which run, when, and why the others do not. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from executions.states import Reason
from jobs.models import MisfirePolicy, Overlap
from jobs.schedules import Rule
from jobs.schedules.spread import spread_delay
from jobs.schedules.verdict import Verdict

MOST_WAITING = 1_000
"""So many unfinished executions of one schedule at most, whatever its overlap."""

_LATE = timedelta(seconds=1)


@dataclass(frozen=True)
class Policy:
    """What a schedule says about its slots, and how it stands at present.

    ``deferred`` are the instants to which slots were deferred that have not run yet, with the
    slot of each.
    """

    key: str
    misfire: MisfirePolicy
    grace: timedelta
    window: timedelta
    max_catchup: int
    overlap: Overlap
    spread_seconds: int
    runs_left: int | None
    unfinished: int
    is_failing: bool
    deferred: Mapping[datetime, datetime]


@dataclass(frozen=True)
class DueSlot:
    """A nominal slot, the rule it is of, what its exclusions say, and the slot after it."""

    at: datetime
    rule: Rule
    verdict: Verdict | None
    following: datetime | None

    @property
    def runs_at(self) -> datetime | None:
        """When it runs by its exclusions; None when they skip it."""
        return self.at if self.verdict is None else self.verdict.until


@dataclass(frozen=True)
class Slot:
    """One due slot and what becomes of it: opened for ``due_at``, or skipped for ``reason``."""

    scheduled_for: datetime
    due_at: datetime
    is_late: bool
    reason: Reason | None
    note: str | None
    business_date: date | None
    previous_business_date: date | None
    next_business_date: date | None


def decide_slots(
    due: Sequence[DueSlot], policy: Policy, *, now: datetime, has_later: bool
) -> list[Slot]:
    """Say what becomes of each due slot, oldest first.

    ``has_later`` tells that of the slots due after these one will run: then none of these is the
    latest.
    """
    running = (slot for slot in reversed(due) if slot.runs_at is not None)
    latest = None if has_later else next(running, None)
    decider = _Decider(policy, now)
    return [decider.decide(slot, is_latest=slot is latest) for slot in due]


class _Decider:
    def __init__(self, policy: Policy, now: datetime) -> None:
        self._policy = policy
        self._now = now
        self._unfinished = policy.unfinished
        self._catchup_left = max(policy.max_catchup - policy.unfinished, 0)
        self._is_catching_up = False
        self._runs_left = policy.runs_left
        self._deferred = dict(policy.deferred)

    def decide(self, slot: DueSlot, *, is_latest: bool) -> Slot:
        """Say what becomes of one slot; the slots before it were asked for first."""
        verdict, runs_at = slot.verdict, slot.runs_at
        name = verdict.exclusion.name if verdict else ""
        excluded = Reason.BLACKOUT
        if verdict and verdict.exclusion.reason == "holiday":
            excluded = Reason.HOLIDAY
        if runs_at is None:
            return self._slot(slot, slot.at, excluded, f"Excluded by {name}.")
        first = self._deferred.get(runs_at)
        if first is not None and first != slot.at:
            note = f"The slot of {_shown(first)} was deferred to {_shown(runs_at)}, and runs for it"
            return self._slot(slot, slot.at, excluded, f"{note}.")
        reason = self._reason(runs_at, is_latest=is_latest)
        if reason is not None:
            return self._slot(slot, slot.at, reason, None)
        if verdict is None:
            return self._slot(slot, slot.at + self._spread(slot), None, None)
        self._deferred[runs_at] = slot.at
        return self._slot(slot, runs_at, None, f"Deferred by {name}.")

    def _reason(self, at: datetime, *, is_latest: bool) -> Reason | None:
        """Why a slot that is meant to run at ``at`` does not; None when it does."""
        policy = self._policy
        if self._runs_left == 0:
            return Reason.MAX_RUNS
        if policy.is_failing:
            return Reason.BREAKER
        age = self._now - at
        if age > policy.grace:
            if age > policy.window or policy.misfire == MisfirePolicy.SKIP:
                return Reason.MISFIRE
            if policy.misfire == MisfirePolicy.RUN_LATEST and not is_latest:
                return Reason.MISFIRE
            self._is_catching_up = policy.misfire == MisfirePolicy.RUN_ALL
        if self._is_catching_up and age > _LATE:
            return self._catch_up()
        return Reason.OVERLAP if self._unfinished >= _room(policy.overlap) else None

    def _catch_up(self) -> Reason | None:
        """Of what is caught up all is queued, up to its own limit."""
        if self._catchup_left == 0:
            return Reason.CATCHUP
        self._catchup_left -= 1
        return None

    def _spread(self, slot: DueSlot) -> timedelta:
        if not self._policy.spread_seconds:
            return timedelta(0)
        seconds = self._policy.spread_seconds
        return spread_delay(self._policy.key, slot.at, slot.following, seconds)

    def _slot(
        self, slot: DueSlot, due_at: datetime, reason: Reason | None, note: str | None
    ) -> Slot:
        if reason is None:
            self._unfinished += 1
            if self._runs_left is not None:
                self._runs_left -= 1
        dates = slot.rule.business_dates(slot.at)
        return Slot(
            scheduled_for=slot.at,
            due_at=due_at,
            is_late=self._now - due_at > _LATE,
            reason=reason,
            note=note,
            business_date=dates.business_date,
            previous_business_date=dates.previous,
            next_business_date=dates.next,
        )


def _room(overlap: Overlap) -> int:
    """How many unfinished executions keep another from being opened."""
    match overlap:
        case Overlap.SKIP:
            return 1
        case Overlap.QUEUE_ONE:
            return 2  # one under way and one waiting
    return MOST_WAITING


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
