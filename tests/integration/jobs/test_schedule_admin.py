"""Schedules in the admin: every write is a service's."""

from datetime import time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from audit.models import JobAudit
from jobs.definitions import set_job_status
from jobs.models import JobDefinition, JobSchedule, JobStatus
from jobs.rules import rule_of
from jobs.scheduling import archive_schedule
from tests.factories import TESTER, make_job, make_schedule
from tests.integration.pages import do, page_of, sign_in

pytestmark = pytest.mark.django_db

SCHEDULES = reverse("admin:jobs_jobschedule_changelist")
ADD_SCHEDULE = reverse("admin:jobs_jobschedule_add")


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
    ("changes", "words"),
    [
        ({"schedule_type": "daily", "time_of_day": "06:00"}, "At 06:00 every day, UTC time"),
        (
            {"schedule_type": "weekly", "time_of_day": "06:00", "days_of_week": ["2", "32"]},
            "At 06:00 on Monday and Friday, UTC time",
        ),
        (
            {"schedule_type": "monthly", "time_of_day": "06:00", "day_of_month": "3"},
            "At 06:00 on day 3 of the month, UTC time",
        ),
        ({"schedule_type": "cron", "cron_expression": "0 6 * * *"}, "At 06:00 every day, UTC time"),
        ({"interval_seconds": "90"}, "Every 1 minute 30 seconds"),
        (
            {"schedule_type": "one_time", "one_time_at_0": "2199-01-01", "one_time_at_1": "06:00"},
            "Once at 2199-01-01 06:00",
        ),
    ],
)
def test_every_kind_of_schedule_can_be_made(
    as_alice: Client, changes: dict[str, Any], words: str
) -> None:
    as_alice.post(ADD_SCHEDULE, schedule_values(make_job(), **changes))
    schedule = JobSchedule.objects.get()
    assert rule_of(schedule).describe().startswith(words)
    assert words in as_alice.get(page_of(schedule)).text
    assert words in as_alice.get(SCHEDULES).text


def test_a_delay_fires_once_after_it(as_alice: Client) -> None:
    values = schedule_values(make_job(), schedule_type="delay", delay_seconds="90")
    as_alice.post(ADD_SCHEDULE, values)
    schedule = JobSchedule.objects.get()
    assert schedule.next_fire_at - schedule.created_at <= timedelta(seconds=90)
    assert rule_of(schedule).next(schedule.next_fire_at) is None


def test_what_was_typed_for_another_kind_is_not_kept(as_alice: Client) -> None:
    values = schedule_values(
        make_job(),
        schedule_type="daily",
        time_of_day="06:00",
        cron_expression="0 0 31 2 *",
        days_of_week=["1"],
        day_of_month="99",
        delay_seconds="never",
        one_time_at_0="yesterday",
    )
    as_alice.post(ADD_SCHEDULE, values)
    schedule = JobSchedule.objects.get()
    kept = (schedule.cron_expression, schedule.days_of_week, schedule.day_of_month)
    assert kept == (None, None, None)
    assert (schedule.interval_seconds, schedule.delay_seconds) == (None, None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"schedule_type": "cron", "cron_expression": "61 * * * *"}, "cron_expression"),
        ({"schedule_type": "cron"}, "cron_expression"),
        ({"schedule_type": "daily"}, "time_of_day"),
        ({"schedule_type": "daily", "time_of_day": "25:00"}, "time_of_day"),
        ({"schedule_type": "weekly", "time_of_day": "06:00"}, "days_of_week"),
        (
            {"schedule_type": "weekly", "time_of_day": "06:00", "days_of_week": ["3"]},
            "days_of_week",
        ),
        ({"schedule_type": "monthly", "time_of_day": "06:00", "day_of_month": 32}, "day_of_month"),
        ({"schedule_type": "one_time"}, "one_time_at"),
        ({"schedule_type": "one_time", "one_time_at_0": "2027-02-30"}, "one_time_at"),
        ({"schedule_type": "delay"}, "delay_seconds"),
        ({"interval_seconds": 0}, "interval_seconds"),
        ({"schedule_type": "hourly"}, "schedule_type"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"start_at_0": "soon", "start_at_1": "06:00"}, "start_at"),
        (
            {
                **{"start_at_0": "2199-01-02", "start_at_1": "00:00"},
                **{"end_at_0": "2199-01-01", "end_at_1": "00:00"},
            },
            "end_at",
        ),
        ({"parameters": "[1]"}, "parameters"),
        ({"parameters": "{"}, "parameters"),
        ({"parameters": '{"a": NaN}'}, "parameters"),
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


