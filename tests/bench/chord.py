"""The shape of the workflow in Celery's own words: a call, many at once, a call when all are done.

A chord has to know when its members have ended, so results are kept in Valkey.
"""

import os
from typing import Any

from celery import Celery, chain, chord

from tests.bench.tally import count_call

app = Celery(
    "chord",
    broker=os.environ["BENCH_CHORD_BROKER"],
    backend=os.environ["BENCH_CHORD_BROKER"],
    set_as_current=False,
)


@app.task(name="bench.noop")
def noop(*_: Any) -> Any:
    count_call()


def start(width: int) -> None:
    """Send one whole workflow: 1 -> ``width`` at once -> 1."""
    chain(noop.si(), chord([noop.si() for _ in range(width)], noop.si())).apply_async()
