"""Commands in shells as they are: streams that are closed, bytes that are no text, odd names."""

import os
import re
import subprocess
import sys

import pytest
from django.db import connection

from executions.models import JobExecution
from jobs.definitions import set_job_status
from jobs.models import JobStatus
from scheduler_project.environment import BASE_DIR
from tests.factories import TESTER, make_execution, make_job, make_schedule
from tests.integration.executions.calling import read, refuse, run
from tests.integration.executions.test_retention import write_log

FOREIGN = "evil\x1b]0;pwn\x9b31m"
SHOWN = "evil\N{SYMBOL FOR ESCAPE}]0;pwn\N{REPLACEMENT CHARACTER}31m"


def shell(line: str) -> tuple[int, str, str]:
    """Run ``manage.py`` by a shell that reads ``line``; return exit code, output and errors."""
    at = connection.settings_dict
    url = f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
    done = subprocess.run(
        ["/bin/bash", "-c", f"{sys.executable} manage.py {line}"],
        cwd=BASE_DIR,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.django_db(transaction=True)
def test_without_standard_input_nobody_is_asked() -> None:
    execution = make_execution(make_job(name="Alpha"))

    code, _, err = shell("cancel --job Alpha <&-")

    assert (code, err.count("\n")) == (1, 1)
    assert "Nobody can be asked here: add --yes" in err
    execution.refresh_from_db()
    assert execution.status == "scheduled"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("line", ["trigger Alpha >&-", "trigger Alpha --json >&-"])
def test_without_standard_output_nothing_is_done(line: str) -> None:
    make_job(name="Alpha")

    code, _, err = shell(line)

    assert (code, err.count("\n")) == (1, 1)
    assert "Standard output is closed" in err
    assert not JobExecution.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_without_standard_error_the_answer_still_comes() -> None:
    make_job(name="Alpha")

    assert shell("trigger Alpha --wait 0.1 2>&- >/dev/null")[0] == 3
    assert shell("trigger Beta 2>&-") == (1, "", "")
    assert JobExecution.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("argument", ["$'Alph\\xff'", "Alpha --param name=$'Alph\\xff'"])
def test_bytes_that_are_no_text_are_refused_in_one_line(argument: str) -> None:
    make_job(name="Alpha")

    code, _, err = shell(f"trigger {argument}")

    assert (code, err.count("\n")) == (1, 1)
    assert "is no UTF-8 text; nothing was done." in err
    assert not JobExecution.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_reader_that_has_read_enough_sees_no_traceback() -> None:
    for number in range(300):
        make_job(name=f"Job {number}")

    code, out, err = shell("jobs --limit 300 --json | head -n 1")

    assert (code, out, err) == (0, "[\n", "")


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["jobs", "executions", "schedules"])
def test_what_a_terminal_would_obey_is_shown_in_lists_and_kept_in_json(command: str) -> None:
    job = make_job(name=FOREIGN)
    make_execution(job, status="failed", error_message=FOREIGN)
    make_schedule(job)

    out, _ = run(command)

    assert SHOWN in out
    assert not re.search("[\x1b\x9b]", out)
    assert FOREIGN in read(command)[0].values()


@pytest.mark.django_db
def test_so_is_it_in_logs_refusals_and_questions() -> None:
    job = make_job(name=FOREIGN)
    execution = make_execution(job, status="running")
    write_log(execution, 1, at=execution.due_at)
    execution.log_lines.update(message=FOREIGN)
    assert f"{SHOWN}\n" in run("logs", str(execution.pk))[0]

    question = str(refuse("cancel", "--job", str(job.pk)))
    set_job_status(actor=TESTER, job=job, status=JobStatus.DISABLED)
    refusal = str(refuse("trigger", str(job.pk)))

    assert question.startswith(f"Cancel 1 execution of {SHOWN}?")
    assert refusal.startswith(f"Job {SHOWN} is disabled")
