"""The main journeys of operators and teams, by mouse and keyboard in a real browser."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import BrowserContext, Locator, Page, expect

from core.clock import database_now
from core.ids import first_uuid7
from executions.models import JobExecution, JobExecutionLog
from jobs.models import JobDefinition, JobSchedule, JobStatus, Queue
from tests.factories import make_execution, make_job

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EXECUTIONS = reverse("admin:executions_jobexecution_changelist")
JOBS = reverse("admin:jobs_jobdefinition_changelist")


def page_of(obj: Any) -> str:
    options = obj._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[obj.pk])


def finish(execution: JobExecution, status: str, **fields: Any) -> None:
    values = {"status": status, "completed_at": database_now(), "lease_until": None, **fields}
    JobExecution.objects.filter(pk=execution.pk).update(**values)


def say(execution: JobExecution, *messages: str) -> None:
    """Let an execution's log grow."""
    said = JobExecutionLog.objects.filter(execution=execution).count()
    for number, message in enumerate(messages, said + 1):
        JobExecutionLog.objects.create(
            **{"execution": execution, "attempt": 1, "sequence": number, "message": message},
            **{"at": database_now(), "level": "INFO", "stream": "log"},
        )


def test_sign_in_and_watch_an_execution_finish(context: BrowserContext, alice: User) -> None:
    execution = make_execution(make_job(name="Nightly report"), status="running")
    page = context.new_page()
    page.goto("/admin/")
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill("a long enough password")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#figure-running")).to_contain_text("1")
    expect(page.locator("#figure-succeeded-today")).to_contain_text("0")
    page.locator("#figure-failed-today").focus()
    finish(execution, "succeeded")
    expect(page.locator("#figure-succeeded-today")).to_contain_text("1")
    expect(page.locator("#figure-running")).to_contain_text("0")
    expect(page.locator("#figure-failed-today")).to_be_focused()
    page.locator("#figure-succeeded-today").click()
    expect(page.locator("#result_list")).to_contain_text("Nightly report")


def test_the_dashboard_rests_while_nobody_looks(page: Page) -> None:
    live, hide = reverse("dashboard-live"), "document, 'hidden', {configurable: true, get: () => "
    page.clock.install()
    page.goto("/admin/")
    with page.expect_response(f"**{live}"):
        page.clock.run_for(5_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(f"Object.defineProperty({hide}true}})")
    page.clock.run_for(60_000)
    assert asked == []
    page.evaluate(f"Object.defineProperty({hide}false}})")
    with page.expect_response(f"**{live}"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_create_a_job_and_a_weekly_schedule(page: Page) -> None:
    page.goto(JOBS)
    page.locator(f'a[href^="{reverse("admin:jobs_jobdefinition_add")}"]').first.click()
    page.get_by_label("Name").first.fill("Weekly invoices")
    page.get_by_label("Handler").fill("tests.noop")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Weekly invoices").first.click()
    page.get_by_role("link", name="Add a schedule").click()
    page.locator("#id_schedule_type").select_option("weekly")
    page.locator("#id_time_of_day").fill("06:30")
    page.get_by_label("Tuesday").check()
    expect(page.locator("#schedule-preview")).to_contain_text("Tue")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".page-head")).to_contain_text("Weekly invoices")
    schedule = JobSchedule.objects.get()
    assert (schedule.job.name, schedule.days_of_week) == ("Weekly invoices", 4)
    assert schedule.next_fire_at is not None
    expect(page.locator("body")).to_contain_text(f"{schedule.next_fire_at:%Y-%m-%d} 06:30")


