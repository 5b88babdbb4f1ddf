"""Are the servers there, new enough, up to date, and of the same time?"""

from datetime import UTC, datetime

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from kombu.exceptions import KombuError
from kombu.utils.url import maybe_sanitize_url
from redis.exceptions import RedisError

from core.program import PROGRAM
from scheduler_project.doctor.finding import Finding, fail, ok, warn

_OLDEST_POSTGRESQL = 180_000
_CLOCK_DIFFERENCE_SECONDS = 1.0


def check_database() -> Finding:
    """Can it be reached, and is it PostgreSQL 18 or newer?"""
    about = "database"
    try:
        connection.ensure_connection()
        version = connection.pg_version  # type: ignore[attr-defined]
    except (DatabaseError, InterfaceError) as error:
        return fail(about, _first_line(error), f"Start `{PROGRAM} up`, or check DATABASE_URL.")
    said = f"PostgreSQL {version // 10_000}.{version % 10_000}"
    if version < _OLDEST_POSTGRESQL:
        return fail(about, said, "PostgreSQL 18 or newer is needed.")
    return ok(about, said)


def check_broker() -> Finding:
    """Does it answer?"""
    about, url = "broker", maybe_sanitize_url(settings.CELERY_BROKER_URL)
    try:
        with current_app.connection_for_write() as link:
            link.ensure_connection(max_retries=1, interval_start=0, timeout=3)
    except (KombuError, RedisError, OSError) as error:
        return fail(
            about, f"{url}: {_first_line(error)}", f"Start `{PROGRAM} up`, or check REDIS_URL."
        )
    return ok(about, url)


def check_migrations() -> Finding:
    """Does the database have the tables this code expects?"""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        names = ", ".join(f"{m.app_label}.{m.name}" for m, _ in missing[:3])
        return fail(
            "migrations", f"{len(missing)} to apply ({names}, …)", f"Run `{PROGRAM} migrate`."
        )
    return ok("migrations", "all applied")


def check_clock() -> Finding:
    """Does this machine agree with the database about the time?"""
    before = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs = cursor.fetchone()[0]
    ours = before + (datetime.now(UTC) - before) / 2
    seconds = (ours - theirs).total_seconds()
    said = f"this machine is {abs(seconds):.3f} s {'ahead' if seconds > 0 else 'behind'}"
    if abs(seconds) > _CLOCK_DIFFERENCE_SECONDS:
        return warn("clock", said, "The database's time counts. Synchronise both (NTP).")
    return ok("clock", said)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
