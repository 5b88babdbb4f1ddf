"""Jobs, schedules and queues in the admin: every write is a service's."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from audit.models import JobAudit
from jobs.definitions import set_job_status
from jobs.models import JobDefinition, JobSchedule, JobStatus, JobVersion, Queue
from tests.factories import TESTER, make_job, make_schedule

pytestmark = pytest.mark.django_db

JOBS = reverse("admin:jobs_jobdefinition_changelist")
ADD_JOB = reverse("admin:jobs_jobdefinition_add")
ADD_SCHEDULE = reverse("admin:jobs_jobschedule_add")


def page_of(obj: Any) -> str:
    return reverse(f"admin:jobs_{obj._meta.model_name}_change", args=[obj.pk])


@pytest.fixture
def as_bob(client: Client, bob: User) -> Client:
    """Bob may look at jobs and schedules, and no more."""
    bob.is_staff = True
    bob.save()
    bob.user_permissions.set(
        Permission.objects.filter(codename__in=["view_jobdefinition", "view_jobschedule"])
    )
    client.force_login(bob)
    return client


def job_values(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Nightly",
        "execution_mode": "in_process",
        "execution_type_name": "tests.noop",
        "queue": "default",
        "priority": 5,
        "timeout_seconds": 60,
        "max_concurrent_executions": 1,
        "max_retries": 2,
        "retry_strategy": "linear",
        "base_delay_seconds": 1,
        "max_delay_seconds": 10,
        "allowed_environments": [1, 4],
        "allow_manual_trigger": "on",
        "owner_name": "Ann",
        "owner_email": "ann@example.com",
        "parameter_schema": "null",
        **changes,
    }


def schedule_values(job: JobDefinition, **changes: Any) -> dict[str, Any]:
    return {
        "job": str(job.pk),
        "schedule_type": "interval",
        "interval_seconds": 60,
        "timezone": "UTC",
        "is_active": "on",
        "parameters": '{"region": "EU"}',
        **changes,
    }


def do(client: Client, action: str, *rows: Any, **more: Any) -> Any:
    """Do an action of a list; a page's button sends the same."""
    url = reverse(f"admin:jobs_{rows[0]._meta.model_name}_changelist")
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows], "index": "0"}
    return client.post(url, data | more, follow=True)


def test_a_new_job_has_version_owner_and_audit_entry(as_alice: Client) -> None:
    as_alice.post(ADD_JOB, job_values())
    job = JobDefinition.objects.get(name="Nightly")
    assert job.allowed_environments == 5
    assert job.created_by == "alice"
    assert job.ownership.owner_email == "ann@example.com"
    assert JobVersion.objects.filter(job=job, number=1).exists()
    assert JobAudit.objects.get(action="JobCreated").actor == "alice"


def test_a_changed_job_gets_a_new_version(as_alice: Client) -> None:
    job = make_job(name="Nightly")
    as_alice.post(page_of(job), job_values(timeout_seconds=90, owner_name="Bert"))
    job.refresh_from_db()
    assert (job.version, job.timeout_seconds, job.updated_by) == (2, 90, "alice")
    assert JobVersion.objects.get(job=job, number=2).snapshot["timeout_seconds"] == 90
    assert job.ownership.owner_name == "Bert"
    assert JobAudit.objects.get(action="OwnershipChanged").after["owner_name"] == "Bert"


def test_saving_a_job_unchanged_records_nothing(as_alice: Client) -> None:
    as_alice.post(ADD_JOB, job_values())
    job = JobDefinition.objects.get(name="Nightly")
    before = JobAudit.objects.count()
    as_alice.post(page_of(job), job_values())
    job.refresh_from_db()
    assert (job.version, JobAudit.objects.count()) == (1, before)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"max_retries": 11}, "max_retries"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
        ({"allowed_environments": []}, "allowed_environments"),
        ({"owner_email": "no address"}, "owner_email"),
    ],
)
def test_what_is_wrong_with_a_job_stands_at_its_field(
    as_alice: Client, changes: dict[str, Any], field: str
) -> None:
    answer = as_alice.post(ADD_JOB, job_values(**changes))
    assert list(answer.context["adminform"].form.errors) == [field]
    assert not JobDefinition.objects.exists()


