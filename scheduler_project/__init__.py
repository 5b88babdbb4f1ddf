"""The composition root: settings, processes, addresses and the embedded servers.

Celery finds its application here (``celery -A scheduler_project``).
"""

from scheduler_project.celery import app as celery_app

__all__ = ["celery_app"]
