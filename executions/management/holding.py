"""What ``pause`` and ``resume`` take beside schedules: a job, a queue, a team, or everything."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from core.program import PROGRAM
from executions.lookup import find_job, find_queue
from executions.serializers.holds import HoldSerializer
from jobs.holds import EVERYTHING, HoldTarget
from jobs.models import Hold, HoldScope

_NAMED = ("job", "queue", "team", "everything")


def add_targets(parser: CommandParser) -> None:
    """Define schedules, and what may be named instead of them."""
    parser.add_argument(
        "schedules", nargs="*", metavar="schedule", help="ids, as `schedules` lists them"
    )
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--job", metavar="NAME", help="a job, by name or id")
    other.add_argument("--queue", metavar="NAME", help="a queue, with all that is in it")
    other.add_argument("--team", metavar="NAME", help="the jobs of a team")
    other.add_argument("--everything", action="store_true", help="all jobs: maintenance")


def read_target(options: dict[str, Any], *, verb: str) -> HoldTarget | None:
    """Return what is named instead of schedules, None where schedules are; else say what to name.

    An empty name is one too, and found nowhere.
    """
    named = [name for name in _NAMED if options[name] not in (None, False)]
    if bool(options["schedules"]) == bool(named):
        raise CommandError(
            f"Say what to {verb}: schedules by their ids, or one of --job, --queue, --team and"
            " --everything."
        )
    match named:
        case ["job"]:
            return HoldTarget(HoldScope.JOB, job=find_job(options["job"]))
        case ["queue"]:
            return HoldTarget(HoldScope.QUEUE, queue=find_queue(options["queue"]))
        case ["team"]:
            return HoldTarget(HoldScope.TEAM, team_name=options["team"])
        case ["everything"]:
            return EVERYTHING
    return None


def find_hold(target: HoldTarget) -> Hold:
    """Return the open hold of a target."""
    rows = Hold.objects.open().filter(
        scope=target.scope, team_name=target.team_name, queue=target.queue, job=target.job
    )
    found = rows.select_related("job").first()
    if found is None:
        named = Hold(**vars(target)).target
        raise CommandError(f"Nobody holds {named} back. `{PROGRAM} holds` lists what is held.")
    return found


def hold_as_json(hold: Hold) -> dict[str, Any]:
    """Return a hold as the REST API shows it."""
    return dict(HoldSerializer(hold).data)
