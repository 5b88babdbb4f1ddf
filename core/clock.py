"""The one clock: PostgreSQL's. Processes may disagree about the time, rows may not."""

from datetime import datetime
from typing import cast

from django.db import connection


def database_now() -> datetime:
    """Return the database's time (aware, UTC); inside a transaction, the time it began."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        return cast(datetime, cursor.fetchone()[0])