def test_schedules_are_stopped_after_a_question_and_started_again(as_alice: Client) -> None:
    one, other = make_schedule(), make_schedule()
    assert "Disable?" in do(as_alice, "disable", one, other).text
    do(as_alice, "disable", one, other, _confirmed="1")
    for schedule in (one, other):
        schedule.refresh_from_db()
        assert (schedule.is_active, schedule.next_fire_at) == (False, None)
    do(as_alice, "enable", one)
    one.refresh_from_db()
    assert one.next_fire_at is not None
    assert JobAudit.objects.filter(action="ScheduleChanged", actor="alice").count() == 3


def test_an_archived_schedule_cannot_be_started_and_says_so(as_alice: Client) -> None:
    schedule = make_schedule()
    archive_schedule(actor=TESTER, schedule=schedule)
    url = f"{SCHEDULES}?state=archived"
    data = {"action": "enable", "_selected_action": [str(schedule.pk)], "index": "0"}
    assert "is archived and cannot be changed" in as_alice.post(url, data, follow=True).text


def test_a_form_opened_on_a_jobs_page_leads_back_to_it(as_alice: Client) -> None:
    job = make_job()
    answer = as_alice.post(f"{ADD_SCHEDULE}?job={job.pk}&_back=job", schedule_values(job))
    assert answer["Location"] == page_of(job)
    schedule = JobSchedule.objects.get()
    answer = as_alice.post(f"{page_of(schedule)}?_back=job", schedule_values(job))
    assert answer["Location"] == page_of(job)
    assert as_alice.post(page_of(schedule), schedule_values(job))["Location"] == SCHEDULES


def test_a_page_previews_the_fires_to_come(as_alice: Client) -> None:
    schedule = make_schedule(
        schedule_type="daily", time_of_day=time(6), timezone="Asia/Tokyo", is_active=True
    )
    page = as_alice.get(page_of(schedule)).text
    assert page.count("06:00:00 +09:00</time>") == 10
    assert page.count("21:00:00</time>") == 10
    url = reverse("admin:jobs_jobschedule_preview_saved", args=[schedule.pk])
    assert f'data-url="{url}"' in page
    assert "jobs/live_panel.js" in page


def test_a_page_of_what_is_stopped_says_when_it_would_fire(as_alice: Client) -> None:
    schedule = make_schedule(schedule_type="daily", time_of_day=time(6), is_active=False)
    page = as_alice.get(page_of(schedule)).text
    assert "If it were active, it would fire at:" in page
    assert page.count("06:00:00</time>") == 20  # by its own clock and in UTC


def test_who_can_only_read_a_schedule_reads_its_rule_in_words(client: Client, bob: User) -> None:
    schedule = make_schedule(schedule_type="weekly", time_of_day=time(6), days_of_week=34)
    page = sign_in(client, bob, "view_jobschedule").get(page_of(schedule)).text
    assert "At 06:00 on Monday and Friday, UTC time" in page
    assert 'name="schedule_type"' not in page
    assert 'value="disable"' not in page


def test_schedules_are_found_by_state_kind_and_job(as_alice: Client) -> None:
    daily = make_schedule(make_job(name="Payroll"), schedule_type="daily", time_of_day=time(6))
    stopped = make_schedule(is_active=False)
    for query, found in (
        ({"kind": "daily"}, [daily]),
        ({"state": "active"}, [daily]),
        ({"state": "stopped"}, [stopped]),
        ({"q": "payr"}, [daily]),
    ):
        assert list(as_alice.get(SCHEDULES, query).context["cl"].result_list) == found, query
