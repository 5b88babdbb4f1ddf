"""``enable`` and ``disable``: jobs by name, by team or category, or single schedules."""

from typing import Any, ClassVar

from django.core.management.base import CommandError, CommandParser

from audit.command import PlatformCommand, command_actor
from core.bulk import Bulk, act_on_each
from executions.lookup import find_job, find_schedule
from executions.management.choosing_jobs import add_team_and_category, choose_jobs
from executions.management.outcome import tell
from jobs.bulk import set_status_of_jobs
from jobs.models import JobDefinition, JobSchedule, JobStatus
from jobs.scheduling import change_schedule

_MOST_NAMED = 10


class SwitchingCommand(PlatformCommand):
    """Changes what is named, or after a question all jobs of a team or category."""

    has_json = True
    target: ClassVar[JobStatus]
    chosen_status: ClassVar[JobStatus]
    """Of a team or category only these are switched: an unfinished draft is not enabled so."""
    verb: ClassVar[str]

    def add_arguments(self, parser: CommandParser) -> None:
        """Define what can be chosen."""
        parser.add_argument("jobs", nargs="*", metavar="job", help="names or ids")
        add_team_and_category(parser)
        parser.add_argument(
            "--schedule",
            action="append",
            default=[],
            metavar="ID",
            help="a schedule instead of a job; may be repeated",
        )
        parser.add_argument("--yes", action="store_true", help="do not ask about many jobs")

    def run(self, options: dict[str, Any]) -> None:
        """Find everything first, so that a typing error changes nothing."""
        is_group = options["team"] is not None or options["category"] is not None
        if [bool(options["jobs"]), is_group, bool(options["schedule"])].count(True) != 1:
            raise CommandError(
                f"Say what to {self.verb}: jobs by name or id, or --team and --category,"
                " or --schedule."
            )
        if options["schedule"]:
            self._tell_schedules(options, self._switch_schedules(options))
        else:
            jobs = self._choose(options) if is_group else list(map(find_job, options["jobs"]))
            self._tell_jobs(options, self._switch_jobs(jobs, options))

    def _choose(self, options: dict[str, Any]) -> list[JobDefinition]:
        chosen = list(choose_jobs(options).filter(status=self.chosen_status))
        if chosen:
            names = ", ".join(job.name for job in chosen[:_MOST_NAMED])
            more = ", …" if len(chosen) > _MOST_NAMED else ""
            count = f"{len(chosen)} jobs" if len(chosen) > 1 else "1 job"
            question = f"{self.verb.capitalize()} {count} ({names}{more})?"
            self.confirm(question, is_sure=options["yes"])
        else:
            self.aside.print(f"Nothing to {self.verb}: none of them is {self.chosen_status}.")
        return chosen

    def _switch_jobs(
        self, jobs: list[JobDefinition], options: dict[str, Any]
    ) -> Bulk[JobDefinition]:
        return set_status_of_jobs(
            actor=command_actor(), jobs=jobs, status=self.target, reason=options.get("reason")
        )

    def _switch_schedules(self, options: dict[str, Any]) -> Bulk[JobSchedule]:
        actor, fields = command_actor(), {"is_active": self.target == JobStatus.ACTIVE}
        return act_on_each(
            list(map(find_schedule, options["schedule"])),
            lambda schedule: change_schedule(actor=actor, schedule=schedule, fields=fields),
        )

    def _tell_jobs(self, options: dict[str, Any], outcome: Bulk[JobDefinition]) -> None:
        tell(
            self,
            options,
            outcome,
            as_json=lambda job: {"id": str(job.pk), "name": job.name, "status": job.status},
            shown=lambda job: f"{job.name} is {job.status}.",
        )

    def _tell_schedules(self, options: dict[str, Any], outcome: Bulk[JobSchedule]) -> None:
        tell(
            self,
            options,
            outcome,
            as_json=lambda schedule: {
                "id": str(schedule.pk),
                "jobName": schedule.job.name,
                "isActive": schedule.is_active,
            },
            shown=lambda schedule: (
                f"Schedule {schedule.pk} of {schedule.job.name} is"
                f" {'enabled' if schedule.is_active else 'disabled'}."
            ),
        )
