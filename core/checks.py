"""Settings that must be right before anything starts, and the database's version."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.db import connections

OLDEST_POSTGRESQL = 18


def check_settings(**_: Any) -> list[CheckMessage]:
    """Check what has no safe default."""
    problems: list[CheckMessage] = []
    if settings.SCHEDULER_ENVIRONMENT not in settings.ENVIRONMENT_BITS:
        problems.append(
            Error(
                f"SCHEDULER_ENVIRONMENT is {settings.SCHEDULER_ENVIRONMENT!r}.",
                hint=f"Use one of {', '.join(settings.ENVIRONMENT_BITS)}.",
                id="core.E001",
            )
        )
    for name, example in (
        ("DATABASE_URL", "postgresql://user:password@host:5432/name"),
        ("REDIS_URL", "redis://:password@host:6379/0"),
    ):
        if not getattr(settings, name):
            problems.append(
                Error(
                    f"{name} is not set.",
                    hint=f"Start bin/up, or set it, such as {example}.",
                    id="core.E002",
                )
            )
    if settings.IS_PRODUCTION and len(settings.SECRET_KEY) < 40:
        problems.append(
            Error(
                "SECRET_KEY is missing or short.",
                hint="Set SECRET_KEY (or SECRET_KEY_FILE) to at least 40 random characters.",
                id="core.E003",
            )
        )
    return problems


def check_postgresql(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Check the server's version; Django asks for database checks when it migrates."""
    problems: list[CheckMessage] = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute("SHOW server_version_num")
            version = int(cursor.fetchone()[0]) // 10_000
        if version < OLDEST_POSTGRESQL:
            problems.append(
                Error(
                    f"The database is PostgreSQL {version}.",
                    hint=f"Use PostgreSQL {OLDEST_POSTGRESQL} or newer.",
                    id="core.E004",
                )
            )
    return problems
