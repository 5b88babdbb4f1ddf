"""A real worker of the shop (``tests/celery_shop.py``), and what its tasks leave behind."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import redis
from django.conf import settings

from tests.platform import ROOT, PlatformProcess, until

QUEUE = "shop"


def begun(folder: Path) -> list[str]:
    """Return the ids of the tasks that have begun to wait, in order."""
    path = folder / "begun"
    return path.read_text().splitlines() if path.exists() else []


def addresses() -> tuple[str, str]:
    """Return the shop's broker and its results: databases of their own, beside the platform's."""
    server = str(settings.CELERY_BROKER_URL).rpartition("/")[0]
    return f"{server}/5", f"{server}/6"


@contextlib.contextmanager
def working(folder: Path) -> Iterator[PlatformProcess]:
    """Run a worker of the shop, with an empty broker and no results."""
    broker, results = addresses()
    for url in (broker, results):
        with contextlib.closing(redis.Redis.from_url(url)) as client:
            client.flushdb()
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    environment |= {"SHOP_BROKER": broker, "SHOP_RESULTS": results}
    command = ["-m", "celery", "-A", "tests.celery_shop", "worker", "-n", f"shop{os.getpid()}@%h"]
    command += ["-c", "1", "-Q", QUEUE, "--without-gossip", "--without-mingle", "-l", "INFO"]
    worker = PlatformProcess([sys.executable, *command], environment, folder / "shop.log")
    try:
        until(lambda: worker.says(" ready."), within=60, what="the shop's worker is ready")
        yield worker
    finally:
        worker.end()
