"""What people do to jobs: versions, audit, refusals."""

from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from audit.models import JobAudit
from audit.trail import Actor
from core.clock import database_now
from core.errors import Conflict, InvalidInput
from jobs.definitions import change_job, create_job, set_job_status
from jobs.models import JobDefinition, JobStatus, JobVersion, Queue
from jobs.models.definition import SNAPSHOT_FIELDS
from tests.factories import TESTER, make_job, make_schedule

pytestmark = pytest.mark.django_db

ALICE = Actor(name="alice", id="7", request_id=UUID(int=9))
CHANGES: dict[str, Any] = {
    "name": "renamed",
    "description": "new",
    "category": "reports",
    "execution_assembly": "Some.Assembly",
    "execution_type_name": "tests.other",
    "execution_command": "true",
    "container_image": "image:1",
    "timeout_seconds": 301,
    "max_retries": 3,
    "retry_strategy": "linear",
    "base_delay_seconds": 31,
    "max_delay_seconds": 3_601,
    "max_concurrent_executions": 11,
    "allowed_environments": 3,
    "allow_manual_trigger": False,
    "expected_duration_seconds": 60,
    "parameter_schema": {"type": "object"},
    "priority": 6,
    "queue_id": "slow",
}


def last_audit() -> JobAudit:
    return JobAudit.objects.order_by("-id")[0]


def problems(refusal: pytest.ExceptionInfo[InvalidInput]) -> dict[str, str]:
    return {problem.field: problem.code for problem in refusal.value.problems}


# --- Create


def test_a_new_job_has_a_first_version_an_owner_and_an_audit_entry() -> None:
    now = database_now()

    job = create_job(
        actor=ALICE,
        fields={"name": "nightly", "priority": 7},
        ownership={"team_name": "Payments", "owner_email": "p@example.com"},
    )

    stored = JobDefinition.objects.get()
    assert (stored.name, stored.status, stored.version) == ("nightly", "active", 1)
    assert stored.created_by == "alice"
    assert job.created_at == stored.created_at >= now
    version = JobVersion.objects.get()
    assert (version.job, version.number, version.created_by) == (stored, 1, "alice")
    assert version.snapshot == stored.snapshot()
    assert stored.ownership.team_name == "Payments"
    entry = JobAudit.objects.get()
    assert (entry.action, entry.actor, entry.actor_id) == ("JobCreated", "alice", "7")
    assert (entry.object_type, entry.object_id) == ("job", str(job.id))
    assert (entry.object_label, entry.request_id) == ("nightly", UUID(int=9))
    assert (entry.before, entry.after) == (None, stored.snapshot())


def test_a_job_without_owner_has_an_empty_ownership() -> None:
    assert str(make_job().ownership) == "nobody"


