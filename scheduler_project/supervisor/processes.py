"""Which processes make up the platform on one machine, and how each is started."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

# Without the banners: they repeat what the options say.
CELERY = (sys.executable, "-m", "celery", "-q", "-A", "scheduler_project")


@dataclass(frozen=True)
class Choices:
    """What the options of ``up`` say."""

    host: str
    port: int
    flower_port: int
    workers: int
    concurrency: int
    queues: str


@dataclass(frozen=True)
class Command:
    """One process: its name in the log, its command line, what its environment adds."""

    name: str
    arguments: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


def platform_commands(choices: Choices, flower_secrets: dict[str, str]) -> Iterator[Command]:
    """Yield the web server, beat, the workers and Flower."""
    yield Command("web", _web(choices), {"SCHEDULER_PROCESS": "web"})
    yield Command("beat", (*CELERY, "beat", "--pidfile="), {"SCHEDULER_PROCESS": "beat"})
    for number in range(1, choices.workers + 1):
        name = f"worker{number}"
        yield Command(name, _worker(name, choices), {"SCHEDULER_PROCESS": "worker"})
    yield Command("flower", _flower(choices), {"SCHEDULER_PROCESS": "flower", **flower_secrets})


def _web(choices: Choices) -> tuple[str, ...]:
    return (
        *(sys.executable, "-m", "uvicorn", "scheduler_project.asgi:application"),
        *("--host", choices.host, "--port", str(choices.port)),
        *("--no-access-log", "--lifespan", "off", "--timeout-graceful-shutdown", "5"),
    )


def _worker(name: str, choices: Choices) -> tuple[str, ...]:
    return (
        *CELERY,
        *("worker", "-n", f"{name}@%h", "-Q", choices.queues, "-c", str(choices.concurrency)),
        *("-E", "--without-gossip", "--without-mingle", "--loglevel", "INFO"),
    )


def _flower(choices: Choices) -> tuple[str, ...]:
    return (
        *CELERY,
        *("flower", f"--port={choices.flower_port}", "--address=127.0.0.1"),
        *("--max_tasks=10000", "--logging=warning"),
    )
