"""Schedules in the admin: every write is a service's."""

from datetime import time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from audit.models import JobAudit
from core.clock import database_now
from jobs.calendars.changing import create_calendar
from jobs.definitions import set_job_status
from jobs.models import ExclusionWindow, JobDefinition, JobSchedule, JobStatus
from jobs.pausing import pause_schedule
from jobs.rules import rule_of
from jobs.scheduling import archive_schedule, change_schedule
from jobs.windows import create_window
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


def make_window(**fields: Any) -> ExclusionWindow:
    values = {"name": "Backup", "from_time": time(1), "until_time": time(4)}
    return create_window(actor=TESTER, fields=values | fields)


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
        (
            {"schedule_type": "daily", "time_of_day": "06:00", "repeat_every": "3"},
            "At 06:00 every 3 days",
        ),
        (
            {
                **{"schedule_type": "monthly", "monthly_by": "nth_weekday"},
                **{"time_of_day": "06:00", "nth_weekday": "-1", "days_of_week": ["32"]},
            },
            "At 06:00 on the last Friday of the month",
        ),
        (
            {
                **{"schedule_type": "monthly_business_day", "time_of_day": "06:00"},
                **{"business_by": "business_day_of_month", "business_day_of_month": "3"},
            },
            "At 06:00 on the 3rd business day of every month",
        ),
        (
            {
                **{"schedule_type": "monthly_business_day", "time_of_day": "06:00"},
                **{"business_by": "business_day_of_month", "business_day_of_month": "-1"},
                **{"repeat_every": "3", "start_at_0": "2026-03-01", "start_at_1": "00:00"},
            },
            "At 06:00 on the last business day of every 3rd month (counted from March 2026)",
        ),
        (
            {
                **{"schedule_type": "monthly", "time_of_day": "06:00"},
                **{"monthly_by": "day_of_month", "day_of_month": "1", "repeat_every": "6"},
            },
            "At 06:00 on day 1 of every 6th month",
        ),
        (
            {
                **{"schedule_type": "monthly_business_day", "time_of_day": "06:00"},
                "business_by": "business_days",
            },
            "At 06:00 on every business day",
        ),
        (
            {"interval_unit": "day", "repeat_every": "2", "interval_seconds": ""},
            "every 2 days",
        ),
        ({"schedule_type": "after_completion", "delay_seconds": "60"}, "1 minute after"),
        (
            {
                **{"schedule_type": "conditional", "look_by": "time_of_day"},
                **{"time_of_day": "06:00", "conditions": '{"environment": ["DEV"]}'},
            },
            "At 06:00 every day",
        ),
    ],
)
def test_every_kind_of_schedule_can_be_made(
    as_alice: Client, changes: dict[str, Any], words: str
) -> None:
    as_alice.post(ADD_SCHEDULE, schedule_values(make_job(), **changes))
    schedule = JobSchedule.objects.get()
    assert words in rule_of(schedule).describe()
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
        ({"schedule_type": "daily", "time_of_day": "06:00", "repeat_every": "0"}, "repeat_every"),
        (
            {
                **{"schedule_type": "monthly_business_day", "time_of_day": "06:00"},
                **{"business_by": "business_day_of_month", "business_day_of_month": "24"},
            },
            "business_day_of_month",
        ),
        (
            {
                **{"schedule_type": "monthly", "time_of_day": "06:00", "day_of_month": "3"},
                **{"monthly_by": "day_of_month", "roll": "sideways"},
            },
            "roll",
        ),
        (
            {
                **{"schedule_type": "monthly", "time_of_day": "06:00", "day_of_month": "3"},
                **{"monthly_by": "day_of_month", "offset_business_days": "61", "roll": "following"},
            },
            "offset_business_days",
        ),
        ({"calendar": "England"}, "calendar"),
        ({"exclusions": ["00000000-0000-0000-0000-000000000000"]}, "exclusions"),
        ({"dst_gap": "leap"}, "dst_gap"),
        ({"dst_repeat": "thrice"}, "dst_repeat"),
        ({"misfire_policy": "pray"}, "misfire_policy"),
        ({"misfire_grace_seconds": "-1"}, "misfire_grace_seconds"),
        ({"catchup_window_seconds": "soon"}, "catchup_window_seconds"),
        ({"max_catchup": "1001"}, "max_catchup"),
        ({"overlap": "maybe"}, "overlap"),
        ({"overlap": "skip", "overlap_limit": "2"}, "overlap_limit"),
        ({"spread_seconds": "86401"}, "spread_seconds"),
        ({"max_runs": "0"}, "max_runs"),
        ({"pause_after_failures": "101"}, "pause_after_failures"),
        ({"conditions": "{"}, "conditions"),
        ({"conditions": '{"weather": "fine"}'}, "conditions"),
        ({"conditional_expression": "prev."}, "conditional_expression"),
        ({"on_false": "cry"}, "on_false"),
        ({"on_error": "cry"}, "on_error"),
        ({"poll_seconds": "0"}, "poll_seconds"),
        ({"wait_seconds": "0"}, "wait_seconds"),
        (
            {"schedule_type": "conditional", "look_by": "interval_seconds"},
            "conditions",
        ),
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