def test_two_jobs_of_one_name_are_refused(as_alice: Client) -> None:
    make_job(name="Nightly")
    answer = as_alice.post(ADD_JOB, job_values())
    assert "A job of this name exists already." in answer.text


def test_a_job_is_disabled_with_a_reason_after_a_question(as_alice: Client) -> None:
    job = make_job()
    assert "Disable?" in do(as_alice, "disable", job).text
    job.refresh_from_db()
    assert job.status == JobStatus.ACTIVE
    do(as_alice, "disable", job, _confirmed="1", reason="supplier is down")
    job.refresh_from_db()
    assert (job.status, job.disabled_by, job.disabled_reason) == (
        "disabled",
        "alice",
        "supplier is down",
    )
    assert JobAudit.objects.get(action="JobDisabled").reason == "supplier is down"


def test_a_button_leads_back_to_its_page(as_alice: Client) -> None:
    job = make_job()
    set_job_status(actor=TESTER, job=job, status=JobStatus.DISABLED)
    answer = do(as_alice, "enable", job, _from_page="1")
    assert answer.redirect_chain == [(page_of(job), 302)]
    job.refresh_from_db()
    assert job.status == JobStatus.ACTIVE


def test_an_archived_job_cannot_be_changed_and_says_so(as_alice: Client) -> None:
    job = make_job()
    do(as_alice, "archive", job, _confirmed="1")
    job.refresh_from_db()
    assert job.status == JobStatus.ARCHIVED
    answer = as_alice.get(page_of(job))
    assert 'name="timeout_seconds"' not in answer.text
    assert as_alice.post(page_of(job), job_values()).status_code == 403


def test_a_job_archived_while_its_form_was_open_is_refused(
    as_alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(name="Nightly")
    monkeypatch.setattr("jobs.admin.job.JobAdmin.has_change_permission", lambda *_, **__: True)
    set_job_status(actor=TESTER, job=job, status=JobStatus.ARCHIVED)
    answer = as_alice.post(page_of(job), job_values())
    assert "is archived and cannot be changed" in answer.text


def test_nothing_can_be_deleted(as_alice: Client) -> None:
    for row in (make_job(), make_schedule(), Queue.objects.get(name="default")):
        url = reverse(f"admin:jobs_{row._meta.model_name}_delete", args=[row.pk])
        assert as_alice.post(url, {"post": "yes"}).status_code == 403
        assert "delete_selected" not in as_alice.get(page_of(row)).text


def test_who_may_only_look_can_do_nothing(as_bob: Client) -> None:
    job = make_job()
    assert as_bob.get(JOBS).status_code == 200
    page = as_bob.get(page_of(job)).text
    assert 'name="_save"' not in page
    assert 'name="action"' not in page
    assert do(as_bob, "disable", job, _confirmed="1").status_code == 403
    assert do(as_bob, "run_now", job).status_code == 403
    assert as_bob.post(page_of(job), job_values()).status_code == 403
    job.refresh_from_db()
    assert job.status == JobStatus.ACTIVE


def test_an_action_needs_the_csrf_token(alice: User) -> None:
    job, client = make_job(), Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert do(client, "disable", job, _confirmed="1").status_code == 403
    job.refresh_from_db()
    assert job.status == JobStatus.ACTIVE


def test_a_new_schedule_knows_its_first_slot(as_alice: Client) -> None:
    job = make_job()
    as_alice.post(ADD_SCHEDULE, schedule_values(job))
    schedule = JobSchedule.objects.get()
    assert schedule.next_fire_at is not None
    assert schedule.parameters == {"region": "EU"}
    assert JobAudit.objects.get(action="ScheduleChanged").actor == "alice"


def test_a_changed_schedule_gets_a_new_next_slot(as_alice: Client) -> None:
    schedule = make_schedule()
    values = schedule_values(
        schedule.job, schedule_type="daily", interval_seconds="", time_of_day="06:00:00"
    )
    as_alice.post(page_of(schedule), values)
    schedule.refresh_from_db()
    assert schedule.schedule_type == "daily"
    assert (schedule.next_fire_at.hour, schedule.next_fire_at.minute) == (6, 0)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"schedule_type": "cron", "cron_expression": "61 * * * *"}, "cron_expression"),
        ({"schedule_type": "daily"}, "time_of_day"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"parameters": "[1]"}, "parameters"),
    ],
)
def test_what_is_wrong_with_a_schedule_stands_at_its_field(
    as_alice: Client, changes: dict[str, Any], field: str
) -> None:
    answer = as_alice.post(ADD_SCHEDULE, schedule_values(make_job(), **changes))
    assert list(answer.context["adminform"].form.errors) == [field]
    assert not JobSchedule.objects.exists()


