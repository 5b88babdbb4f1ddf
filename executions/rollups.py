"""Counting finished days once, so that dashboards need not read their executions again."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from core.sql import load
from executions.states import FINAL

UNCOUNTED_DAYS = load(__file__, "uncounted_days")
CLAIM_DAY = load(__file__, "claim_day")
COUNT_DAY = load(__file__, "count_day")
OLDEST_TRANSACTION = load(__file__, "oldest_transaction")

# An execution is completed at its transaction's beginning and seen at its end. The processes of the
# platform end theirs within 30 s; what takes longer is found among PostgreSQL's open transactions,
# as far as this role may see them.
SETTLING_SECONDS = 600.0


@dataclass(frozen=True)
class OpenTransaction:
    """One of PostgreSQL's, by the id of its server process."""

    pid: int
    began_at: datetime


def find_hold_up(*, now: datetime | None = None) -> OpenTransaction | None:
    """Return the oldest open transaction if days that are over wait for its end, else None."""
    row = OLDEST_TRANSACTION.row(now=now, settling=SETTLING_SECONDS)
    return OpenTransaction(row["pid"], row["xact_start"]) if row else None


def roll_up(*, now: datetime | None = None, most_days: int = 400) -> list[date]:
    """Count the UTC days that are over and not counted yet; return them, oldest first.

    Each day is one transaction, and its row in ``RolledUpDay`` is the lock: of several that count
    at once, one counts it. A day without executions is noted as well, so that it is known to be
    empty. Days before the first execution are left alone.
    """
    uncounted = UNCOUNTED_DAYS.rows(
        now=now, statuses=list(FINAL), settling=SETTLING_SECONDS, limit=most_days
    )
    return [row["day"] for row in uncounted if _count(row["day"], now)]


@transaction.atomic
def _count(day: date, now: datetime | None) -> bool:
    """Count one day; return False when somebody else has."""
    if CLAIM_DAY.row(day=day, now=now) is None:
        return False
    COUNT_DAY.rows(day=day, statuses=list(FINAL))
    return True
