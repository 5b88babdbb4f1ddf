"""Holding back a job, a queue, a team or everything; and what becomes of what was held."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from audit.trail import PLATFORM, Actor
from core.clock import database_now
from core.sql import load
from executions.successors import follow
from executions.transitions import take_back
from executions.wake import poke_after_commit
from jobs.holds import HoldTarget, close_hold, open_hold, try_to_serialise_holds
from jobs.models import Hold

SKIP_HELD = load(__file__, "skip_held")


@transaction.atomic
def hold(*, actor: Actor, target: HoldTarget, reason: str, until: datetime | None = None) -> Hold:
    """Hand out nothing of ``target`` until the hold is ended, at ``until`` by itself.

    What no worker has claimed is taken back; what runs goes on. Slots are opened as ever, and wait.
    What a dispatcher is handing out at this very moment is taken back by the next sweep. Raise
    ``InvalidInput`` by field, ``Conflict`` when the target is held already.
    """
    opened = open_hold(actor=actor, target=target, reason=reason, until=until)
    take_back(actor=actor.name)
    return opened


@transaction.atomic
def end_hold(*, actor: Actor, hold: Hold) -> Hold:
    """Let what was held go on; raise ``Conflict`` if the hold is over.

    Slots that passed their misfire grace meanwhile run or are skipped by their schedule's policy,
    unless another hold still covers them. All else runs.
    """
    return _end(close_hold(actor=actor, hold=hold), actor)


def end_due_holds(*, now: datetime | None = None) -> int:
    """End the holds whose time is over, from the instant it was; return how many.

    Beat waits for nobody: while somebody else opens or ends one, it looks again soon.
    """
    ended = 0
    while _end_one(now):
        ended += 1
    return ended


@transaction.atomic
def _end_one(now: datetime | None) -> bool:
    over = Hold.objects.over(now or database_now()).order_by("until")
    if not over.exists() or not try_to_serialise_holds():
        return False
    due = over.select_for_update(skip_locked=True, of=("self",)).first()
    if due is None:
        return False
    _end(close_hold(actor=PLATFORM, hold=due, ended_at=due.until), PLATFORM, now)
    return True


def _end(ended: Hold, actor: Actor, now: datetime | None = None) -> Hold:
    skipped = SKIP_HELD.rows(
        hold=ended.pk,
        now=now,
        actor=actor.name,
        grace=settings.SCHEDULER_MISFIRE_GRACE_SECONDS,
    )
    follow([row["id"] for row in skipped], now=now)
    poke_after_commit()
    return ended
