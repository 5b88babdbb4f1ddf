"""An archived job has no schedule left, whoever made one at the same moment."""

from contextlib import suppress

import pytest

from core.errors import Conflict
from jobs.definitions import set_job_status
from jobs.models import JobSchedule, JobStatus
from tests.concurrency.racing import race
from tests.factories import TESTER, make_job, make_schedule

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


def create_unless_archived(job):
    with suppress(Conflict):
        make_schedule(job)


def test_no_schedule_outlives_its_job():
    made = 0
    for _ in range(30):
        job = make_job()
        race(
            lambda job=job: create_unless_archived(job),
            lambda job=job: set_job_status(actor=TESTER, job=job, status=JobStatus.ARCHIVED),
            lambda job=job: create_unless_archived(job),
        )
        made += JobSchedule.objects.filter(job=job).count()
        assert not JobSchedule.objects.unarchived().filter(job=job).exists()

    assert made > 0  # or the race was none
