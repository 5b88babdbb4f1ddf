"""Named SQL statements in files, run on Django's connection with server-side parameters."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

Row = dict[str, Any]

_INCLUDE = "\\ir "


class Statement:
    """One ``.sql`` file. Its first comment lines say what it does and what it returns.

    A line ``\\ir parts/x.sql`` stands for the text of that file, from here, as in psql.

    Django's own cursors bind on the client, so PostgreSQL would plan the text anew each time;
    these statements are the hot ones, so they bind on the server and get prepared.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self.text = "\n".join(_lines(path))

    def rows(self, *, using: BaseDatabaseWrapper = connection, **parameters: Any) -> list[Row]:
        """Run the statement and return all its rows; database errors are Django's."""
        with using.wrap_database_errors:
            using.ensure_connection()
            with psycopg.Cursor(using.connection, row_factory=dict_row) as cursor:
                return cursor.execute(self.text, parameters).fetchall()

    def row(self, *, using: BaseDatabaseWrapper = connection, **parameters: Any) -> Row | None:
        """Return the first row, or None when there is none."""
        rows = self.rows(using=using, **parameters)
        return rows[0] if rows else None


def _lines(path: Path) -> Iterator[str]:
    """The lines of a file without its comments: the text travels with each call."""
    for line in path.read_text().splitlines():
        text = line.split("--")[0].strip()
        if text.startswith(_INCLUDE):
            yield from _lines(path.parent / text.removeprefix(_INCLUDE))
        elif text:
            yield text


def leave_no_transaction(using: BaseDatabaseWrapper = connection) -> None:
    """Close the connection if somebody else's code left it inside a transaction.

    Whatever was written next would share that transaction's fate.
    """
    raw = using.connection
    if raw is not None and not (
        using.autocommit
        and raw.autocommit
        and raw.info.transaction_status == TransactionStatus.IDLE
    ):
        using.close()


def load(module_file: str, name: str) -> Statement:
    """Return the statement ``sql/<name>.sql`` beside the module that asks for it."""
    return Statement(Path(module_file).parent / "sql" / f"{name}.sql")
