"""``manage.py system_jobs``: the platform's own jobs, retention and rollups."""

from typing import Any

from audit.command import PlatformCommand
from scheduler_project.system_jobs.installation import SYSTEM_JOBS, install


class Command(PlatformCommand):
    """May be called again and again, and is, after each migration."""

    help = "Create the platform's own jobs that are missing; those that exist are left as they are."

    def run(self, options: dict[str, Any]) -> None:
        """Say which jobs were created."""
        created = install()
        self.out.print(
            f"Created: {', '.join(created)}." if created else "All system jobs are there already."
        )
        for name in set(created) - {job.name for job in SYSTEM_JOBS}:
            self.aside.print(f"{name} is called so because another job has the name it should get.")
