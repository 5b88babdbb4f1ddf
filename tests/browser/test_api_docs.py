"""The page of the REST API in a browser: it asks nobody else, and its forms make real calls."""

import pytest
from playwright.sync_api import Page, expect

from jobs.models import JobDefinition

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_example_of_a_job_is_sent_with_the_session_and_makes_the_job(page: Page) -> None:
    page.goto("/api/docs")
    call = page.locator("#operations-jobs-jobs_create")
    call.get_by_role("button", name="Create a job").click()
    call.get_by_role("button", name="Try it out").click()
    call.get_by_role("button", name="Execute").click()

    expect(call.locator(".live-responses-table .response-col_status").last).to_have_text("201")
    job = JobDefinition.objects.get()
    assert (job.name, job.created_by) == ("Daily Sales Report", "admin@company.com")
