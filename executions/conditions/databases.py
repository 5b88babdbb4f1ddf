"""The check that asks a database: one value of one query, and nothing else comes back."""

import math
from contextlib import closing
from decimal import Decimal

import psycopg
from django.conf import settings

from executions.conditions.bounded import CheckFailed, Overran, ask_bounded
from jobs.conditions.terms import SqlCheck

_TYPES = ("bool", "int2", "int4", "int8", "float4", "float8", "numeric")
_OIDS = frozenset(psycopg.adapters.types[name].oid for name in _TYPES)
_MISWRITTEN = "42"
"""The class of errors that tell of the query, and not of data."""
_EXAMPLE = "SELECT count(*) > 0 FROM orders"


def ask_sql(check: SqlCheck) -> tuple[bool, str]:
    """Whether the only value of the first row is true or not 0; nothing can be changed by it."""
    named = dict(entry.split("=", 1) for entry in settings.SCHEDULER_CONDITION_DATABASES)
    url = named.get(check.database)
    if url is None:
        raise CheckFailed(
            f"no database {check.database!r} is named in SCHEDULER_CONDITION_DATABASES"
        )
    try:
        # The server ends the query before that, if nothing between here and there swallows it.
        is_so, why = ask_bounded(lambda: _ask(url, check), seconds=check.timeout + 1)
    except Overran:
        raise CheckFailed(
            f"database {check.database}: the query took longer than {check.timeout:g} s,"
            " or too much memory"
        ) from None
    return is_so, why


def _ask(url: str, check: SqlCheck) -> tuple[bool, str]:
    connect_timeout = max(math.ceil(check.timeout), 2)
    try:
        link = psycopg.connect(
            url,
            connect_timeout=connect_timeout,
            application_name="scheduler-condition",
            tcp_user_timeout=1000 * connect_timeout,
        )
    except psycopg.Error as error:
        raise _failed(check, f"no connection ({type(error).__name__})") from None
    with closing(link), link.cursor() as cursor:
        link.read_only = True
        _open(cursor, check)
        try:
            row = cursor.execute("FETCH 1 FROM condition").fetchone()
        except psycopg.Error as error:
            # It has read data by now, and its message may tell them.
            raise _failed(check, _name(error, check)) from None
    return _judge(row[0] if row else None)


def _open(cursor: psycopg.Cursor[tuple[object, ...]], check: SqlCheck) -> None:
    """Open a cursor on the query, and see what it will answer before it is run."""
    try:
        # Asked first: once a transaction has read anything, it cannot be made writable.
        limit = f"{int(check.timeout * 1000)}ms"
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [limit])
        # The binary format comes by a protocol that takes a single statement only.
        query = b"DECLARE condition NO SCROLL CURSOR FOR\n" + check.query.encode()
        cursor.execute(query, binary=True)
        cursor.execute("FETCH 0 FROM condition")
    except psycopg.Error as error:
        raise _failed(check, _explain(error, check)) from None
    columns = cursor.description or []
    if len(columns) != 1 or columns[0].type_code not in _OIDS:
        found = ", ".join(column.type_display for column in columns[:3]) or "nothing"
        more = f" and {len(columns) - 3} more" if len(columns) > 3 else ""
        raise CheckFailed(
            f"the query answers {found}{more}; let it answer one boolean or number: {_EXAMPLE}"
        )


def _explain(error: psycopg.Error, check: SqlCheck) -> str:
    """What was wrong with the query, where the message cannot hold data."""
    if error.sqlstate is None or not error.sqlstate.startswith(_MISWRITTEN):
        return _name(error, check)
    said = error.diag.message_primary or _name(error, check)
    if isinstance(error, psycopg.errors.SyntaxError):
        return f"{said}; write one query that returns rows: {_EXAMPLE}"
    return said


def _name(error: psycopg.Error, check: SqlCheck) -> str:
    """What kind of error it is, without its message."""
    if isinstance(error, psycopg.errors.QueryCanceled):
        return f"the query took longer than {check.timeout:g} s"
    if error.sqlstate is None:
        return f"the connection broke ({type(error).__name__})"
    return (
        f"the query failed with {error.sqlstate} ({type(error).__name__});"
        " the message is not kept, as it may hold data"
    )


def _failed(check: SqlCheck, why: str) -> CheckFailed:
    return CheckFailed(f"database {check.database}: {why}")


def _judge(value: object) -> tuple[bool, str]:
    if isinstance(value, bool | int | float | Decimal):
        return bool(value), f"the query answered {value}"
    return False, "the query answered nothing"
