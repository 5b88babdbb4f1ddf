"""Celery with django-celery-results: the usual way to have a history in PostgreSQL."""

import os
from typing import Any

from celery import Celery

from tests.bench.tally import count_call

app = Celery("stored", broker=os.environ["BENCH_STORED_BROKER"], set_as_current=False)
if os.environ["DJANGO_SETTINGS_MODULE"] == "tests.bench.stored_settings":
    # In its worker. The caller only sends; it has the platform's settings.
    app.config_from_object("django.conf:settings", namespace="CELERY")


@app.task(name="bench.noop", ignore_result=False)
def noop() -> Any:
    count_call()
