"""Every example of the documents does what the page says, on a running platform."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from scheduler_project.embedded import ports
from scheduler_project.embedded.binaries import find_postgres
from tests.documents.reading import Example, matches, read_examples
from tests.documents.shell import Shell
from tests.platform import ROOT, SHORT_TIMES, Platform, PlatformProcess, until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(240),
]

# Pages that take a platform for granted; the others start one themselves.
PAGES = [
    ROOT / "README.md",
    ROOT / "docs/authoring.md",
    ROOT / "docs/backfill.md",
    ROOT / "docs/celery-tasks.md",
    ROOT / "docs/http-jobs.md",
    ROOT / "docs/scheduling.md",
    ROOT / "docs/workflows.md",
    ROOT / "docs/runs.md",
    ROOT / "docs/limits.md",
    ROOT / "docs/locks.md",
    ROOT / "docs/why.md",
]
PAGES_THAT_START_ONE = [ROOT / "docs/operations.md"]
DOCUMENTED_PORT = "8000"


class Stage:
    """A platform, and a shell beside it, in which a page's examples are played."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "checkout"
        self.folder.mkdir()
        self.platform = Platform(folder, SHORT_TIMES)
        self.port = str(ports.choose())
        self.worker: PlatformProcess | None = None
        self.environment = {
            **self.platform.environment,
            "PATH": f"{find_postgres(folder, None)}:{os.environ['PATH']}",
            "PYTHONPATH": f"{self.folder}:{ROOT}",
            "JOB_MODULES": "",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.shell = Shell(self.folder, self.environment)

    def write(self, example: Example) -> None:
        """Write a file; workers know only what was there when they started."""
        name = example.word("file")
        assert name, f"{example.place}: name the file"
        (self.folder / name).write_text(example.text)
        if "@job_handler" in example.text:
            self.environment["JOB_MODULES"] = Path(name).stem
            if self.worker:
                self.worker.end()
                self.start_worker()

    def start(self) -> None:
        """Start what ``bin/up`` would."""
        self.platform.start_beat()
        self.start_worker()
        self.platform.start_web(port=self.port)

    def start_worker(self) -> None:
        names = ("PYTHONPATH", "JOB_MODULES", "PYTHONDONTWRITEBYTECODE")
        env = {name: self.environment[name] for name in names}
        allowed = {
            "SCHEDULER_ALLOWED_COMMANDS": f"{self.folder}/*",
            "SCHEDULER_SECRETS_DIR": f"{self.folder}/secrets",
            "OUTBOUND_ALLOWED_CIDRS": "127.0.0.0/8",
        }
        self.worker = self.platform.start_worker(**env, **allowed)

    def play(self, example: Example) -> None:
        """Run a shell example: it has to succeed and to print what the page says."""
        script = example.text.replace(DOCUMENTED_PORT, self.port)
        if "service" in example.words:
            log = self.shell.start(script)
            ready = (example.prints or "").strip()
            until(lambda: ready in log.read_text(), within=60, what=f"{example.place}: {ready}")
            return
        code, printed = self.shell.run(script)
        assert code == 0, f"{example.place} ended with {code}:\n{printed}"
        if example.prints is not None:
            expected = example.prints.replace(DOCUMENTED_PORT, self.port)
            assert matches(printed, expected), f"{example.place} printed:\n{printed}"

    def end(self) -> None:
        self.shell.end()
        self.platform.end()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    User.objects.create_superuser("admin", "admin@example.com", "a long enough password")
    stage = Stage(tmp_path)
    yield stage
    stage.end()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_examples_of_a_page_run(stage: Stage, page: Path) -> None:
    stage.start()
    play(stage, page)


@pytest.mark.parametrize("page", PAGES_THAT_START_ONE, ids=lambda page: page.name)
def test_the_examples_of_a_page_that_starts_the_platform_run(stage: Stage, page: Path) -> None:
    play(stage, page)


def play(stage: Stage, page: Path) -> None:
    examples = read_examples(page)
    assert examples, page
    for example in examples:
        elsewhere = example.word("elsewhere")
        if elsewhere:
            assert (ROOT / elsewhere).is_file(), f"{example.place}: {elsewhere} is missing"
        elif example.language == "python":
            stage.write(example)
        else:
            stage.play(example)