def test_run_a_job_now_with_parameters(page: Page) -> None:
    schema = {
        "type": "object",
        "required": ["region"],
        "properties": {
            "region": {"type": "string", "title": "Region", "enum": ["EU", "US"]},
            "limit": {"type": "integer", "title": "Limit", "minimum": 1, "default": 10},
            "day": {"type": "string", "title": "Day", "format": "date"},
        },
    }
    job = make_job(name="Sales report", parameter_schema=schema)
    page.goto(page_of(job))
    page.get_by_role("button", name="Run now").click()
    page.get_by_label("Region").select_option(label="US")
    page.get_by_label("Limit").fill("0")
    page.get_by_label("Day").fill("2026-05-04")
    page.get_by_role("button", name="Run now").click()
    expect(page.locator("form.question")).to_contain_text("greater than or equal to 1")
    page.get_by_label("Limit").fill("5")
    page.get_by_role("button", name="Run now").click()
    expect(page.locator("#execution-status")).to_contain_text("scheduled")
    execution = JobExecution.objects.get()
    assert execution.input == {"region": "US", "limit": 5, "day": "2026-05-04"}
    assert page.url.endswith(page_of(execution))


def expect_at_the_end(box: Locator, line: str) -> None:
    """Wait until a line stands where somebody who looks at the log sees it."""
    found = box.get_by_text(line, exact=True)
    found.wait_for()
    box.scroll_into_view_if_needed()
    expect(found).to_be_in_viewport()


def test_follow_the_log_of_an_execution_until_its_end(page: Page) -> None:
    execution = make_execution(make_job(name="Migration"), status="running")
    say(execution, *(f"batch {number}." for number in range(1, 101)))
    page.goto(page_of(execution))
    box = page.locator("#log-box")
    expect_at_the_end(box, "batch 100.")
    say(execution, "batch 101.")
    expect_at_the_end(box, "batch 101.")
    box.evaluate("box => { box.scrollTop = 0 }")
    expect(page.get_by_text("Held while you read further up")).to_be_visible()
    say(execution, "batch 102.")
    JobExecution.objects.filter(pk=execution.pk).update(progress_fraction=0.75)
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "75")
    expect(box.get_by_text("batch 102.", exact=True)).to_have_count(0)
    box.evaluate("box => { box.scrollTop = box.scrollHeight }")
    expect_at_the_end(box, "batch 102.")
    say(execution, "the last words.")
    finish(execution, "succeeded", output={"batches": 102})
    expect(page.locator("#execution-status")).to_contain_text("succeeded")
    expect_at_the_end(box, "the last words.")
    expect(page.get_by_text('"batches": 102')).to_be_visible()
    expect(page.get_by_role("button", name="Rerun")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()


def test_what_somebody_opened_or_selected_outlives_what_is_fetched_again(page: Page) -> None:
    error = {"error_message": "no such region", "stack_trace": "in line 7"}
    execution = make_execution(status="retrying", **error)
    page.goto(page_of(execution))
    page.get_by_text("Stack trace").click()
    JobExecution.objects.filter(pk=execution.pk).update(attempt=2)
    expect(page.locator("#execution-head")).to_contain_text("attempt 2")
    expect(page.get_by_text("in line 7")).to_be_visible()
    page.get_by_text("in line 7").select_text()
    JobExecution.objects.filter(pk=execution.pk).update(attempt=3)
    for _ in range(2):  # the first may have been asked for before
        with page.expect_response("**/live/"):
            pass
    assert page.evaluate("getSelection().toString()") == "in line 7"
    page.evaluate("getSelection().removeAllRanges()")
    expect(page.locator("#execution-head")).to_contain_text("attempt 3")


def test_choose_lines_of_the_log(page: Page) -> None:
    execution = make_execution(status="failed")
    say(execution, "all is well")
    JobExecutionLog.objects.create(
        **{"execution": execution, "attempt": 1, "sequence": 9, "message": "disk full"},
        **{"at": database_now(), "level": "ERROR", "stream": "stderr"},
    )
    page.goto(page_of(execution))
    page.get_by_label("Level").select_option("ERROR")
    expect(page.locator("#log-box")).not_to_contain_text("all is well")
    expect(page.locator("#log-box")).to_contain_text("disk full")
    expect(page.get_by_text("No such line.")).to_be_hidden()
    page.get_by_label("Stream").select_option("stdout")
    expect(page.get_by_text("No such line.")).to_be_visible()


def test_cancel_an_execution_once_that_is_confirmed(page: Page) -> None:
    execution = make_execution(make_job(name="Migration"))
    page.goto(page_of(execution))
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("form.question")).to_contain_text("Migration")
    page.get_by_role("link", name="No, go back").click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Yes, go on").click()
    expect(page.locator("#execution-status")).to_contain_text("cancelled")
    execution.refresh_from_db()
    assert execution.cancel_requested_by == "alice"


