"""``manage.py breaker``: how the circuit breaker of a job stands; open or close it."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from rich.text import Text

from audit.command import PlatformCommand, command_actor
from core.times import show_time
from executions.circuits import Breaker, breaker_of, close_breaker, open_breaker
from executions.lookup import find_job
from executions.models import CircuitState
from executions.serializers.breakers import show_breaker
from jobs.models import JobDefinition


class Command(PlatformCommand):
    """One line for people, ``--json`` for programs."""

    help = "Show the circuit breaker of a job; open it until somebody closes it, or close it."
    examples = (
        'breaker "Morning greeting"',
        'breaker "Morning greeting" --open "the source answers nonsense"',
        'breaker "Morning greeting" --close',
    )
    has_json = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the arguments."""
        parser.add_argument("job", help="name or id")
        act = parser.add_mutually_exclusive_group()
        act.add_argument("--open", metavar="REASON", help="skip its slots until it is closed")
        act.add_argument("--close", action="store_true", help="let its slots run again")

    def run(self, options: dict[str, Any]) -> None:
        """Do what is asked, and print how it stands then."""
        job = find_job(options["job"])
        if options["open"] is not None:
            if not options["open"].strip():
                raise CommandError("Say why, such as --open 'the source answers nonsense'.")
            breaker = open_breaker(actor=command_actor(), job=job, reason=options["open"])
        elif options["close"]:
            breaker = close_breaker(actor=command_actor(), job=job)
        else:
            breaker = breaker_of(job)
        self.answer(
            options,
            document=lambda: show_breaker(job, breaker),
            shown=lambda: Text(f"The circuit breaker of {job.name} {describe(job, breaker)}"),
        )


def describe(job: JobDefinition, breaker: Breaker) -> str:
    """Say how a breaker stands, as the end of a sentence."""
    if breaker.is_closed:
        often = job.breaker_failures
        rule = f"opens after {_failures(often)}" if often else "is opened by hand only"
        return f"is closed. It {rule}."
    opened = f"{show_time(breaker.since)} by {breaker.by}: {breaker.reason}"
    if breaker.state == CircuitState.HALF_OPEN:
        trial = f"trial {breaker.trial_id}" if breaker.trial_id else "the next slot, as a trial"
        return f"is half open and waits for {trial}. It was opened at {opened}"
    if breaker.half_open_at is None:
        return f"is open until somebody closes it, since {opened}"
    return f"is open until {show_time(breaker.half_open_at)}, since {opened}"


def _failures(count: int) -> str:
    return "one failure" if count == 1 else f"{count} failures in a row"
