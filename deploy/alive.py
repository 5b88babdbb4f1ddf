#!/usr/bin/env python3
"""Exit 0 if the beat or worker of this container is well: ``alive.py beat|worker``.

It is well when it reported itself lately, which is asked of its row in PostgreSQL, without Django:
this runs every half minute. While PostgreSQL is away nobody can tell, and while the broker is away
a worker's reports stand still. Ending the process would mend neither, so both pass for well.
"""

import os
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

MOST_SECONDS_SILENT = 120
CONNECT_SECONDS = 3
SEEN = """
    SELECT extract(epoch FROM now() - max(last_seen_at))::float8
    FROM executions_worker
    WHERE kind = %s AND hostname = %s AND stopped_at IS NULL
"""


def find_fault(kind: str) -> str | None:
    """Return what is wrong with the ``kind`` of process that runs here; None when it is well."""
    try:
        seconds = seconds_silent(kind)
    except psycopg.Error:
        return None
    if seconds is not None and seconds <= MOST_SECONDS_SILENT:
        return None
    if kind == "worker" and not broker_answers():
        return None
    return "has not reported itself" if seconds is None else f"silent for {seconds:.0f} s"


def seconds_silent(kind: str) -> float | None:
    """Return how long ago this host's process reported itself; None when it never did."""
    with psycopg.connect(setting("DATABASE_URL"), connect_timeout=CONNECT_SECONDS) as connection:
        row = connection.execute(SEEN, [kind, socket.gethostname()]).fetchone()
    return row[0] if row else None


def broker_answers() -> bool:
    """Return whether the broker says anything, and be it that it wants a password."""
    url = urlsplit(setting("REDIS_URL"))
    address = (url.hostname or "127.0.0.1", url.port or 6379)
    try:
        with socket.create_connection(address, timeout=CONNECT_SECONDS) as link:
            link.sendall(b"PING\r\n")
            link.recv(1)
    except OSError:
        return False
    return True


def setting(name: str) -> str:
    """Return a setting, from the file that ``<name>_FILE`` names if there is one."""
    file = os.environ.get(f"{name}_FILE")
    return Path(file).read_text().strip() if file else os.environ[name]


if __name__ == "__main__":
    sys.exit(find_fault(sys.argv[1]))
