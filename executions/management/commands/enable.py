"""``manage.py enable``: let jobs or schedules run again."""

from executions.management.switching import SwitchingCommand
from jobs.models import JobStatus


class Command(SwitchingCommand):
    """Of a team or category it enables what is disabled; drafts only by name."""

    help = "Enable jobs, all disabled jobs of a team or category, or schedules."
    examples = (
        'enable "Morning greeting" "Evening report"',
        "enable --team Finance --category Reports --yes",
        "enable --schedule 01999999-0000-7000-8000-000000000000",
    )
    target = JobStatus.ACTIVE
    chosen_status = JobStatus.DISABLED
    verb = "enable"
