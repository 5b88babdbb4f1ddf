"""Did it run? Each slot of a schedule, worked out anew from its rules, and what became of it.

The slots come from the versions of the rule alone, never from what the planner noted for itself, so
that a slot it has forgotten shows as a hole.
"""

from executions.ledger.entries import ACCOUNTED, FATES, Entry, Fate
from executions.ledger.reading import read_ledger, read_ledgers
from executions.ledger.totals import Totals

__all__ = [
    "ACCOUNTED",
    "FATES",
    "Entry",
    "Fate",
    "Totals",
    "read_ledger",
    "read_ledgers",
]
