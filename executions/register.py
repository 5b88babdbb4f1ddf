"""Processes report themselves here, so that people and the dispatcher know who is there."""

import os
import socket

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from core.sql import load

REPORT = load(__file__, "report_process")


def report(
    *,
    name: str,
    kind: str,
    queues: list[str] | None = None,
    concurrency: int = 0,
    is_starting: bool = False,
    is_stopping: bool = False,
    using: BaseDatabaseWrapper = connection,
) -> None:
    """Say that this process is alive, that it has just come, or that it goes."""
    REPORT.rows(
        using=using,
        name=name,
        kind=kind,
        hostname=socket.gethostname(),
        pid=os.getpid(),
        queues=queues or [],
        concurrency=concurrency,
        is_starting=is_starting,
        is_stopping=is_stopping,
    )
