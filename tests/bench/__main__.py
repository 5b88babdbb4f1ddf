"""Measure the platform on servers of its own: ``bin/bench [PART ...] [--rounds N] [--json FILE]``.

PostgreSQL writes as safely as in production (fsync on); all is thrown away afterwards.
"""

import argparse
import os
import platform
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
import psutil
from rich.console import Console

from scheduler_project.embedded import servers
from scheduler_project.embedded.servers import RunningServers
from tests.bench import next_fire, report

PARTS = {
    "a": "no-op executions per second, beside Celery without and with a result store",
    "b": "lateness of 1,000 schedules over a minute",
    "c": "from a trigger to the handler's first line",
    "dag": "a workflow 1 -> 100 -> 1 beside 102 independent no-ops and a Celery chord",
    "d": "an idle tick with 10,000 and with 100,000 schedules",
    "lists": "lists and dashboard by REST with 1,000,000 executions",
    "next": "the next fire of a rule, beside croniter and cronsim; needs no servers",
}


def main() -> None:
    arguments = read_arguments()
    console = Console(highlight=False)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    say = Console(stderr=True, highlight=False)
    tables = []
    if "next" in arguments.parts:
        tables += next_fire.measure(say=say)
        arguments.parts.remove("next")
    if arguments.parts:
        with throw_away_servers() as running:
            tables += measure(running, arguments, say)
    report.show(tables, console)
    if arguments.json:
        report.write(tables, arguments.json, describe_machine())


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/bench",
        description=__doc__,
        epilog="\n".join(f"  {part:<5}  {title}" for part, title in PARTS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help="one or more of them; all when left out"
    )
    parser.add_argument(
        "--rounds", type=int, default=3, help="turns of each contender in (a) and (dag)"
    )
    parser.add_argument("--count", type=int, default=3_000, help="no-ops of one turn in (a)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - PARTS.keys()
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    arguments.parts = arguments.parts or list(PARTS)
    return arguments


@contextmanager
def throw_away_servers() -> Iterator[RunningServers]:
    """Have PostgreSQL and Valkey as `up` starts them, and their addresses in the environment."""
    root = Path(tempfile.mkdtemp(prefix="scheduler-bench-"))
    try:
        with servers.start(root, fast=False) as running:
            broker = running.redis_url.rsplit("/", 1)[0]
            os.environ |= {
                "DATABASE_URL": running.database_url,
                "REDIS_URL": running.redis_url,
                "BENCH_RAW_BROKER": f"{broker}/1",
                "BENCH_STORED_BROKER": f"{broker}/2",
                "BENCH_CHORD_BROKER": f"{broker}/3",
                "SECRET_KEY": "of no use to anybody",
                "SCHEDULER_ENVIRONMENT": "DEV",
                "JOB_MODULES": "tests.bench.handlers",
                "DJANGO_SETTINGS_MODULE": "scheduler_project.settings",
            }
            yield running
    finally:
        shutil.rmtree(root, ignore_errors=True)


def measure(
    running: RunningServers, arguments: argparse.Namespace, say: Console
) -> list[report.Table]:
    """Migrate, and measure the parts that were asked for."""
    django.setup()
    # Importable only now that the settings know the servers.
    from django.core.management import call_command

    from jobs.models import Queue
    from tests.bench import dag, idle, latency, lateness, lists, throughput

    call_command("migrate", verbosity=0)
    Queue.objects.get_or_create(name="default")
    measures = {
        "a": lambda: throughput.measure(
            running, rounds=arguments.rounds, count=arguments.count, say=say
        ),
        "b": lambda: lateness.measure(say=say),
        "c": lambda: latency.measure(say=say),
        "dag": lambda: dag.measure(rounds=arguments.rounds, say=say),
        "d": lambda: idle.measure(running, say=say),
        "lists": lambda: lists.measure(say=say),
    }
    return [table for part in arguments.parts for table in measures[part]()]


def describe_machine() -> dict[str, object]:
    """Return what a reader needs to know of the machine."""
    return {
        "cpus": psutil.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
    }


if __name__ == "__main__":
    main()
