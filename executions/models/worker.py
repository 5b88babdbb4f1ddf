"""The processes of the platform that report themselves."""

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


def alive_since(now: datetime) -> datetime:
    """Return since when a process must have reported itself to count as alive: three heartbeats."""
    return now - timedelta(seconds=3 * settings.SCHEDULER_HEARTBEAT_SECONDS)


class WorkerQuerySet(models.QuerySet["Worker"]):
    def alive(self, since: datetime) -> Self:
        return self.filter(stopped_at__isnull=True, last_seen_at__gte=since)


class Worker(models.Model):
    """One Celery worker or beat, as it last reported itself (database time)."""

    class Kind(models.TextChoices):
        WORKER = "worker"
        BEAT = "beat"

    name = models.TextField(primary_key=True)
    kind = models.CharField(max_length=16, choices=Kind)
    hostname = models.TextField()
    pid = models.PositiveIntegerField()
    queues = ArrayField(models.TextField(), default=list)
    concurrency = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    drain_requested_at = models.DateTimeField(null=True)
    drain_requested_by = models.TextField(null=True)
    drain_until = models.DateTimeField(null=True, help_text="When what still runs is handed back.")

    objects = WorkerQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name