def test_run_an_execution_again_with_other_parameters(page: Page) -> None:
    execution = make_execution(status="failed", input={"region": "EU"}, error_message="no region")
    page.goto(page_of(execution))
    page.get_by_role("button", name="Rerun").click()
    field = page.get_by_label("Parameters")
    expect(field).to_have_value('{\n  "region": "EU"\n}')
    field.fill('{"region": "US"')
    page.get_by_role("button", name="Run again").click()
    expect(page.locator("form.question")).to_contain_text("not JSON")
    field.fill('{"region": "US"}')
    page.get_by_role("button", name="Run again").click()
    expect(page.locator("#execution-status")).to_contain_text("scheduled")
    again = JobExecution.objects.get(rerun_of=execution)
    assert again.input == {"region": "US"}
    page.locator(f'.facts a[href="{page_of(execution)}"]').click()
    expect(page.locator("#execution-status")).to_contain_text("failed")


def test_pause_a_queue_and_resume_it(page: Page) -> None:
    queued = make_execution(status="queued")
    page.goto(page_of(Queue.objects.get(name="default")))
    page.get_by_role("button", name="Pause").click()
    page.get_by_label("Reason").fill("The database moves")
    page.get_by_role("button", name="Yes, go on").click()
    expect(page.locator(".page-head")).to_contain_text("paused")
    queued.refresh_from_db()
    assert queued.status == "scheduled"
    page.goto("/admin/")
    expect(page.locator(".findings")).to_contain_text("Queue default is paused; 1 waiting.")
    page.get_by_role("link", name="Queue default is paused").click()
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".page-head")).to_contain_text("open")


def test_disable_several_jobs_with_a_reason(page: Page) -> None:
    jobs = [make_job(name=f"Report {number}") for number in (1, 2, 3)]
    page.goto(JOBS)
    for job in jobs[:2]:
        page.locator(f'input.action-select[value="{job.pk}"]').check()
    page.get_by_label("Select action to run").select_option("disable")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("form.question")).to_contain_text("Report 1")
    page.get_by_label("Reason").fill("Moved to the new system")
    page.get_by_role("button", name="Yes, go on").click()
    expect(page.get_by_text("Disabled: 2 jobs.")).to_be_visible()
    disabled = JobDefinition.objects.filter(status=JobStatus.DISABLED)
    assert {job.name for job in disabled} == {"Report 1", "Report 2"}
    assert {job.disabled_reason for job in disabled} == {"Moved to the new system"}


def test_find_executions_by_status_and_time(page: Page) -> None:
    wanted = make_execution(make_job(name="Wanted"), status="failed")
    old = first_uuid7(database_now() - timedelta(days=3))
    make_execution(make_job(name="Old"), status="failed", id=old)
    make_execution(make_job(name="Fine"), status="succeeded")
    page.goto(EXECUTIONS)
    page.get_by_role("button", name="Filters").first.click()
    page.locator("#changelist-filter select[name=status]").select_option("failures")
    page.get_by_label("Period").select_option("24h")
    page.get_by_role("button", name=re.compile("Apply")).click()
    expect(page.locator("#result_list")).to_contain_text("Wanted")
    expect(page.locator("#result_list")).not_to_contain_text("Old")
    expect(page.locator("#result_list")).not_to_contain_text("Fine")
    page.locator(f'#result_list a[href^="{page_of(wanted)}"]').first.click()
    expect(page.locator("#execution-status")).to_contain_text("failed")


def test_switch_to_the_dark_theme_and_keep_it(page: Page) -> None:
    page.goto("/admin/")
    expect(page.locator("html")).not_to_have_class(re.compile("dark"))
    page.get_by_text("alice").first.click()
    page.get_by_text("Dark", exact=True).click()
    expect(page.locator("html")).to_have_class(re.compile("dark"))
    page.goto(EXECUTIONS)
    expect(page.locator("html")).to_have_class(re.compile("dark"))
