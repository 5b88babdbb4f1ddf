"""Jobs and queues in the admin: every write is a service's."""

import re
from datetime import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from audit.models import JobAudit
from jobs.definitions import change_job, create_job, set_job_status
from jobs.models import JobDefinition, JobStatus, JobVersion, Queue
from tests.factories import TESTER, make_job, make_schedule
from tests.integration.pages import do, page_of, sign_in

pytestmark = pytest.mark.django_db

JOBS = reverse("admin:jobs_jobdefinition_changelist")
ADD_JOB = reverse("admin:jobs_jobdefinition_add")


@pytest.fixture
def as_bob(client: Client, bob: User) -> Client:
    """Bob may look at jobs and schedules, and no more."""
    return sign_in(client, bob, "view_jobdefinition", "view_jobschedule")


def job_values(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Nightly",
        "execution_mode": "in_process",
        "execution_type_name": "tests.noop",
        "queue": "default",
        "priority": 5,
        "timeout_seconds": 60,
        "max_concurrent_executions": 1,
        "max_concurrent_per_key": 1,
        "breaker_seconds": 300,
        "max_retries": 2,
        "retry_strategy": "linear",
        "base_delay_seconds": 1,
        "max_delay_seconds": 10,
        "fail_fast": "branch",
        "allowed_environments": [1, 4],
        "allow_manual_trigger": "on",
        "owner_name": "Ann",
        "owner_email": "ann@example.com",
        "parameter_schema": "null",
        "dependencies-TOTAL_FORMS": 0,
        "dependencies-INITIAL_FORMS": 0,
        **changes,
    }


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


def test_pausing_a_queue_is_recorded(as_alice: Client) -> None:
    queue = Queue.objects.get(name="default")
    assert "Pause?" in do(as_alice, "pause", queue).text
    do(as_alice, "pause", queue, _confirmed="1", reason="the supplier is down")
    queue.refresh_from_db()
    assert queue.is_paused
    entry = JobAudit.objects.get(action="HoldOpened")
    assert (entry.after, entry.reason) == (
        {"reason": "the supplier is down", "until": None},
        "the supplier is down",
    )
    do(as_alice, "resume", queue, _from_page="1")
    queue.refresh_from_db()
    assert not queue.is_paused


def test_a_queue_is_created_and_its_limit_changed(as_alice: Client) -> None:
    url = reverse("admin:jobs_queue_add")
    answer = as_alice.post(url, {"name": "Not Good", "max_concurrent_executions": ""})
    assert list(answer.context["adminform"].form.errors) == ["name"]
    as_alice.post(url, {"name": "reports", "max_concurrent_executions": "3"})
    queue = Queue.objects.get(name="reports")
    as_alice.post(page_of(queue), {"max_concurrent_executions": "4", "starts_per_minute": "9"})
    queue.refresh_from_db()
    assert (queue.max_concurrent_executions, queue.starts_per_minute) == (4, 9)
    assert JobAudit.objects.filter(action="QueueChanged").count() == 2


