"""Who writes a rule's version must not miss a calendar or a window that changes at that moment.

A change of either lets all its schedules follow, but cannot see one that is being created, or being
changed, and is not committed yet. So whoever writes versions holds this lock together with others
of the kind, and whoever changes what rules depend on holds it alone. It is taken before any row is
locked, or the two could wait for each other.
"""

from django.db import connection

_KEY = 0x5C4ED002


def hold_surroundings() -> None:
    """Wait until no calendar or window is being changed, and keep it so in this transaction."""
    _lock("SELECT pg_advisory_xact_lock_shared(%s)")


def try_to_hold_surroundings() -> bool:
    """The same without waiting; return whether it is so."""
    return bool(_lock("SELECT pg_try_advisory_xact_lock_shared(%s)"))


def change_surroundings() -> None:
    """Wait until nobody writes versions, and let nobody do so in this transaction."""
    _lock("SELECT pg_advisory_xact_lock(%s)")


def _lock(statement: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement, [_KEY])
        return cursor.fetchone()[0]
