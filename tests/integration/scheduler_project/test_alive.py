"""What a container's health check says of its beat or worker."""

import os
import socket
import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from core.clock import database_now
from executions.models import Worker
from executions.register import report

pytestmark = pytest.mark.django_db(transaction=True)

NOBODY = "127.0.0.1:1"


def ask(kind: str, **environment: str) -> tuple[int, str]:
    """Run the check as a container does; return its exit code and what it says."""
    database = connection.settings_dict
    url = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    given = {"DATABASE_URL": url, "REDIS_URL": settings.REDIS_URL, **environment}
    done = subprocess.run(
        [sys.executable, "deploy/alive.py", kind],
        env={"PATH": os.environ["PATH"], **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return done.returncode, done.stderr.strip()


def seen(kind: str, at: datetime, **fields: Any) -> Worker:
    values = {"hostname": socket.gethostname(), "pid": 1, "started_at": at, "last_seen_at": at}
    return Worker.objects.create(name=f"{kind}@{fields}", kind=kind, **values | fields)


@pytest.mark.parametrize("kind", ["beat", "worker"])
def test_who_reports_himself_is_well(kind: str) -> None:
    report(name=f"{kind}@here", kind=kind)

    assert ask(kind) == (0, "")


def test_who_was_silent_for_two_minutes_is_not() -> None:
    beat = seen("beat", database_now() - timedelta(seconds=60))
    assert ask("beat") == (0, "")

    Worker.objects.filter(pk=beat.pk).update(last_seen_at=database_now() - timedelta(seconds=121))
    code, said = ask("beat")
    assert (code, said[:13]) == (1, "silent for 12")


def test_only_the_process_of_this_host_and_of_this_kind_counts() -> None:
    now = database_now()
    seen("beat", now, hostname="elsewhere")
    seen("worker", now)
    seen("beat", now, stopped_at=now)

    assert ask("beat") == (1, "has not reported itself")


def test_without_the_database_nobody_can_tell() -> None:
    assert ask("worker", DATABASE_URL=f"postgresql://u:p@{NOBODY}/d") == (0, "")


def test_a_workers_silence_is_excused_while_the_broker_is_away_and_a_beats_is_not() -> None:
    for kind in ("beat", "worker"):
        seen(kind, database_now() - timedelta(hours=1))

    assert ask("worker")[0] == 1
    assert ask("worker", REDIS_URL=f"redis://:p@{NOBODY}/0")[0] == 0
    assert ask("beat", REDIS_URL=f"redis://:p@{NOBODY}/0")[0] == 1


def test_the_addresses_may_come_in_files(tmp_path: Any) -> None:
    report(name="beat@here", kind="beat")
    database = connection.settings_dict
    url = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}\n".format(**database)
    (tmp_path / "database_url").write_text(url)

    assert ask("beat", DATABASE_URL="wrong", DATABASE_URL_FILE=str(tmp_path / "database_url")) == (
        0,
        "",
    )