def test_policies_that_nobody_chose_are_the_defaults(as_alice: Client) -> None:
    as_alice.post(ADD_SCHEDULE, schedule_values(make_job(), max_catchup="", overlap=""))
    schedule = JobSchedule.objects.get()
    assert (schedule.misfire_policy, schedule.overlap) == ("run_latest", "queue_one")
    assert (schedule.max_catchup, schedule.on_error) == (100, "fail")


def test_every_policy_that_is_chosen_is_kept(as_alice: Client) -> None:
    window = make_window()
    chosen = {
        **{"misfire_policy": "run_all", "misfire_grace_seconds": 60, "max_catchup": 7},
        **{"catchup_window_seconds": 3600, "overlap": "allow", "overlap_limit": 3},
        **{"spread_seconds": 30, "max_runs": 9, "pause_after_failures": 4},
        **{"conditional_expression": 'prev.status == "succeeded"', "on_false": "wait"},
        **{"poll_seconds": 30, "wait_seconds": 600, "on_error": "run"},
        **{"dst_gap": "skip", "dst_repeat": "second"},
    }
    kind = {"schedule_type": "daily", "time_of_day": "06:00"}
    values = schedule_values(make_job(), **kind, **chosen, exclusions=[str(window.pk)])
    answer = as_alice.post(ADD_SCHEDULE, values)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    schedule = JobSchedule.objects.get()
    assert {name: getattr(schedule, name) for name in chosen} == chosen
    assert schedule.exclusions == [window.pk]


def test_a_saved_way_to_name_a_day_is_chosen_when_the_form_opens_again(as_alice: Client) -> None:
    schedule = make_schedule(
        **{"schedule_type": "monthly", "time_of_day": time(6)},
        **{"nth_weekday": -1, "days_of_week": 32},
    )
    form = as_alice.get(page_of(schedule)).context["adminform"].form
    assert form["monthly_by"].value() == "nth_weekday"
    every = make_schedule(
        schedule_type="monthly_business_day", time_of_day=time(6), on_days="non_business_days"
    )
    form = as_alice.get(page_of(every)).context["adminform"].form
    assert form["business_by"].value() == "non_business_days"


def test_saving_keeps_the_contract_s_word_for_rolling_back(as_alice: Client) -> None:
    schedule = make_schedule(
        **{"schedule_type": "monthly_business_day", "time_of_day": time(6)},
        **{"day_of_month": 25, "adjust_to_previous_business_day": True},
    )
    values = schedule_values(
        schedule.job,
        **{"schedule_type": "monthly_business_day", "time_of_day": "06:00"},
        **{"business_by": "day_of_month", "day_of_month": "26", "interval_seconds": ""},
    )
    as_alice.post(page_of(schedule), values | {"roll": "preceding"})
    schedule.refresh_from_db()
    kept = (schedule.day_of_month, schedule.roll, schedule.adjust_to_previous_business_day)
    assert kept == (26, None, True)
    as_alice.post(page_of(schedule), values | {"roll": "following"})
    schedule.refresh_from_db()
    assert (schedule.roll, schedule.adjust_to_previous_business_day) == ("following", None)


