"""``manage.py up``: the whole platform on one machine, under one Ctrl-C."""

import argparse
import contextlib
import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from scheduler_project.demo import QUEUE
from scheduler_project.embedded import servers
from scheduler_project.embedded.errors import EmbeddedServerError
from scheduler_project.embedded.servers import RunningServers
from scheduler_project.environment import BASE_DIR, VAR_DIR
from scheduler_project.supervisor import credentials, preflight, preparation
from scheduler_project.supervisor.announcer import announce, platform_addresses
from scheduler_project.supervisor.errors import CannotStart
from scheduler_project.supervisor.manager import Manager
from scheduler_project.supervisor.processes import Choices, platform_commands


class Command(BaseCommand):
    """Checks first, then servers, tables, account and demo, then the processes until the end."""

    help = "Run the whole platform on this machine; Ctrl-C stops it."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the options."""
        parser.add_argument("--host", default="127.0.0.1", help="where the web server listens")
        parser.add_argument("--port", type=positive, default=8000)
        parser.add_argument("--flower-port", type=positive, default=5555)
        parser.add_argument("--workers", type=positive, default=1, help="how many workers")
        parser.add_argument("--concurrency", type=positive, default=2, help="slots per worker")
        parser.add_argument("--queues", help="names with commas between")
        parser.add_argument("--no-demo", action="store_true", help="create no demo jobs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until Ctrl-C or SIGTERM (exit code 0), or until something fails (1)."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with_demo = not options["no_demo"]
        options["queues"] = options["queues"] or (f"default,{QUEUE}" if with_demo else "default")
        choices = Choices(**{name: options[name] for name in Choices.__annotations__})
        try:
            died = self._run(choices, with_demo=with_demo)
        except KeyboardInterrupt:
            died = None
        except (CannotStart, EmbeddedServerError) as error:
            raise CommandError(str(error)) from error
        if died:
            raise CommandError(f"{died} ended on its own, so everything else was stopped too")
        self._say("Stopped.")

    def _run(self, choices: Choices, *, with_demo: bool) -> str | None:
        """Return the name of the process that ended the run, if none of them was asked to."""
        given = preflight.check_all(choices)
        key = credentials.secret_key()
        with self._start_servers(given) as running:
            urls = {**given, **(servers.read_env(VAR_DIR) or {})} if running else given
            environment = preparation.child_environment(urls, key, choices, with_demo=with_demo)
            self._say("Bringing the database up to date ...")
            preparation.make_static_directory()
            preparation.migrate(environment)
            preparation.create_system_jobs(environment)
            password = preparation.create_first_account(environment)
            if password:
                self._say(f"Made the account admin with the password {password}: keep it.")
            if with_demo:
                preparation.create_demo_jobs(environment)
            login = credentials.flower_environment(key)
            addresses = platform_addresses(choices, password, login["FLOWER_BASIC_AUTH"])
            manager = Manager(running, after_start=lambda: announce(addresses, manager.say))
            for command in platform_commands(choices, login):
                own = {**environment, **command.environment}
                manager.add_process(command.name, command.arguments, env=own, cwd=BASE_DIR)
            manager.loop()
            return manager.died

    def _start_servers(
        self, given: dict[str, str]
    ) -> contextlib.AbstractContextManager[RunningServers | None]:
        """Start what was not given; it stops after everything else."""
        missing = {"DATABASE_URL", "REDIS_URL"} - given.keys()
        if not missing:
            return contextlib.nullcontext()
        self._say(f"Starting the embedded servers in {VAR_DIR} ...")
        return servers.start(
            VAR_DIR, postgres="DATABASE_URL" in missing, valkey="REDIS_URL" in missing
        )

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def positive(text: str) -> int:
    """Read an option that counts something."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number
