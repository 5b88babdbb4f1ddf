"""All checks, in an order in which each may rely on those before it."""

from collections.abc import Iterator

from core.clock import database_now
from scheduler_project.doctor import calendars, servers, work
from scheduler_project.doctor.finding import Finding, Level


def examine() -> Iterator[Finding]:
    """Yield the findings; without a database or its tables, what needs them is left out."""
    database = servers.check_database()
    yield database
    yield servers.check_broker()
    if database.level is Level.FAIL:
        return
    yield servers.check_clock()
    migrations = servers.check_migrations()
    yield migrations
    if migrations.level is Level.FAIL:
        return
    now = database_now()
    yield work.check_beat(now)
    yield from work.check_queues(now)
    yield from work.check_holds()
    yield work.check_schedules(now)
    yield from calendars.check_calendars(now)
    yield from calendars.check_standstills(now)
    yield work.check_ledger()
    yield work.check_leases(now)
    yield work.check_days(now)
