"""How long lists and figures take with 1,000,000 executions, through the whole HTTP stack."""

import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx2
from django.contrib.auth.models import User
from django.db import connection
from rich.console import Console

from audit.tokens import issue_token
from audit.trail import Actor
from core.api.paging import Place
from executions.models import JobExecution
from executions.rollups import roll_up
from scheduler_project.embedded import ports
from tests.bench.history import History, fill
from tests.bench.report import Table, percentile
from tests.platform import PlatformProcess, until

WARM_UP = 5
CALLS = 60
AIM_MS = 50
_BENCH = Actor(name="bench", id="bench")

Cases = dict[str, str]


def measure(*, say: Console) -> list[Table]:
    """Fill the history, serve it by one web process, and ask one call after the other."""
    say.print("filling 1,000,000 executions")
    history = fill()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # as autovacuum would leave it
    token = issue_token(actor=_BENCH, user=User.objects.create_superuser("bench"), name="bench")
    tables = []
    with served(token) as client:
        say.print("lists")
        tables.append(take("executions", executions(history), client))
        tables.append(take("jobs, schedules, workers, queues", others(history), client))
        say.print("dashboard")
        tables.append(take("dashboard, no day rolled up", figures(), client))
        roll_up()
        tables.append(take("dashboard, past days rolled up", figures(), client))
    return tables


@contextmanager
def served(token: str) -> Iterator[httpx2.Client]:
    """Have one uvicorn process, and a client that keeps its connection."""
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    port = ports.choose()
    with tempfile.TemporaryDirectory(prefix="scheduler-bench-") as folder:
        server = PlatformProcess(
            [
                *(sys.executable, "-m", "uvicorn", "scheduler_project.asgi:application"),
                *("--port", str(port), "--no-access-log", "--log-level", "warning"),
            ],
            os.environ | {"SCHEDULER_PROCESS": "web", "LOG_LEVEL": "WARNING"},
            Path(folder) / "web.log",
        )
        client = httpx2.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )
        try:
            until(lambda: is_up(client), within=60, what="the web process answers")
            yield client
        finally:
            client.close()
            server.end()


def is_up(client: httpx2.Client) -> bool:
    try:
        return client.get("/health/live").is_success
    except httpx2.TransportError:
        return False


def take(title: str, cases: Cases, client: httpx2.Client) -> Table:
    """Ask for each address in turn, again and again, so that all meet the same disturbances."""
    table = Table(
        "lists", f"{title}, {CALLS} calls each", ["asked", "rows", "KiB", "p50 ms", "p95 ms"]
    )
    times: dict[str, list[float]] = {name: [] for name in cases}
    answers = {}
    for call in range(WARM_UP + CALLS):
        for name, address in cases.items():
            began = time.perf_counter()
            answers[name] = client.get(address)
            if call >= WARM_UP:
                times[name].append(1000 * (time.perf_counter() - began))
    for name, answer in answers.items():
        if not answer.is_success:
            table.add(name, None, None, None, f"answers {answer.status_code}")
            continue
        body = answer.json()
        rows = len(body.get("results", [body]) if isinstance(body, dict) else body)
        p50, p95 = (round(percentile(times[name], percent), 1) for percent in (50, 95))
        table.add(name, rows, round(len(answer.content) / 1024), p50, p95)
    return table


def executions(history: History) -> Cases:
    """Each filter alone, and the combinations that find little or what is long ago."""
    busiest, barred, daily = history.busiest.pk, history.barred.pk, history.daily.pk
    now = datetime.now(UTC).replace(microsecond=0)
    old = f"fromUtc={show(now - timedelta(days=100))}&toUtc={show(now - timedelta(days=99))}"
    deep = Place(nth(history.size * 9 // 10)).encode()
    cases = {
        "all": "",
        "200 rows": "pageSize=200",
        "a page after nine tenths of all": f"cursor={deep}",
        "200 rows with outputs of 128 KB": f"pageSize=200&job={history.voluminous.pk}",
        "failed": "status=failed",
        "failed or timed out": "status=failed&status=timed_out",
        "cancelled (3 rows)": "status=cancelled",
        "retrying (no row)": "status=retrying",
        "running": "status=running",
        "all but succeeded": "&".join(f"status={n}" for n in range(1, 10) if n != 3),
        "a job of 170,000 rows": f"job={busiest}",
        "a job of 120 rows": f"job={daily}",
        "that large job, cancelled": f"job={busiest}&status=cancelled",
        "that large job, by hand (3 rows)": f"job={busiest}&isManual=true",
        "that large job, retrying (no row)": f"job={busiest}&status=retrying",
        "a job that only skips, failed (no row)": f"job={barred}&status=failed",
        "a category": "category=category 4",
        "a category, failed 100 days ago": "category=category 3&status=failed",
        "a category, cancelled (no row)": "category=category 4&status=cancelled",
        "a team": "teamName=team 3",
        "a team, failed by hand": "teamName=team 3&status=failed&isManual=true",
        "a queue": "queue=default",
        "a day 100 days ago": old,
        "that day, failed": f"{old}&status=failed",
        "that day, one job": f"{old}&job={daily}",
        "that day, cancelled (no row)": f"{old}&status=cancelled",
        "by hand": "isManual=true",
        "by hand, timed out (no row)": "isManual=true&status=timed_out",
        "by schedule": "isManual=false",
    }
    addresses = {name: f"/api/executions?{query}" for name, query in cases.items()}
    return addresses | {
        "/running": "/api/executions/running",
        "/failed-today": "/api/executions/failed-today",
        "/job/{id}": f"/api/executions/job/{busiest}",
        "/{id}": f"/api/executions/{history.logged.pk}",
        "/{id}/logs of 10,000 lines": f"/api/executions/{history.logged.pk}/logs",
    }


def others(history: History) -> Cases:
    """Rows of other kinds, with what they tell of executions."""
    return {
        "jobs": "/api/jobs",
        "jobs, 200 rows": "/api/jobs?pageSize=200",
        "jobs of a team, by a part of the name": "/api/jobs?teamName=team 3&search=job",
        "a job of 170,000 rows": f"/api/jobs/{history.busiest.pk}",
        "a job that has only skipped 170,000 times": f"/api/jobs/{history.barred.pk}",
        "that job's schedules": f"/api/jobs/{history.barred.pk}/schedules",
        "schedules, 200 rows": "/api/schedules?pageSize=200",
        "workers": "/api/workers",
        "queues": "/api/queues",
    }


def figures() -> Cases:
    return {
        name: f"/api/dashboard/{name}"
        for name in (
            "stats",
            "execution-trends?days=7",
            "execution-trends?days=90",
            "top-failing-jobs",
            "top-failing-jobs?days=90",
            "upcoming-jobs",
            "stale-jobs",
        )
    }


def show(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def nth(place: int) -> UUID:
    return JobExecution.objects.order_by("-pk").values_list("pk", flat=True)[place]