def preview(client: Client, schedule: JobSchedule | None = None, **values: Any) -> dict[str, Any]:
    url = reverse("admin:jobs_jobschedule_preview")
    if schedule is not None:
        url = reverse("admin:jobs_jobschedule_preview_saved", args=[schedule.pk])
    answer: dict[str, Any] = client.post(url, values).json()
    return answer


def test_the_preview_of_an_empty_form_asks_for_the_rule(as_alice: Client) -> None:
    answer = preview(as_alice, schedule_type="daily", timezone="UTC")
    assert "Fill in the rule" in answer["panel"]
    assert answer["problems"] == {}


def test_the_preview_says_what_the_clock_does_to_a_fire(as_alice: Client) -> None:
    answer = preview(
        as_alice,
        **{"schedule_type": "daily", "time_of_day": "02:30", "timezone": "Europe/Berlin"},
        **{"start_at_0": "2027-03-28", "start_at_1": "00:00", "is_active": "on"},
    )
    assert "At 02:30 every day, Europe/Berlin time." in answer["panel"]
    assert "Sun 2027-03-28 03:00:00 +02:00" in answer["panel"]
    assert not JobSchedule.objects.exists()


def test_the_preview_names_what_is_wrong_by_field(as_alice: Client) -> None:
    answer = preview(
        as_alice, schedule_type="cron", cron_expression="61 * * * *", timezone="Mars/Olympus"
    )
    assert set(answer["problems"]) == {"cron_expression", "timezone"}
    assert "has to be mended" in answer["panel"]


def test_the_preview_of_a_new_hashed_expression_says_that_it_is_settled_later(
    as_alice: Client,
) -> None:
    kind = {"schedule_type": "cron", "timezone": "UTC"}
    hashed = preview(as_alice, **kind, cron_expression="H 2 * * *")
    assert "when it is saved" in hashed["panel"]
    assert (
        "when it is saved" not in preview(as_alice, **kind, cron_expression="0 2 * * THU")["panel"]
    )


def test_the_preview_says_where_its_calendar_ends(as_alice: Client) -> None:
    short = create_calendar(
        actor=TESTER, fields={"name": "Short", "first_year": 2026, "last_year": 2027}
    )
    answer = preview(
        as_alice,
        **{"schedule_type": "monthly_business_day", "time_of_day": "06:00", "timezone": "UTC"},
        **{"business_by": "business_day_of_month", "business_day_of_month": "1"},
        **{"calendar": str(short.pk), "start_at_0": "2027-10-01", "start_at_1": "00:00"},
    )
    assert "There may be more: calendar &#x27;Short&#x27; has dates up to 2027" in answer["panel"]
    assert "2027-12-01" in answer["panel"]


def test_an_edit_tells_what_it_adds_and_removes_before_it_is_saved(as_alice: Client) -> None:
    schedule = make_schedule(schedule_type="daily", time_of_day=time(6))
    values = schedule_values(schedule.job, schedule_type="daily", interval_seconds="")
    moved = preview(as_alice, schedule, **values, time_of_day="07:00")["panel"]
    assert "this edit adds 30 fires and removes 30 fires." in moved
    same = preview(as_alice, schedule, **values, time_of_day="06:00")["panel"]
    assert "this edit adds and removes nothing; 30 fires stay." in same
    values.pop("is_active")
    stopped = preview(as_alice, schedule, **values, time_of_day="06:00")["panel"]
    assert "this edit removes 30 fires." in stopped
    schedule.refresh_from_db()
    assert schedule.is_active