def test_the_callers_claim_is_kept_beside_who_he_is() -> None:
    job = create_job(actor=Actor(name="service", claims="Alice"), fields={"name": "nightly"})

    assert job.created_by == "Alice"
    entry = JobAudit.objects.get()
    assert (entry.actor, entry.claimed_actor) == ("service", "Alice")


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"name": ""}, "name", "blank"),
        ({"name": "x" * 201}, "name", "max_length"),
        ({"timeout_seconds": 0}, "timeout_seconds", "min_value"),
        ({"timeout_seconds": -1}, "timeout_seconds", "min_value"),
        ({"timeout_seconds": "soon"}, "timeout_seconds", "invalid"),
        ({"timeout_seconds": None}, "timeout_seconds", "null"),
        ({"max_retries": 11}, "max_retries", "max_value"),
        ({"retry_strategy": "often"}, "retry_strategy", "invalid_choice"),
        ({"execution_mode": "by_hand"}, "execution_mode", "invalid_choice"),
        ({"base_delay_seconds": 0}, "base_delay_seconds", "min_value"),
        ({"max_delay_seconds": 0}, "max_delay_seconds", "min_value"),
        ({"max_concurrent_executions": 0}, "max_concurrent_executions", "min_value"),
        ({"allowed_environments": 0}, "allowed_environments", "min_value"),
        ({"allowed_environments": 8}, "allowed_environments", "max_value"),
        ({"priority": 10}, "priority", "max_value"),
        ({"queue_id": "nowhere"}, "queue", "invalid"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_field_is_refused_by_name_and_nothing_is_written(
    fields: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        create_job(actor=ALICE, fields={"name": "nightly", **fields})

    assert problems(refusal)[field] == code
    assert not JobDefinition.objects.exists()
    assert not JobAudit.objects.exists()


def test_all_bad_fields_are_refused_at_once() -> None:
    with pytest.raises(InvalidInput) as refusal:
        create_job(actor=ALICE, fields={"name": "", "priority": 10, "max_retries": 99})

    assert set(problems(refusal)) == {"name", "priority", "max_retries"}


def test_a_bad_owner_is_refused_and_nothing_is_written() -> None:
    with pytest.raises(InvalidInput) as refusal:
        create_job(actor=ALICE, fields={"name": "n"}, ownership={"owner_email": "nobody"})

    assert problems(refusal) == {"owner_email": "invalid"}
    assert not JobDefinition.objects.exists()


@pytest.mark.parametrize("status", ["active", "disabled", "draft"])
def test_a_name_belongs_to_one_job(status: str) -> None:
    known = make_job(name="nightly")
    set_job_status(actor=TESTER, job=known, status=JobStatus(status))

    with pytest.raises(InvalidInput, match="A job of this name exists already"):
        create_job(actor=ALICE, fields={"name": "nightly"})


def test_the_name_of_an_archived_job_is_free_again() -> None:
    for _ in range(3):
        job = make_job(name="nightly")
        set_job_status(actor=TESTER, job=job, status=JobStatus.ARCHIVED)

    assert make_job(name="nightly").status == "active"


# --- Change


@pytest.mark.parametrize("field", CHANGES)
def test_each_change_makes_a_version_and_audits_that_field_alone(field: str) -> None:
    Queue.objects.create(name="slow")
    job = make_job()
    before = job.snapshot()

    changed = change_job(actor=ALICE, job=job, fields={field: CHANGES[field]})

    job.refresh_from_db()
    assert (job.version, changed.version) == (2, 2)
    versions = {version.number: version.snapshot for version in job.versions.all()}
    assert versions == {1: before, 2: {**before, field: CHANGES[field]}}
    entry = last_audit()
    assert (entry.action, entry.actor) == ("JobUpdated", "alice")
    assert (entry.before, entry.after) == ({field: before[field]}, {field: CHANGES[field]})


def test_every_field_of_a_version_can_be_changed() -> None:
    assert set(CHANGES) | {"execution_mode"} == set(SNAPSHOT_FIELDS)


def test_a_change_notes_who_and_when() -> None:
    now = database_now()
    job = make_job()

    change_job(actor=ALICE, job=job, fields={"priority": 9})

    job.refresh_from_db()
    assert (job.updated_by, job.updated_at, job.created_by) == ("alice", now, "tester")


@pytest.mark.parametrize(
    "fields", [{}, {"priority": 5}, {"priority": "5"}, {"queue_id": "default"}], ids=str
)
def test_what_changes_nothing_makes_no_version(fields: dict[str, Any]) -> None:
    job = make_job()

    change_job(actor=ALICE, job=job, fields=fields)

    job.refresh_from_db()
    assert (job.version, job.updated_by) == (1, None)
    assert job.versions.count() == JobAudit.objects.count() == 1


def test_a_change_starts_from_the_stored_job_and_not_from_the_callers_copy() -> None:
    stale = make_job()
    change_job(actor=TESTER, job=stale, fields={"priority": 9})

    changed = change_job(actor=ALICE, job=stale, fields={"timeout_seconds": 7})

    assert (changed.priority, changed.timeout_seconds, changed.version) == (9, 7, 3)
    assert last_audit().before == {"timeout_seconds": 300}


def test_a_bad_change_is_refused_and_changes_nothing() -> None:
    job = make_job()

    with pytest.raises(InvalidInput):
        change_job(actor=ALICE, job=job, fields={"priority": 10, "description": "new"})

    job.refresh_from_db()
    assert (job.version, job.priority, job.description) == (1, 5, "")
    assert JobAudit.objects.count() == 1


def test_a_job_cannot_take_anothers_name() -> None:
    make_job(name="nightly")

    with pytest.raises(InvalidInput, match="exists already"):
        change_job(actor=ALICE, job=make_job(), fields={"name": "nightly"})


def test_an_archived_job_cannot_be_changed() -> None:
    job = set_job_status(actor=TESTER, job=make_job(), status=JobStatus.ARCHIVED)

    with pytest.raises(Conflict, match="is archived") as refusal:
        change_job(actor=ALICE, job=job, fields={"priority": 9})

    assert refusal.value.code == "job_archived"
    assert JobVersion.objects.count() == 1


# --- Status


def test_disabling_notes_who_when_and_why_and_makes_no_version() -> None:
    now = database_now()
    job = make_job()

    set_job_status(actor=ALICE, job=job, status=JobStatus.DISABLED, reason="too slow")

    job.refresh_from_db()
    assert (job.status, job.version) == ("disabled", 1)
    disabled = (job.disabled_by, job.disabled_at, job.disabled_reason)
    assert disabled == ("alice", now, "too slow")
    entry = last_audit()
    assert (entry.action, entry.reason) == ("JobDisabled", "too slow")
    assert (entry.before, entry.after) == ({"status": "active"}, {"status": "disabled"})


def test_enabling_forgets_why_it_was_disabled() -> None:
    job = set_job_status(actor=TESTER, job=make_job(), status=JobStatus.DISABLED, reason="too slow")

    job = set_job_status(actor=ALICE, job=job, status=JobStatus.ACTIVE)

    assert (job.status, job.disabled_by, job.disabled_at) == ("active", None, None)
    assert job.disabled_reason is None
    assert last_audit().action == "JobEnabled"


@pytest.mark.parametrize("status", JobStatus)
def test_the_same_status_again_is_no_act(status: JobStatus) -> None:
    job = set_job_status(actor=TESTER, job=make_job(), status=status)
    entries = JobAudit.objects.count()

    set_job_status(actor=ALICE, job=job, status=status)

    assert JobAudit.objects.count() == entries


def test_archiving_takes_the_schedules_along() -> None:
    now = database_now()
    schedule = make_schedule()

    set_job_status(actor=ALICE, job=schedule.job, status=JobStatus.ARCHIVED)

    schedule.refresh_from_db()
    assert (schedule.archived_at, schedule.is_active) == (now, False)
    assert schedule.next_fire_at is None
    assert last_audit().action == "JobDeleted"


def test_disabling_leaves_the_schedules_as_they_are() -> None:
    schedule = make_schedule()
    due = schedule.next_fire_at

    set_job_status(actor=ALICE, job=schedule.job, status=JobStatus.DISABLED)

    schedule.refresh_from_db()
    assert (schedule.is_active, schedule.next_fire_at) == (True, due)


@pytest.mark.parametrize("status", [JobStatus.ACTIVE, JobStatus.DISABLED, JobStatus.DRAFT])
def test_archiving_cannot_be_undone(status: JobStatus) -> None:
    job = set_job_status(actor=TESTER, job=make_job(), status=JobStatus.ARCHIVED)

    with pytest.raises(Conflict, match="create a new one") as refusal:
        set_job_status(actor=ALICE, job=job, status=status)

    assert refusal.value.code == "job_archived"


# --- The database's own rules


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"timeout_seconds": 0}, "job_timeout_positive"),
        ({"max_retries": 11}, "job_retries_0_to_10"),
        ({"base_delay_seconds": 0}, "job_base_delay_1s"),
        ({"max_delay_seconds": 0}, "job_max_delay_1s"),
        ({"max_concurrent_executions": 0}, "job_concurrency_at_least_one"),
        ({"priority": 10}, "job_priority_0_to_9"),
        ({"allowed_environments": 8}, "job_environments_known"),
        ({"status": "resting"}, "job_status_known"),
    ],
    ids=lambda value: str(value),
)
def test_the_database_refuses_what_validation_refuses(
    change: dict[str, Any], constraint: str
) -> None:
    make_job()

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        JobDefinition.objects.update(**change)
