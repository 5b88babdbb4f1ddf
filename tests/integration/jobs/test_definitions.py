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
NIGHTLY = {"name": "nightly", "execution_type_name": "tests.noop"}
CHANGES: dict[str, Any] = {
    "execution_options": {"url": "https://reports.example.com/"},
    "concurrency_key": "customer:{customer_id}",
    "max_concurrent_per_key": 2,
    "starts_per_minute": 30,
    "breaker_failures": 3,
    "breaker_seconds": 60,
    "fail_fast": "run",
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
# What a job has to be for the change to be one it takes.
STARTS: dict[str, Any] = {
    "execution_options": {
        "execution_mode": "http",
        "execution_options": {"url": "https://example.com/"},
    },
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
        fields={**NIGHTLY, "priority": 7},
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
    assert (entry.before, entry.after) == (
        None,
        {**stored.snapshot(), "keep_days": None, "keep_executions": None},
    )


def test_a_job_without_owner_has_an_empty_ownership() -> None:
    assert str(make_job().ownership) == "nobody"


def test_the_callers_claim_is_kept_beside_who_he_is() -> None:
    job = create_job(actor=Actor(name="service", claims="Alice"), fields=NIGHTLY)

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
        ({"keep_days": 0}, "keep_days", "min_value"),
        ({"keep_executions": 0}, "keep_executions", "min_value"),
        ({"keep_executions": "many"}, "keep_executions", "invalid"),
        ({"name": "a\x00b"}, "name", "not_storable"),
        ({"execution_command": "true\x00"}, "execution_command", "not_storable"),
        ({"execution_type_name": ""}, "execution_type_name", "required"),
        ({"execution_mode": "out_of_process"}, "execution_command", "required"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_field_is_refused_by_name_and_nothing_is_written(
    fields: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        create_job(actor=ALICE, fields={**NIGHTLY, **fields})

    assert problems(refusal)[field] == code
    assert not JobDefinition.objects.exists()
    assert not JobAudit.objects.exists()


def test_all_bad_fields_are_refused_at_once() -> None:
    with pytest.raises(InvalidInput) as refusal:
        create_job(
            actor=ALICE,
            fields={"name": "", "priority": 10, "max_retries": 99},
            ownership={"owner_email": "nobody"},
        )

    assert problems(refusal) == {
        "name": "blank",
        "priority": "max_value",
        "max_retries": "max_value",
        "execution_type_name": "required",
        "owner_email": "invalid",
    }


def test_a_bad_owner_is_refused_and_nothing_is_written() -> None:
    with pytest.raises(InvalidInput) as refusal:
        create_job(actor=ALICE, fields=NIGHTLY, ownership={"owner_email": "nobody"})

    assert problems(refusal) == {"owner_email": "invalid"}
    assert not JobDefinition.objects.exists()


@pytest.mark.parametrize("status", ["active", "disabled", "draft"])
def test_a_name_belongs_to_one_job(status: str) -> None:
    known = make_job(name="nightly")
    set_job_status(actor=TESTER, job=known, status=JobStatus(status))

    with pytest.raises(InvalidInput, match="A job of this name exists already"):
        create_job(actor=ALICE, fields=NIGHTLY)


def test_the_name_of_an_archived_job_is_free_again() -> None:
    for _ in range(3):
        job = make_job(name="nightly")
        set_job_status(actor=TESTER, job=job, status=JobStatus.ARCHIVED)

    assert make_job(name="nightly").status == "active"


@pytest.mark.parametrize("command", ["", "   ", "\n", "''", '"" --all'])
def test_a_job_out_of_process_needs_a_command(command: str) -> None:
    with pytest.raises(InvalidInput, match="needs its command, such as") as refusal:
        make_job(execution_mode="out_of_process", execution_command=command)

    assert problems(refusal) == {"execution_command": "required"}


@pytest.mark.parametrize(
    ("command", "why"),
    [("echo 'a", "No closing quotation"), ('echo "a', "No closing"), ("a \\", "No escaped")],
)
def test_a_command_that_cannot_be_split_is_refused_with_the_reason(command: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=f"cannot be split into arguments: {why}") as refusal:
        make_job(execution_mode="out_of_process", execution_command=command)

    assert problems(refusal) == {"execution_command": "invalid_command"}


def test_a_job_out_of_process_needs_no_handler_and_one_in_process_no_command() -> None:
    job = make_job(
        execution_mode="out_of_process", execution_type_name="", execution_command="echo 'a b'"
    )

    assert (job.execution_mode, job.execution_command) == ("out_of_process", "echo 'a b'")
    with pytest.raises(InvalidInput, match="needs the registered name of its handler"):
        change_job(actor=ALICE, job=job, fields={"execution_mode": "in_process"})
    fields = {"execution_mode": "in_process", "execution_type_name": "tests.noop"}
    changed = change_job(actor=ALICE, job=job, fields={**fields, "execution_command": "it's"})
    assert changed.execution_command == "it's"


# --- Change


@pytest.mark.parametrize("field", CHANGES)
def test_each_change_makes_a_version_and_audits_that_field_alone(field: str) -> None:
    Queue.objects.create(name="slow")
    job = make_job(**STARTS.get(field, {}))
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


@pytest.mark.parametrize("field", ["keep_days", "keep_executions"])
def test_how_long_history_is_kept_is_changed_and_audited_without_a_version(field: str) -> None:
    now = database_now()
    job = make_job()

    change_job(actor=ALICE, job=job, fields={field: 30})

    job.refresh_from_db()
    assert (getattr(job, field), job.version, job.versions.count()) == (30, 1, 1)
    assert (job.updated_by, job.updated_at) == ("alice", now)
    entry = last_audit()
    assert (entry.action, entry.before, entry.after) == ("JobUpdated", {field: None}, {field: 30})
    change_job(actor=ALICE, job=job, fields={field: None, "priority": 9})
    job.refresh_from_db()
    assert (getattr(job, field), job.version) == (None, 2)
    assert last_audit().after == {field: None, "priority": 9}


def test_the_status_is_not_changed_with_the_fields() -> None:
    job = make_job()

    with pytest.raises(InvalidInput, match="The job is active; its status is changed") as refusal:
        change_job(actor=ALICE, job=job, fields={"status": "disabled", "priority": 9})

    assert problems(refusal) == {"status": "changed_by_itself"}
    changed = change_job(actor=ALICE, job=job, fields={"status": "active", "priority": 9})
    assert (changed.status, changed.priority) == ("active", 9)
    assert last_audit().after == {"priority": 9}


def test_the_owner_is_changed_together_with_the_fields() -> None:
    job = make_job()

    change_job(actor=ALICE, job=job, fields={"priority": 9}, ownership={"team_name": "Payments"})

    job = JobDefinition.objects.get()
    assert (job.priority, job.ownership.team_name) == (9, "Payments")
    actions = JobAudit.objects.order_by("id").values_list("action", flat=True)
    assert list(actions) == ["JobCreated", "JobUpdated", "OwnershipChanged"]


def test_a_bad_owner_keeps_the_fields_from_changing() -> None:
    job = make_job()

    with pytest.raises(InvalidInput) as refusal, transaction.atomic():
        change_job(
            actor=ALICE, job=job, fields={"priority": 9}, ownership={"owner_email": "nobody"}
        )

    assert problems(refusal) == {"owner_email": "invalid"}
    job.refresh_from_db()
    assert (job.priority, job.version, JobAudit.objects.count()) == (5, 1, 1)


def test_a_new_owner_alone_makes_no_version_but_is_a_change() -> None:
    now = database_now()
    job = make_job()

    change_job(actor=ALICE, job=job, fields={}, ownership={"owner_name": "Ann"})

    job.refresh_from_db()
    assert (job.version, job.updated_by, job.updated_at) == (1, "alice", now)
    assert last_audit().action == "OwnershipChanged"


def test_the_callers_claim_is_shown_as_who_changed_a_job() -> None:
    job = make_job()

    change_job(actor=Actor(name="service", claims="Ann"), job=job, fields={"priority": 9})

    job.refresh_from_db()
    assert job.updated_by == "Ann"
    assert (last_audit().actor, last_audit().claimed_actor) == ("service", "Ann")


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


def test_archiving_takes_the_schedules_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.scheduling.database_clock", database_now)
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


# --- Drafts


@pytest.mark.parametrize(
    ("work", "missing", "complete"),
    [
        ({}, "execution_type_name: An in_process job needs", {"execution_type_name": "tests.noop"}),
        (
            {"execution_mode": "out_of_process"},
            "execution_command: An out_of_process job needs its command",
            {"execution_command": "true"},
        ),
        (
            {"execution_mode": "out_of_process", "execution_command": "echo 'a"},
            "execution_command: It cannot be split",
            {"execution_command": "echo 'a'"},
        ),
    ],
    ids=["no handler", "no command", "half a command"],
)
@pytest.mark.parametrize("stays", [JobStatus.DRAFT, JobStatus.DISABLED])
def test_a_draft_may_be_incomplete_until_it_is_enabled(
    work: dict[str, Any], missing: str, complete: dict[str, Any], stays: JobStatus
) -> None:
    draft = create_job(actor=ALICE, fields={"name": "nightly", "status": "draft", **work})
    change_job(actor=ALICE, job=draft, fields={"description": "soon"})
    set_job_status(actor=ALICE, job=draft, status=stays)
    entries = JobAudit.objects.count()

    with pytest.raises(Conflict, match=missing) as refusal:
        set_job_status(actor=ALICE, job=draft, status=JobStatus.ACTIVE)

    assert refusal.value.code == "job_incomplete"
    assert (JobDefinition.objects.get().status, JobAudit.objects.count()) == (stays, entries)
    change_job(actor=ALICE, job=draft, fields=complete)
    assert set_job_status(actor=ALICE, job=draft, status=JobStatus.ACTIVE).status == "active"


def test_only_a_draft_may_be_incomplete() -> None:
    for status in ("active", "disabled"):
        with pytest.raises(InvalidInput) as refusal:
            create_job(actor=ALICE, fields={"name": "nightly", "status": status})
        assert problems(refusal) == {"execution_type_name": "required"}
    with pytest.raises(InvalidInput) as refusal:
        create_job(actor=ALICE, fields={"name": "", "status": "draft", "priority": 10})
    assert problems(refusal) == {"name": "blank", "priority": "max_value"}


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
