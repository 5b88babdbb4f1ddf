"""An archived job has no schedule left, whoever made one at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.db import connection, transaction

from core.errors import Conflict
from jobs.definitions import set_job_status
from jobs.models import JobSchedule, JobStatus
from jobs.scheduling import change_schedule
from tests.concurrency.racing import race
from tests.factories import TESTER, make_job, make_schedule
from tests.platform import until

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


def create_until_archived(job):
    with suppress(Conflict):
        while True:
            make_schedule(job)


def archive_amid(job):
    """Archive a job whose schedules are being made."""
    until(lambda: JobSchedule.objects.filter(job=job).exists(), what="the first schedule is there")
    set_job_status(actor=TESTER, job=job, status=JobStatus.ARCHIVED)


def test_no_schedule_outlives_its_job():
    for _ in range(15):
        job = make_job()
        race(
            lambda job=job: create_until_archived(job),
            lambda job=job: archive_amid(job),
            lambda job=job: create_until_archived(job),
        )
        assert JobSchedule.objects.filter(job=job).exists()
        assert not JobSchedule.objects.unarchived().filter(job=job).exists()


def test_a_schedule_that_is_enabled_while_its_job_is_archived_has_nothing_to_come():
    schedule = make_schedule(is_active=False)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            enabled = change_schedule(actor=TESTER, schedule=schedule, fields={"is_active": True})
            archiving = pool.submit(archive_on_own_connection, schedule.job)
            until(is_waited_for, what="archiving waits for the schedule")
        archiving.result(30)

    assert enabled.next_fire_at is not None
    schedule.refresh_from_db()
    assert schedule.archived_at is not None
    assert (schedule.is_active, schedule.next_fire_at) == (False, None)
    assert schedule.versions.get(number=schedule.version).standing == "archived"


def archive_on_own_connection(job):
    try:
        set_job_status(actor=TESTER, job=job, status=JobStatus.ARCHIVED)
    finally:
        connection.close()


def is_waited_for():
    """Whether somebody waits for a row that this transaction has changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks"
            " WHERE NOT granted AND transactionid = pg_current_xact_id()::xid"
        )
        return cursor.fetchone()[0] > 0
