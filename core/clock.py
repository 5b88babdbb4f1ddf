"""The one clock: PostgreSQL's. Processes may disagree about the time, rows may not."""

from datetime import datetime
from typing import cast

from django.db import connection


def database_now() -> datetime:
    """Return the database's time (aware, UTC); inside a transaction, the time it began."""
    return _ask("SELECT now()")


def database_clock() -> datetime:
    """Return what the database's clock shows at this moment, also late in a transaction.

    Who has waited for a lock must not act on the time before it: others have acted meanwhile.
    """
    return _ask("SELECT clock_timestamp()")


def _ask(question: str) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cast(datetime, cursor.fetchone()[0])