@pytest.mark.parametrize("model", ["jobdefinition", "jobschedule"])
def test_a_longer_list_takes_no_more_queries(
    as_alice: Client, model: str, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        make_schedule()
    with django_assert_max_num_queries(9):
        as_alice.get(reverse(f"admin:jobs_{model}_changelist"))


def test_a_job_page_shows_its_schedules_and_what_can_be_done_to_them(as_alice: Client) -> None:
    job = make_job()
    active = make_schedule(job, schedule_type="daily", time_of_day=time(6))
    stopped = make_schedule(job, is_active=False)
    page = as_alice.get(page_of(job)).text
    assert f'href="{page_of(active)}?_back=job">At 06:00 every day, UTC time</a>' in page
    assert f"{reverse('admin:jobs_jobschedule_add')}?job={job.pk}&amp;_back=job" in page
    for schedule, action in ((active, "disable"), (stopped, "enable")):
        button = (
            f'name="action" value="{action}">'
            f'<input type="hidden" name="_selected_action" value="{schedule.pk}">'
        )
        assert button in re.sub(r">\s+<", "><", page)


def test_a_job_page_shows_what_fires_next_of_all_its_schedules(as_alice: Client) -> None:
    job = make_job()
    make_schedule(job, schedule_type="daily", time_of_day=time(6), timezone="Asia/Tokyo")
    make_schedule(job, schedule_type="daily", time_of_day=time(18))
    make_schedule(job, schedule_type="daily", time_of_day=time(12), is_active=False)
    page = as_alice.get(page_of(job)).text
    assert "06:00:00 +09:00</time>" in page
    assert "18:00:00</time>" in page
    assert "12:00:00</time>" not in page


def test_a_job_page_shows_what_each_version_changed(as_alice: Client) -> None:
    job = make_job(timeout_seconds=60, description="Old words.")
    change_job(actor=TESTER, job=job, fields={"timeout_seconds": 90, "allowed_environments": 5})
    page = as_alice.get(page_of(job)).text
    assert "The first." in page
    for before, after in (
        ("60", "90"),
        ("Development, Homologation, Production", "Development, Production"),
    ):
        cells = [f'<td><span class="value">{text}</span></td>' for text in (before, after)]
        assert "".join(cells) in page
    assert "Old words.</span></td>" not in page


def test_a_job_page_says_who_stopped_it_and_why(as_alice: Client) -> None:
    job = make_job()
    set_job_status(actor=TESTER, job=job, status=JobStatus.DISABLED, reason="the disk is full")
    page = as_alice.get(page_of(job)).text
    assert "by tester: the disk is full" in page
    assert "Next fires" not in page


def test_who_can_only_read_a_job_reads_it_in_words(as_bob: Client) -> None:
    ownership = {"owner_name": "Ann", "team_name": "Finance"}
    values = {"name": "Nightly", "execution_type_name": "tests.noop", "allowed_environments": 5}
    job = create_job(actor=TESTER, fields=values, ownership=ownership)
    page = as_bob.get(page_of(job)).text
    assert "Development, Production" in page
    assert '<td>owner name</td><td><span class="value">Ann</span></td>' in page
    assert '<td>team name</td><td><span class="value">Finance</span></td>' in page
    assert "Add a schedule" not in page


def test_a_command_job_keeps_its_command_and_no_handler(as_alice: Client) -> None:
    values = job_values(
        execution_mode="out_of_process",
        execution_command="/opt/reports/bin/run --all",
        keep_days="7",
        keep_executions="100",
    )
    as_alice.post(ADD_JOB, values)
    job = JobDefinition.objects.get()
    assert (job.execution_mode, job.execution_command) == (
        "out_of_process",
        "/opt/reports/bin/run --all",
    )
    assert job.execution_type_name == ""
    assert (job.keep_days, job.keep_executions) == (7, 100)


def test_a_container_job_keeps_its_image_command_and_options_and_drops_what_is_of_other_modes(
    as_alice: Client,
) -> None:
    values = job_values(
        execution_mode="container",
        container_image="tests/reports:1",
        execution_command="daily EU",
        execution_options='{"memoryMb": 256}',
    )
    as_alice.post(ADD_JOB, values)
    job = JobDefinition.objects.get()
    assert (job.execution_mode, job.container_image) == ("container", "tests/reports:1")
    assert (job.execution_command, job.execution_options) == ("daily EU", {"memoryMb": 256})
    assert job.execution_type_name == ""

    as_alice.post(page_of(job), values | {"execution_mode": "out_of_process"})
    job.refresh_from_db()
    assert (job.execution_command, job.container_image) == ("daily EU", "")
    assert job.execution_options == {}


def test_a_wrong_option_is_told_beside_the_options(as_alice: Client) -> None:
    values = job_values(
        execution_mode="container",
        container_image="tests/reports:1",
        execution_options='{"memoryMb": 1}',
    )
    page = as_alice.post(ADD_JOB, values).text
    assert "memoryMb: Give whole MiB, 6 or more." in page
    assert not JobDefinition.objects.exists()


def test_how_long_history_is_kept_can_be_changed_by_itself(as_alice: Client) -> None:
    as_alice.post(ADD_JOB, job_values())
    job = JobDefinition.objects.get()
    as_alice.post(page_of(job), job_values(keep_days="30"))
    job.refresh_from_db()
    assert (job.keep_days, job.version) == (30, 1)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, {"Payroll", "Invoices", "Vacuum"}),
        ({"status": "archived"}, {"Gone"}),
        ({"status": "disabled"}, {"Vacuum"}),
        ({"status": "asleep"}, set()),
        ({"status": "\x00"}, set()),
        ({"team": "\x00"}, set()),
        ({"team": "Finance"}, {"Payroll", "Invoices"}),
        ({"category": "Upkeep"}, {"Vacuum"}),
        ({"queue": "nightly"}, {"Invoices"}),
        ({"mode": "out_of_process"}, {"Vacuum"}),
        ({"team": "Finance", "queue": "default"}, {"Payroll"}),
        ({"q": "invo"}, {"Invoices"}),
        ({"q": "salaries"}, {"Payroll"}),
        ({"q": "finance"}, {"Payroll", "Invoices"}),
        ({"q": "ann"}, {"Payroll"}),
    ],
)
def test_jobs_are_found_by_filters_and_words(
    as_alice: Client, query: dict[str, str], names: set[str]
) -> None:
    finance = {"team_name": "Finance"}
    Queue.objects.create(name="nightly")
    _make("Payroll", ownership=finance | {"owner_name": "Ann"}, description="Pays salaries.")
    _make("Invoices", ownership=finance, queue_id="nightly")
    vacuum = _make(
        "Vacuum",
        category="Upkeep",
        execution_mode="out_of_process",
        execution_command="/opt/bin/vacuum",
    )
    set_job_status(actor=TESTER, job=vacuum, status=JobStatus.DISABLED)
    set_job_status(actor=TESTER, job=_make("Gone"), status=JobStatus.ARCHIVED)
    found = as_alice.get(JOBS, query).context["cl"].result_list
    assert {job.name for job in found} == names


