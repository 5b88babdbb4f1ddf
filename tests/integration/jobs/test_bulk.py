"""Enabling and disabling many jobs: a refusal stops no other."""

import pytest

from audit.models import JobAudit
from jobs.bulk import set_status_of_jobs
from jobs.definitions import set_job_status
from jobs.models import JobDefinition, JobStatus
from tests.factories import TESTER, make_job

pytestmark = pytest.mark.django_db


def statuses(*jobs: JobDefinition) -> list[str]:
    return [JobDefinition.objects.get(pk=job.pk).status for job in jobs]


def test_each_job_is_disabled_with_its_own_entry_and_the_reason() -> None:
    jobs = [make_job() for _ in range(3)]

    outcome = set_status_of_jobs(
        actor=TESTER, jobs=jobs, status=JobStatus.DISABLED, reason="stock-taking"
    )

    assert (outcome.done, outcome.refused) == (jobs, [])
    assert statuses(*jobs) == ["disabled"] * 3
    entries = JobAudit.objects.filter(action="JobDisabled", reason="stock-taking")
    assert {entry.object_id for entry in entries} == {str(job.pk) for job in jobs}


def test_an_archived_job_is_told_and_the_others_are_enabled() -> None:
    archived = set_job_status(actor=TESTER, job=make_job(), status=JobStatus.ARCHIVED)
    disabled = set_job_status(actor=TESTER, job=make_job(), status=JobStatus.DISABLED)

    outcome = set_status_of_jobs(actor=TESTER, jobs=[archived, disabled], status=JobStatus.ACTIVE)

    assert statuses(archived, disabled) == ["archived", "active"]
    ((refused, refusal),) = outcome.refused
    assert (refused, refusal.code) == (archived, "job_archived")
