"""What a job waits for, in its page: added, refused with the path of a cycle, and taken away."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from jobs.dependencies import add_dependency
from jobs.models import JobDependency
from tests.factories import TESTER, make_job

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_dependency_is_added_refused_and_removed(page: Page) -> None:
    load, report, send = (make_job(name=name) for name in ("Load", "Report", "Send"))
    add_dependency(actor=TESTER, job=send, fields={"upstream": report})
    page.goto(reverse("admin:jobs_jobdefinition_change", args=[report.pk]))
    expect(page.get_by_role("link", name="Send")).to_be_visible()
    page.get_by_role("link", name="Add another").click()
    page.get_by_role("combobox", name="Waits for").first.select_option("Load")
    page.get_by_label("Delay (seconds)").first.fill("60")
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_role("combobox", name="Waits for").first).to_be_disabled()
    dependency = JobDependency.objects.get(job=report)
    assert (dependency.upstream, dependency.delay_after_completion_seconds) == (load, 60)

    page.get_by_role("link", name="Add another").click()
    page.get_by_role("combobox", name="Waits for").nth(1).select_option("Send")
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_text("Report -> Send -> Report")).to_be_visible()
    expect(page.get_by_role("combobox", name="Waits for").nth(1)).to_have_value(str(send.pk))
    assert JobDependency.objects.filter(job=report).count() == 1

    page.goto(reverse("admin:jobs_jobdefinition_change", args=[report.pk]))
    page.locator("#dependencies-data .original label", has_text="delete").click()
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_text("Report after Load")).to_have_count(0)
    assert not JobDependency.objects.filter(job=report).exists()
