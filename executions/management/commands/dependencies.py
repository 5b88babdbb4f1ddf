"""``manage.py dependencies``: what waits for what; let a job wait for another, or no longer."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import QuerySet
from rich.table import Table

from audit.command import command_actor
from core.terminal import make_table
from executions.lookup import find_job
from executions.management.dependency_tree import draw_tree, find_connected, words_of
from executions.management.listing import ListingCommand
from jobs.dependencies import add_dependency, remove_dependency
from jobs.models import DependencyCondition, JobDefinition, JobDependency, JobStatus
from jobs.serializers.dependencies import DependencySerializer


class Command(ListingCommand):
    """A list of all, or the tree of one job."""

    help = "Show what a job waits for and what waits for it; let it wait for another job."
    examples = (
        "dependencies",
        'dependencies "Sales report"',
        'dependencies "Sales report" --after "Load sales" --condition completion --delay 60',
        'dependencies "Sales report" --no-longer-after "Load sales"',
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the job and the two acts."""
        super().add_arguments(parser)
        parser.add_argument("job", nargs="?", help="its name or id; all dependencies if left out")
        act = parser.add_mutually_exclusive_group()
        act.add_argument("--after", metavar="UPSTREAM", help="let the job wait for this one")
        act.add_argument("--no-longer-after", metavar="UPSTREAM", help="let it wait no longer")
        parser.add_argument(
            "--condition", choices=DependencyCondition.values, help="how that has to end"
        )
        parser.add_argument("--delay", type=int, metavar="SECONDS", help="after that has ended")
        parser.add_argument(
            "--regardless", action="store_true", help="if it does not end so, run nevertheless"
        )

    def run(self, options: dict[str, Any]) -> None:
        """Change what is asked for, then show the job, or all."""
        is_changing = options["after"] is not None or options["no_longer_after"] is not None
        if is_changing and options["job"] is None:
            raise CommandError("Name the job that is to wait, before --after.")
        if _fields(options) and options["after"] is None:
            raise CommandError("--condition, --delay and --regardless go with --after.")
        if options["job"] is None:
            self._list(options)
            return
        job = find_job(options["job"])
        if is_changing:
            _change(job, options)
        every = list(_unarchived())
        self.answer(
            options,
            document=lambda: DependencySerializer(find_connected(job, every), many=True).data,
            shown=lambda: draw_tree(job, every),
        )

    def _list(self, options: dict[str, Any]) -> None:
        rows = _unarchived().order_by("job__name", "upstream__name")
        self.answer_rows(
            options,
            lambda limit: list(rows[:limit]),
            document=lambda found: DependencySerializer(found, many=True).data,
            shown=_table,
        )


def _fields(options: dict[str, Any]) -> dict[str, Any]:
    fields = {
        "condition": options["condition"],
        "delay_after_completion_seconds": options["delay"],
        "fail_if_dependency_fails": False if options["regardless"] else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _change(job: JobDefinition, options: dict[str, Any]) -> None:
    if options["after"] is not None:
        fields = {"upstream": find_job(options["after"]), **_fields(options)}
        add_dependency(actor=command_actor(), job=job, fields=fields)
        return
    upstream = find_job(options["no_longer_after"])
    dependency = job.dependencies.filter(upstream=upstream).first()
    if dependency is None:
        raise CommandError(f"{job.name} does not wait for {upstream.name}.")
    remove_dependency(actor=command_actor(), dependency=dependency)


def _unarchived() -> QuerySet[JobDependency]:
    archived = JobStatus.ARCHIVED
    rows = JobDependency.objects.exclude(job__status=archived).exclude(upstream__status=archived)
    return rows.select_related("job", "upstream")


def _table(rows: Any) -> Table:
    table = make_table("job", "waits for", "how")
    for row in rows:
        table.add_row(row.job.name, row.upstream.name, words_of(row))
    return table
