"""Celery as it comes, results ignored: a message and a call, nothing that lasts."""

import os
from typing import Any

from celery import Celery

from tests.bench.tally import count_call

app = Celery("raw", broker=os.environ["BENCH_RAW_BROKER"], set_as_current=False)
app.conf.task_ignore_result = True


@app.task(name="bench.noop")
def noop() -> Any:
    count_call()
