"""What a worker knows is kept from the commands that it starts, which run as its own user."""

import sys

import pytest

from executions.services import trigger
from tests.chaos.promise import assert_kept
from tests.chaos.stage import wait_for
from tests.factories import TESTER, make_job
from tests.platform import Platform

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

# Root reads everything. Without the capabilities that let it (24 is PR_CAPBSET_DROP; SYS_PTRACE,
# SYS_ADMIN, PERFMON) it stands for an ordinary user; for one who is, this changes nothing.
AS_ORDINARY_USER = """
import ctypes, os, sys
for capability in (19, 21, 38):
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""

# Looks at itself, its launcher, the worker child and the worker's main process, in this order.
PRYING = """
pid=$$
for who in itself launcher child main; do
  if grep -q . /proc/$pid/environ; then said="$said $who=$pid:read"; else said="$said $who=$pid"; fi
  pid=$(sed -n "s/^PPid:.//p" /proc/$pid/status)
done
echo "\\"$said\\"" > "$SCHEDULER_OUTPUT_FILE"
"""


def test_a_command_reads_nothing_of_the_worker_that_started_it(platform: Platform) -> None:
    platform.environment["SCHEDULER_ALLOWED_COMMANDS"] = "/bin/sh"
    platform.celery = [sys.executable, "-c", AS_ORDINARY_USER, *platform.celery]
    worker, _ = platform.start()
    job = make_job(
        execution_mode="out_of_process",
        execution_type_name="",
        execution_command=f"/bin/sh -c '{PRYING}'",
    )

    execution = trigger(actor=TESTER, job=job, parameters={})
    wait_for("succeeded", execution)

    assert_kept(platform)
    itself, launcher, child, main = execution.output.split()
    assert (itself[-5:], launcher[-5:]) == (":read", ":read")  # of what it was told itself
    assert (child, main) == (f"child={execution.worker_pid}", f"main={worker.pid}")
