"""Locks that handlers of all workers share, kept in Redis: ``context.lock``.

What such a lock can promise, and what it cannot, is told in ``docs/locks.md``.
"""

from executions.locking.breaking import break_lock
from executions.locking.holding import Locks
from executions.locking.listing import LockShown, WaiterShown, list_locks
from executions.locking.store import LockWait, find_wait

__all__ = [
    "LockShown",
    "LockWait",
    "Locks",
    "WaiterShown",
    "break_lock",
    "find_wait",
    "list_locks",
]