def test_only_who_may_edit_gets_a_preview(client: Client, bob: User) -> None:
    schedule = make_schedule()
    sign_in(client, bob, "view_jobschedule")
    for url in (
        reverse("admin:jobs_jobschedule_preview"),
        reverse("admin:jobs_jobschedule_preview_saved", args=[schedule.pk]),
    ):
        assert client.post(url, schedule_values(schedule.job)).status_code == 403
        assert client.get(url).status_code == 405


def test_a_pause_asks_why_and_until_when(as_alice: Client) -> None:
    one, other = make_schedule(), make_schedule()
    assert "Until (UTC)" in do(as_alice, "pause", one, other).text
    refused = do(as_alice, "pause", one, _answered="1", reason=" ")
    assert "This field is required" in refused.text
    past = {"until_0": "2001-01-01", "until_1": "00:00"}
    refused = do(as_alice, "pause", one, _answered="1", reason="Move", **past)
    assert "is over; give a later instant" in refused.text
    one.refresh_from_db()
    assert one.paused_at is None
    later = {"until_0": "2199-01-01", "until_1": "00:00"}
    do(as_alice, "pause", one, other, _answered="1", reason="The warehouse moves", **later)
    for schedule in (one, other):
        schedule.refresh_from_db()
        assert (schedule.paused_by, schedule.pause_reason) == ("alice", "The warehouse moves")
    page = as_alice.get(page_of(one)).text
    assert "Paused by alice" in page
    assert "The warehouse moves" in page
    assert "It resumes by itself at" in page
    assert JobAudit.objects.filter(action="SchedulePaused", actor="alice").count() == 2


def test_a_resumed_schedule_has_a_next_run_again(as_alice: Client) -> None:
    schedule = make_schedule()
    pause_schedule(actor=TESTER, schedule=schedule, reason="Move")
    assert 'value="resume"' in as_alice.get(page_of(schedule)).text
    do(as_alice, "resume", schedule)
    schedule.refresh_from_db()
    assert (schedule.paused_at, schedule.next_run_at is None) == (None, False)
    assert "is not paused" in do(as_alice, "resume", schedule).text


def test_only_who_may_change_schedules_pauses_them(client: Client, bob: User) -> None:
    schedule = make_schedule()
    viewer = sign_in(client, bob, "view_jobschedule")
    answer = do(viewer, "pause", schedule, _answered="1", reason="Move")
    assert answer.status_code == 403
    schedule.refresh_from_db()
    assert schedule.paused_at is None


def test_each_standing_has_its_badge_filter_and_banner(as_alice: Client) -> None:
    active = make_schedule()
    paused, stopped, stuck, over = (make_schedule() for _ in range(4))
    pause_schedule(actor=TESTER, schedule=paused, reason="Move")
    change_schedule(actor=TESTER, schedule=stopped, fields={"is_active": False})
    why = "calendar 'England' has dates up to 2026"
    gone = {"next_fire_at": None, "next_run_at": None}
    JobSchedule.objects.filter(pk=stuck.pk).update(
        stuck_at=database_now(), stuck_reason=why, **gone
    )
    JobSchedule.objects.filter(pk=over.pk).update(**gone)
    rows = {"active": active, "paused": paused, "stopped": stopped, "stuck": stuck}
    for state, schedule in {**rows, "completed": over}.items():
        listed = as_alice.get(SCHEDULES, {"state": state})
        assert list(listed.context["cl"].result_list) == [schedule], state
        assert f"</span> {state}</span>" in listed.text
    assert "has dates up to 2026" in as_alice.get(page_of(stuck)).text
    assert "Completed: its rule has no fire after this." in as_alice.get(page_of(over)).text


def test_the_list_says_every_rule_with_one_query_for_all_calendars(
    as_alice: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        make_schedule()
    with django_assert_max_num_queries(12):
        as_alice.get(SCHEDULES)
