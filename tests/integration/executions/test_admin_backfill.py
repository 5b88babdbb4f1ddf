"""Backfills in the admin: asked for from a job's page, shown, cancelled."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from executions.backfills import release_backfills, start_backfill
from executions.models import Backfill, JobExecution
from jobs.models import JobSchedule
from tests.factories import TESTER, make_execution, make_job
from tests.integration.executions.backfills import executions, hour, make_hourly, request
from tests.integration.executions.test_backfills import end
from tests.integration.pages import do, page_of, sign_in

pytestmark = pytest.mark.django_db

BACKFILLS = reverse("admin:executions_backfill_changelist")


def ask(client: Client, schedule: JobSchedule, **fields: str) -> Any:
    values = {
        "_answered": "1",
        "schedule_id": str(schedule.pk),
        **{"from_at_0": "2026-05-04", "from_at_1": "00:00:00"},
        **{"until_at_0": "2026-05-04", "until_at_1": "04:00:00"},
        **{"include": "missing", "order": "oldest_first"},
        **{"max_concurrent_executions": "2", "priority": "0", "parameters": "", "reason": ""},
    }
    return do(client, "backfill", schedule.job, **{**values, **fields})


def start(**fields: Any) -> Backfill:
    schedule = make_hourly(make_job(name="Books"))
    return start_backfill(actor=TESTER, job=schedule.job, request=request(**fields))


def test_the_button_of_a_job_shows_the_form(as_alice: Client) -> None:
    schedule = make_hourly()

    assert "Backfill …" in as_alice.get(page_of(schedule.job)).text
    page = do(as_alice, "backfill", schedule.job, _from_page="1").text

    assert f"Backfill: {schedule.job}" in page
    assert f'<option value="{schedule.pk}" selected>' in page
    assert 'name="from_at_0"' in page
    assert "Start:" not in page


def test_the_preview_shows_the_slots_and_opens_nothing(as_alice: Client) -> None:
    schedule = make_hourly()
    ran = make_execution(
        schedule.job,
        origin="schedule",
        schedule=schedule,
        scheduled_for=hour(1),
        status="succeeded",
    )

    page = ask(as_alice, schedule).text

    assert "3 of 4 slots would run" in page
    assert "Start: 3 slots" in page
    assert "2026-05-04 03:00:00" in page
    assert f'<a href="{page_of(ran)}">it ran and succeeded</a>' in page
    assert not Backfill.objects.exists()


def test_it_starts_as_asked_and_leads_to_its_page(as_alice: Client) -> None:
    schedule = make_hourly()

    answer = ask(
        as_alice,
        schedule,
        _start="1",
        order="newest_first",
        parameters='{"region": "US"}',
        reason="corrected",
    )

    backfill = Backfill.objects.get()
    assert answer.redirect_chain == [(page_of(backfill), 302)]
    assert (backfill.order, backfill.max_concurrent_executions) == ("newest_first", 2)
    assert (backfill.reason, backfill.created_by) == ("corrected", "alice")
    assert executions(backfill).first().input == {"region": "US"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"until_at_0": "2026-05-03"}, "It has to be later than From."),
        ({"until_at_0": "2190-01-01"}, "a backfill is of the past"),
        ({"from_at_0": "soon"}, "Enter a valid date."),
        ({"max_concurrent_executions": "0"}, "greater than or equal to 1"),
        ({"priority": "10"}, "less than or equal to 9"),
        ({"parameters": "[1]"}, "Give a JSON object"),
        ({"include": "all"}, "Select a valid choice."),
        ({"schedule_id": "01a20c72-0000-7000-8000-000000000000"}, "Select a valid choice."),
    ],
)
def test_what_is_wrong_is_said_beside_the_form(
    as_alice: Client, fields: dict[str, str], said: str
) -> None:
    page = ask(as_alice, make_hourly(), _start="1", **fields).text

    assert said in page
    assert not Backfill.objects.exists()


def test_a_range_that_ran_is_refused_when_it_is_started(as_alice: Client) -> None:
    schedule = make_hourly()
    start_backfill(actor=TESTER, job=schedule.job, request=request())

    assert "There is nothing to run" in ask(as_alice, schedule, _start="1").text


def test_several_jobs_are_not_backfilled_at_once(as_alice: Client) -> None:
    page = do(as_alice, "backfill", make_hourly().job, make_hourly().job).text

    assert "Choose one job to backfill." in page


def test_the_list_shows_how_far_each_is(as_alice: Client) -> None:
    backfill = start()
    release_backfills()
    end(executions(backfill)[0], "failed")

    page = as_alice.get(BACKFILLS).text

    assert "Books" in page
    assert "1 of 4, 1 failed" in page
    assert '<progress max="4" value="1"' in page
    assert "running" in page


def test_the_page_has_its_executions_first_what_is_under_way(as_alice: Client) -> None:
    backfill = start()
    end(executions(backfill)[0])
    running = executions(backfill)[1]
    end(running, "failed")
    JobExecution.objects.filter(pk=running.pk).update(error_message="no such table\nmore")

    page = as_alice.get(page_of(backfill)).text

    assert "1 failed" in page
    assert "no such table" in page
    rows = [page.index(page_of(row)) for row in executions(backfill)]
    assert rows[1] < rows[2] < rows[3] < rows[0]


def test_cancel_asks_and_ends_what_waits(as_alice: Client) -> None:
    backfill = start()
    assert "Cancel …" in as_alice.get(page_of(backfill)).text

    assert "What waits ends at once" in do(as_alice, "cancel", backfill, _from_page="1").text
    do(as_alice, "cancel", backfill, _confirmed="1", reason="wrong range")

    backfill.refresh_from_db()
    assert backfill.cancelled_by == "alice"
    assert set(executions(backfill).values_list("status", flat=True)) == {"cancelled"}
    assert "Cancel …" not in as_alice.get(page_of(backfill)).text


def test_an_execution_leads_to_its_backfill_and_shows_what_it_kept(as_alice: Client) -> None:
    backfill = start()
    row = executions(backfill).first()
    JobExecution.objects.filter(pk=row.pk).update(checkpoint={"rows": 7})

    page = as_alice.get(page_of(row)).text

    assert page_of(backfill) in page
    assert "&quot;rows&quot;: 7" in page


def test_who_may_only_look_can_neither_start_nor_cancel(client: Client, bob: User) -> None:
    backfill = start()
    sign_in(client, bob, "view_jobexecution", "view_jobdefinition")

    assert client.get(BACKFILLS).status_code == 200
    assert "Cancel …" not in client.get(page_of(backfill)).text
    assert "Backfill …" not in client.get(page_of(backfill.job)).text
    assert do(client, "cancel", backfill, _confirmed="1").status_code == 403
    assert do(client, "backfill", backfill.job).status_code == 403


def test_who_may_not_look_at_executions_sees_no_backfill(client: Client, bob: User) -> None:
    start()
    sign_in(client, bob, "view_jobdefinition")

    assert client.get(BACKFILLS).status_code == 403
