"""``manage.py demo``: jobs to look at."""

from typing import Any

from django.core.management.base import BaseCommand

from scheduler_project.demo.story import tell


class Command(BaseCommand):
    """May be called again and again: it creates only what is missing."""

    help = "Create the demo jobs that are missing, with their schedules, and run each once."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say which jobs were created."""
        created = tell()
        self.stdout.write(
            f"Created: {', '.join(created)}." if created else "All demo jobs are there already."
        )
