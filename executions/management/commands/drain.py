"""``manage.py drain``: let a worker take no more work, or take it again."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from rich.text import Text

from audit.command import PlatformCommand, command_actor
from core.program import PROGRAM
from core.times import show_time
from executions.draining import drain, undrain
from executions.models import Worker
from executions.serializers import WorkerSerializer
from executions.workforce import load_of_worker


class Command(PlatformCommand):
    """The worker hears of it within some seconds, and stays alive."""

    help = "Let a worker take no more work and hand back, in time, what it still runs; or undo it."
    examples = (
        "drain worker1@host",
        "drain worker1@host --within 600",
        "drain worker1@host --undo",
    )
    has_json = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the arguments."""
        parser.add_argument("worker", help="its name, as `workers` lists it")
        how = parser.add_mutually_exclusive_group()
        how.add_argument(
            "--within",
            type=float,
            metavar="SECONDS",
            help="hand back then what it still runs (default SCHEDULER_DRAIN_SECONDS)",
        )
        how.add_argument("--undo", action="store_true", help="let it take work again")

    def run(self, options: dict[str, Any]) -> None:
        """Ask it to."""
        actor, name = command_actor(), options["worker"]
        if not Worker.objects.filter(name=name).exists():
            raise CommandError(f"There is no worker {name!r}. `{PROGRAM} workers` lists them.")
        if options["undo"]:
            worker = undrain(actor=actor, name=name)
        else:
            worker = drain(actor=actor, name=name, within=options["within"])
        self.answer(
            options,
            document=lambda: WorkerSerializer(load_of_worker(name)).data,
            shown=lambda: Text(_shown(worker)),
        )


def _shown(worker: Worker) -> str:
    if worker.drain_until is None:
        return f"Worker {worker.name} takes work again."
    return (
        f"Worker {worker.name} takes no more work. What it still runs at"
        f" {show_time(worker.drain_until)} is handed back."
    )
