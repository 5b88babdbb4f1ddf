"""Ways to Celery's own view of tasks and workers; none while ``FLOWER_URL`` is empty."""

from urllib.parse import quote
from uuid import UUID

from django.conf import settings


def task_url(execution_id: UUID, fence: int) -> str:
    """Return Flower's page of one attempt: its message is named by execution and fence."""
    return _url("task", f"{execution_id}.{fence}")


def worker_url(name: str) -> str:
    """Return Flower's page of a worker."""
    return _url("worker", name)


def _url(kind: str, name: str) -> str:
    base = settings.FLOWER_URL.rstrip("/")
    return f"{base}/{kind}/{quote(name, safe='@.')}" if base else ""
