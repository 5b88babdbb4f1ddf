"""What every main page keeps to, on a desk and on a telephone, light and dark."""

from datetime import time

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page

from core.clock import database_now
from executions.models import ExecutionTransition, JobExecutionLog, Worker
from jobs.calendars.changing import create_calendar
from jobs.dependencies import add_dependency
from jobs.models import Queue
from jobs.pausing import pause_schedule
from jobs.windows import create_window
from tests.browser.conftest import NARROW, WIDE
from tests.factories import TESTER, make_execution, make_job, make_schedule

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "a-name-without-any-place-to-break-" * 5


def pages() -> list[str]:
    """Return the addresses of all main pages, with rows whose texts are long."""
    now = database_now()
    schedule = make_schedule(make_job(name=LONG, parameter_schema={"properties": {LONG: {}}}))
    upstream = make_job(name=f"{LONG}2")
    add_dependency(
        actor=TESTER,
        job=schedule.job,
        fields={"upstream": upstream, "output_mapping": {LONG: f"{LONG}.{LONG}"}},
    )
    error = {"error_type": LONG, "error_message": LONG * 3, "stack_trace": LONG * 3}
    failed = make_execution(schedule.job, status="failed", input={LONG: LONG}, **error)
    running = make_execution(schedule.job, status="running", progress_fraction=0.5)
    for execution in (failed, running):
        ExecutionTransition.objects.create(
            execution=execution, to_status="running", attempt=1, fence=1, data={"worker": LONG}
        )
        JobExecutionLog.objects.create(
            **{"execution": execution, "attempt": 1, "sequence": 1, "message": LONG * 3},
            **{"at": now, "level": "INFO", "stream": "log"},
        )
    Worker.objects.create(
        **{"name": f"{LONG[:60]}@host", "kind": "worker", "hostname": LONG, "pid": 1},
        **{"started_at": now, "last_seen_at": now, "queues": ["default"], "concurrency": 2},
    )
    Queue.objects.create(name="reports-of-the-other-department")
    calendar = create_calendar(
        actor=TESTER,
        fields={"name": LONG[:100], "sources": [{"country": "GB", "subdivision": "ENG"}]},
    )
    window = create_window(
        actor=TESTER, fields={"name": LONG[:100], "from_time": time(1), "until_time": time(4)}
    )
    payroll = make_schedule(
        schedule.job,
        **{"schedule_type": "monthly", "time_of_day": time(6), "day_of_month": 31},
        **{"roll": "following", "calendar": calendar, "exclusions": [window.pk]},
    )
    pause_schedule(actor=TESTER, schedule=payroll, reason=LONG)
    return [
        reverse("admin:index"),
        *(
            reverse(f"admin:{name}_changelist")
            for name in (
                *("jobs_jobdefinition", "jobs_jobschedule", "jobs_queue"),
                *("jobs_holidaycalendar", "jobs_exclusionwindow"),
                *("executions_jobexecution", "executions_worker", "audit_jobaudit"),
            )
        ),
        reverse("admin:jobs_jobdefinition_add"),
        reverse("admin:jobs_jobdefinition_change", args=[schedule.job_id]),
        reverse("admin:jobs_jobdefinition_change", args=[upstream.pk]),
        reverse("admin:jobs_jobschedule_add"),
        reverse("admin:jobs_jobschedule_change", args=[schedule.pk]),
        reverse("admin:jobs_jobschedule_change", args=[payroll.pk]),
        reverse("admin:jobs_jobschedule_simulator", args=[payroll.pk]),
        reverse("admin:jobs_holidaycalendar_add"),
        reverse("admin:jobs_holidaycalendar_change", args=[calendar.pk]),
        reverse("admin:jobs_exclusionwindow_add"),
        reverse("admin:jobs_exclusionwindow_change", args=[window.pk]),
        reverse("admin:jobs_queue_change", args=["reports-of-the-other-department"]),
        *(
            reverse("admin:executions_jobexecution_change", args=[execution.pk])
            for execution in (failed, running)
        ),
    ]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_no_page_scrolls_sideways_errs_or_asks_another_server(
    page: Page, context: BrowserContext, size: dict[str, int]
) -> None:
    page.set_viewport_size(size)  # type: ignore[arg-type]
    too_wide = []
    for address in pages():
        answer = page.goto(address)
        assert answer is not None
        assert answer.ok, address
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > size["width"]:
            too_wide.append((address, width))
    assert too_wide == []