def test_a_schedule_of_an_archived_job_is_refused_in_the_form(as_alice: Client) -> None:
    job = make_job()
    set_job_status(actor=TESTER, job=job, status=JobStatus.ARCHIVED)
    answer = as_alice.post(ADD_SCHEDULE, schedule_values(job))
    assert "is archived" in answer.text
    assert not JobSchedule.objects.exists()


def test_an_archived_schedule_leaves_the_list(as_alice: Client) -> None:
    schedule = make_schedule()
    do(as_alice, "archive", schedule, _confirmed="1")
    schedule.refresh_from_db()
    assert schedule.archived_at is not None
    url = reverse("admin:jobs_jobschedule_changelist")
    assert page_of(schedule) not in as_alice.get(url).text
    assert page_of(schedule) in as_alice.get(url, {"state": "archived"}).text


def test_pausing_a_queue_is_recorded(as_alice: Client) -> None:
    queue = Queue.objects.get(name="default")
    assert "Pause?" in do(as_alice, "pause", queue).text
    do(as_alice, "pause", queue, _confirmed="1", reason="the supplier is down")
    queue.refresh_from_db()
    assert queue.is_paused
    entry = JobAudit.objects.get(action="QueueChanged")
    assert (entry.after, entry.reason) == ({"is_paused": True}, "the supplier is down")
    do(as_alice, "resume", queue, _from_page="1")
    queue.refresh_from_db()
    assert not queue.is_paused


def test_a_queue_is_created_and_its_limit_changed(as_alice: Client) -> None:
    url = reverse("admin:jobs_queue_add")
    answer = as_alice.post(url, {"name": "Not Good", "max_concurrent_executions": ""})
    assert list(answer.context["adminform"].form.errors) == ["name"]
    as_alice.post(url, {"name": "reports", "max_concurrent_executions": "3"})
    queue = Queue.objects.get(name="reports")
    as_alice.post(page_of(queue), {"max_concurrent_executions": "4"})
    queue.refresh_from_db()
    assert queue.max_concurrent_executions == 4
    assert JobAudit.objects.filter(action="QueueChanged").count() == 2


@pytest.mark.parametrize("model", ["jobdefinition", "jobschedule"])
def test_a_longer_list_takes_no_more_queries(
    as_alice: Client, model: str, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        make_schedule()
    with django_assert_max_num_queries(9):
        as_alice.get(reverse(f"admin:jobs_{model}_changelist"))


def test_a_job_page_shows_its_schedules_and_versions(as_alice: Client) -> None:
    schedule = make_schedule()
    page = as_alice.get(page_of(schedule.job)).text
    assert page_of(schedule) in page
    assert "Versions" in page
    assert f"{ADD_SCHEDULE}?job={schedule.job_id}" in page
