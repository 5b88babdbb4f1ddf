"""The Celery application of a team that knows nothing of this platform."""

import os
import time
from pathlib import Path

from celery import Celery

app = Celery(
    "shop",
    broker=os.environ.get("SHOP_BROKER"),
    backend=os.environ.get("SHOP_RESULTS"),
    set_as_current=False,
)
app.conf.broker_connection_retry_on_startup = True


class OutOfStock(Exception):
    """What a task of the shop may raise."""


@app.task(name="shop.add")
def add(x: int, y: int = 0) -> int:
    return x + y


@app.task(name="shop.fail")
def fail(message: str) -> None:
    raise OutOfStock(message)


@app.task(name="shop.answer")
def answer(size: int) -> str:
    return "x" * size


@app.task(name="shop.wait")
def wait(evidence: str, seconds: float = 60.0) -> str:
    """Say who has begun, and go on until the file ``go`` is there."""
    folder = Path(evidence)
    with (folder / "begun").open("a") as begun:
        begun.write(f"{wait.request.id}\n")
    ends_at = time.monotonic() + seconds
    while not (folder / "go").exists() and time.monotonic() < ends_at:
        time.sleep(0.02)
    with (folder / "done").open("a") as done:
        done.write(f"{wait.request.id}\n")
    return "done"
