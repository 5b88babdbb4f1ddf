"""The admin's lists and pages find their rows by index, whatever is asked for."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.clock import database_now
from tests.bench.history import History, fill
from tests.integration.api.test_list_plans import EXECUTIONS as SIZE
from tests.integration.api.test_list_plans import LARGE, explain, waste
from tests.integration.executions.admin_pages import EXECUTIONS, JOBS, QUEUES, WORKERS, job_page

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]


def queries(history: History) -> Iterator[str]:
    """Yield what operators ask of the list of executions."""
    now = database_now()
    long_ago = (now - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    yesterday = (now - timedelta(days=1)).date()
    yield from ("", "p=20", "when=1h", "when=yesterday", f"to={long_ago}")
    for status in ("succeeded", "failed", "cancelled", "skipped", "retrying", "running"):
        yield f"status={status}"
    yield from ("status=unfinished", "status=failures", "status=ended", "status=ended&p=20")
    yield from ("status=failures&when=24h", f"status=ended&to={long_ago}")
    yield from ("status=failures&when=ended-today", f"status=ended&when=ended-{yesterday}")
    yield from ("category=category 3", "category=category 3&status=failures", "team=team 9")
    yield from ("queue=default", "origin=manual", "origin=manual&status=timed_out")
    for job in (history.busiest, history.barred, history.daily):
        yield f"job={job.pk}"
        yield f"job={job.pk}&status=failures"
    yield from ("attention=exceeding", f"q={history.logged.pk}", "q=job 200")


def wasted(client: Client, url: str) -> list[str]:
    """Return what the statements of a page read in vain."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200, url
    asked = [query["sql"] for query in captured if LARGE in query["sql"]]
    with psycopg.ClientCursor(connection.connection) as cursor:
        return [line for sql in asked for line in waste(explain(cursor, sql))]


def test_no_page_reads_history_that_it_does_not_show(as_alice: Client) -> None:
    history = fill(SIZE)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    pages = [f"{EXECUTIONS}?{query}" for query in queries(history)]
    pages += [JOBS, QUEUES, WORKERS, job_page(history.busiest), reverse("admin:index")]
    pages.append(reverse("admin:executions_jobexecution_change", args=[history.logged.pk]))
    wasteful = {url: wasted(as_alice, url) for url in pages}
    assert {url: lines for url, lines in wasteful.items() if lines} == {}
