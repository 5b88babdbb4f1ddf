"""What becomes of due slots: which run, when, and why the others do not. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from executions.states import Reason
from jobs.models import MisfirePolicy, Overlap
from jobs.schedules import Rule
from jobs.schedules.spread import spread_delay

MOST_WAITING = 1_000
"""So many unfinished executions of one schedule at most, whatever its overlap."""

_LATE = timedelta(seconds=1)


@dataclass(frozen=True)
class Policy:
    """What a schedule says about its slots, and how it stands at present."""

    key: str
    misfire: MisfirePolicy
    grace: timedelta
    window: timedelta
    max_catchup: int
    overlap: Overlap
    spread_seconds: int
    runs_left: int | None
    unfinished: int
    is_failing: bool = False


@dataclass(frozen=True)
class DueSlot:
    """A nominal slot, the rule it is of, and the slot after it, due or not."""

    at: datetime
    rule: Rule
    following: datetime | None


@dataclass(frozen=True)
class Slot:
    """One due slot and what becomes of it: opened for ``due_at``, or skipped for ``reason``."""

    scheduled_for: datetime
    due_at: datetime
    is_late: bool
    reason: Reason | None
    note: str | None = None
    business_date: date | None = None
    previous_business_date: date | None = None
    next_business_date: date | None = None


def decide_slots(due: Sequence[DueSlot], policy: Policy, *, now: datetime) -> list[Slot]:
    """Say what becomes of each due slot, oldest first; none after the last run that is allowed."""
    slots: list[Slot] = []
    latest = _latest(due, now)
    decider = _Decider(policy, now)
    for slot in due:
        if decider.runs_left == 0:
            break
        slots.append(decider.decide(slot, is_latest=slot is latest))
    return slots


def _latest(due: Sequence[DueSlot], now: datetime) -> DueSlot | None:
    """The last due slot that nothing excludes; None when later ones are due beyond ``due``."""
    if due and due[-1].following is not None and due[-1].following <= now:
        return None
    running = (slot for slot in reversed(due) if _runs_at(slot) is not None)
    return next(running, None)


def _runs_at(slot: DueSlot) -> datetime | None:
    """When a slot runs by its exclusions; None when it does not, or together with a later one."""
    verdict = slot.rule.judge(slot.at)
    if verdict is None:
        return slot.at
    if verdict.until is None or _runs_by(slot.rule, slot.following, verdict.until):
        return None
    return verdict.until


class _Decider:
    def __init__(self, policy: Policy, now: datetime) -> None:
        self._policy = policy
        self._now = now
        self._unfinished = policy.unfinished
        self._catchup_left = max(policy.max_catchup - policy.unfinished, 0)
        self.runs_left = policy.runs_left

    def decide(self, slot: DueSlot, *, is_latest: bool) -> Slot:
        verdict = slot.rule.judge(slot.at)
        if verdict is None:
            reason = self._reason(slot.at, is_latest=is_latest)
            due_at = slot.at + self._spread(slot) if reason is None else slot.at
            return self._slot(slot, due_at, reason)
        name = verdict.exclusion.name
        excluded = Reason.HOLIDAY if verdict.exclusion.reason == "holiday" else Reason.BLACKOUT
        if verdict.until is None:
            return self._slot(slot, slot.at, excluded, f"Excluded by {name}.")
        if _runs_by(slot.rule, slot.following, verdict.until):
            note = f"Excluded by {name} until {verdict.until:%Y-%m-%dT%H:%M:%SZ}; a later slot"
            return self._slot(slot, slot.at, excluded, f"{note} runs then for both.")
        reason = self._reason(verdict.until, is_latest=is_latest)
        return self._slot(slot, verdict.until, reason, f"Deferred by {name}.")

    def _reason(self, at: datetime, *, is_latest: bool) -> Reason | None:
        """Why a slot that is meant to run at ``at`` does not; None when it does."""
        policy = self._policy
        if policy.is_failing:
            return Reason.BREAKER
        age = self._now - at
        if age > policy.grace:
            if age > policy.window or policy.misfire == MisfirePolicy.SKIP:
                return Reason.MISFIRE
            if policy.misfire == MisfirePolicy.RUN_LATEST and not is_latest:
                return Reason.MISFIRE
            if policy.misfire == MisfirePolicy.RUN_ALL:
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
        self, slot: DueSlot, due_at: datetime, reason: Reason | None, note: str | None = None
    ) -> Slot:
        if reason is None:
            self._unfinished += 1
            if self.runs_left is not None:
                self.runs_left -= 1
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


def _runs_by(rule: Rule, slot: datetime | None, instant: datetime) -> bool:
    """Whether ``slot`` runs at ``instant`` or before."""
    if slot is None:
        return False
    verdict = rule.judge(slot)
    at = slot if verdict is None else verdict.until
    return at is not None and at <= instant
