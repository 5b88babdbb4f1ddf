"""What runs next by schedule."""

from datetime import datetime

from django.conf import settings

from core.sql import Row, load

UPCOMING = load(__file__, "upcoming")


def upcoming_jobs(*, hours: int = 24, limit: int = 20, now: datetime | None = None) -> list[Row]:
    """Return the schedules that run within ``hours``, earliest first, each with its next run.

    Left out is what would not run: inactive or paused schedules, excluded slots, jobs that are not
    active or may not run in this environment. ``minutesUntilExecution`` is in whole minutes, and 0
    for a slot that is due.
    """
    environment = settings.ENVIRONMENT_BITS[settings.SCHEDULER_ENVIRONMENT]
    return UPCOMING.rows(now=now, hours=hours, limit=limit, environment=environment)