def _make(name: str, *, ownership: dict[str, str] | None = None, **fields: Any) -> JobDefinition:
    values = {"name": name, "execution_type_name": "tests.noop", **fields}
    return create_job(actor=TESTER, fields=values, ownership=ownership)


def test_a_question_names_what_is_touched(as_alice: Client) -> None:
    nightly, weekly = make_job(name="Nightly"), make_job(name="Weekly")
    make_schedule(nightly)
    page = do(as_alice, "disable", nightly, weekly).text
    assert "Nightly, with 1 active schedule<" in page
    assert "Weekly, with 0 active schedules<" in page


def test_a_parameter_schema_that_cannot_be_kept_is_refused(as_alice: Client) -> None:
    schema = '{"title": "\\u0000"}'
    answer = as_alice.post(ADD_JOB, job_values(parameter_schema=schema))
    assert list(answer.context["adminform"].form.errors) == ["parameter_schema"]
    assert "NUL" in answer.text


def test_a_form_sent_back_counts_what_is_wrong_in_each_part(as_alice: Client) -> None:
    values = job_values(owner_email="no address", timeout_seconds=0, max_retries=11)
    page = " ".join(as_alice.post(ADD_JOB, values).text.split())
    for part, count in (("Owner", 1), ("Limits and retries", 2)):
        assert f'{part} <span class="tab-errors">{count}<' in page


def test_the_parts_of_a_form_are_buttons_that_say_which_is_shown(as_alice: Client) -> None:
    page = " ".join(as_alice.get(ADD_JOB).text.split())
    assert 'type="button" role="tab" id="tab-what-runs" aria-controls="panel-what-runs"' in page
    assert 'role="tabpanel" id="panel-what-runs" aria-labelledby="tab-what-runs"' in page
