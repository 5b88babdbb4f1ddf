"""Checks that reach outside: a web address, a database, a file. Each ends by its own timeout."""

import math
import os
from contextlib import closing
from decimal import Decimal
from typing import Any

import psycopg
from django.conf import settings

from core.outbound.guard import OutboundFailed, OutboundRefused, fetch
from jobs.conditions.terms import FileCheck, HttpCheck, SqlCheck

Answered = tuple[bool, str]


class CheckFailed(Exception):
    """The check has no answer; the message says why, without any secret."""


def ask_http(check: HttpCheck) -> Answered:
    """Whether the address answers with one of the statuses."""
    try:
        status = fetch(check.url, timeout=check.timeout).status
    except (OutboundRefused, OutboundFailed) as error:
        raise CheckFailed(f"{check.url}: {error}") from None
    return status in check.statuses, f"{check.url} answered {status}"


def ask_sql(check: SqlCheck) -> Answered:
    """Whether the first value of the first row is true or not 0; nothing can be changed by it."""
    named = dict(entry.split("=", 1) for entry in settings.SCHEDULER_CONDITION_DATABASES)
    url = named.get(check.database)
    if url is None:
        raise CheckFailed(
            f"no database {check.database!r} is named in SCHEDULER_CONDITION_DATABASES"
        )
    try:
        return _judge(_first_value(url, check.query, check.timeout))
    except psycopg.errors.QueryCanceled:
        raise CheckFailed(f"the query took longer than {check.timeout:g} s") from None
    except psycopg.Error as error:
        said = error.diag.message_primary or f"no connection ({type(error).__name__})"
        raise CheckFailed(f"database {check.database}: {said}") from None


def _first_value(url: str, query: str, timeout: float) -> Any:
    connect_timeout = max(math.ceil(timeout), 2)
    with closing(
        psycopg.connect(
            url,
            connect_timeout=connect_timeout,
            application_name="scheduler-condition",
            tcp_user_timeout=1000 * connect_timeout,
        )
    ) as link:
        link.read_only = True
        with link.cursor() as cursor:
            # Asked first: once a transaction has read anything, it cannot be made writable.
            limit = f"{int(timeout * 1000)}ms"
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [limit])
            # One row at a time, by a protocol that takes a single statement only.
            row = next(iter(cursor.stream(query.encode())), None)
    return row[0] if row else None


def _judge(value: object) -> Answered:
    if isinstance(value, bool | int | float | Decimal):
        return bool(value), f"the query answered {value}"
    if value is None:
        return False, "the query answered nothing"
    raise CheckFailed(
        f"the query answered a {type(value).__name__}; let it answer a boolean or a number"
    )


def ask_file(check: FileCheck) -> Answered:
    """Whether the file or folder is there, below one of the folders that may be looked at."""
    real = os.path.realpath(check.file)
    roots = [os.path.realpath(root) for root in settings.SCHEDULER_CONDITION_FILE_ROOTS]
    if not any(os.path.commonpath((root, real)) == root for root in roots):
        raise CheckFailed(f"{check.file} is not below any folder of SCHEDULER_CONDITION_FILE_ROOTS")
    is_there = os.path.exists(real)
    return is_there, f"{check.file} {'exists' if is_there else 'does not exist'}"
