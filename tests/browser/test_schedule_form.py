"""The form of a schedule while it is being filled in, and what the keyboard reaches."""

import re
from collections.abc import Iterator
from datetime import time, timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from core.clock import database_now
from jobs.calendars.changing import create_calendar
from jobs.models import JobSchedule
from tests.factories import TESTER, make_job, make_schedule
from tests.integration.pages import page_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADD = reverse("admin:jobs_jobschedule_add")
KIND_FIELDS = {
    "daily": {"time_of_day", "repeat_every"},
    "weekly": {"time_of_day", "repeat_every", "days_of_week", "roll", "offset_business_days"},
    "monthly": {
        *("monthly_by", "time_of_day", "repeat_every", "day_of_month", "short_month"),
        *("roll", "offset_business_days"),
    },
    "monthly_business_day": {
        *("business_by", "time_of_day", "repeat_every", "business_day_of_month"),
        "adjust_to_previous_business_day",
    },
    "cron": {"cron_expression", "cron_dialect", "day_match"},
    "interval": {"interval_unit", "interval_seconds", "align"},
    "after_completion": {"delay_seconds"},
    "conditional": {"look_by", "time_of_day", "days_of_week"},
    "one_time": {"one_time_at"},
    "delay": {"delay_seconds"},
}
CHOSEN_FIELDS = [
    (
        *("monthly", "monthly_by", "nth_weekday"),
        {"repeat_every", "nth_weekday", "days_of_week", "roll"},
    ),
    (
        *("monthly_business_day", "business_by", "day_of_month"),
        {"repeat_every", "day_of_month", "short_month"},
    ),
    ("monthly_business_day", "business_by", "days_of_week", {"days_of_week", "roll"}),
    ("interval", "interval_unit", "month", {"repeat_every"}),
    ("conditional", "look_by", "cron_expression", {"cron_expression", "day_match"}),
]

CONTROL = re.compile(
    r"\s*- (?P<said>(?:combobox|textbox|spinbutton|checkbox|button|link)\b(?: \"[^\"]+\")?)"
)


@pytest.fixture
def unwatched(browser: Browser, live_server: LiveServer, alice: User) -> Iterator[Page]:
    """A page that may be refused something: browsers log every refusal as an error."""
    client = Client()
    client.force_login(alice)
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
    context = browser.new_context(base_url=live_server.url)
    context.add_cookies([cookie])  # type: ignore[list-item]
    yield context.new_page()
    context.close()


def choose_kind(page: Page, kind: str) -> None:
    """Choose the kind and wait until its fields, and no other kind's, are there to see."""
    page.locator("#id_schedule_type").select_option(kind)
    for field in set().union(*KIND_FIELDS.values()):
        row = page.locator(f".field-line.field-{field}")
        expect(row).to_be_visible(visible=field in KIND_FIELDS[kind])


def test_each_kind_shows_its_own_fields(page: Page) -> None:
    page.goto(ADD)
    for kind in KIND_FIELDS:
        choose_kind(page, kind)


def test_what_a_kind_is_chosen_by_shows_the_fields_of_the_choice(page: Page) -> None:
    page.goto(ADD)
    for kind, chooser, choice, shown in CHOSEN_FIELDS:
        page.locator("#id_schedule_type").select_option(kind)
        page.locator(f"#id_{chooser}").select_option(choice)
        for field in shown:
            expect(page.locator(f".field-line.field-{field}")).to_be_visible()
        first = sorted(KIND_FIELDS[kind] - shown - {chooser, "time_of_day"})
        gone = [f for f in first if f not in ("roll", "offset_business_days", "interval_unit")]
        for field in gone:
            expect(page.locator(f".field-line.field-{field}")).to_be_hidden()


def test_policies_show_what_their_choices_need(page: Page) -> None:
    page.goto(ADD)
    page.get_by_role("tab", name="Overlap").click()
    expect(page.get_by_label("At most side by side")).to_be_hidden()
    page.get_by_label("While an earlier run is unfinished").select_option("allow")
    expect(page.get_by_label("At most side by side")).to_be_visible()
    page.get_by_role("tab", name="Condition").click()
    expect(page.get_by_label("Wait at most (seconds)")).to_be_hidden()
    page.get_by_label("If it does not hold").select_option("wait")
    expect(page.get_by_label("Wait at most (seconds)")).to_be_visible()


def test_an_edit_says_what_it_moves_while_it_is_typed(page: Page) -> None:
    schedule = make_schedule(schedule_type="daily", time_of_day=time(6))
    page.goto(page_of(schedule))
    preview = page.locator("#schedule-preview")
    expect(preview).to_contain_text("this edit adds and removes nothing; 30 fires stay.")
    page.locator("#id_time_of_day").fill("07:00")
    expect(preview).to_contain_text("this edit adds 30 fires and removes 30 fires.")
    rows = preview.locator(".preview-edit tbody tr")
    expect(rows).to_have_count(20)
    expect(rows.first).to_contain_text("removed")
    expect(rows.nth(1)).to_contain_text("07:00:00")


def test_a_pause_is_asked_for_and_told_on_the_page(page: Page) -> None:
    schedule = make_schedule()
    page.goto(page_of(schedule))
    page.get_by_role("button", name="Pause …").click()
    page.get_by_label("Reason").fill("The warehouse moves")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.locator(".banner")).to_contain_text("Paused by alice")
    expect(page.locator(".banner")).to_contain_text("The warehouse moves")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".banner")).to_have_count(0)


def test_the_simulator_leafs_through_the_years(page: Page) -> None:
    schedule = make_schedule(
        schedule_type="daily", time_of_day=time(2, 30), timezone="Europe/Berlin"
    )
    page.goto(page_of(schedule))
    page.get_by_role("link", name="Simulate 24 months").click()
    expect(page.locator(".sim-month")).to_have_count(24)
    expect(page.locator(".sim-day.sim-gap")).to_have_count(2)
    expect(page.locator(".sim-day.sim-repeat")).to_have_count(2)
    first = page.locator(".sim-month caption").first.inner_text()
    page.get_by_role("link", name="24 months later").click()
    expect(page.locator(".sim-month caption").first).not_to_have_text(first)
    page.get_by_role("link", name="Back to the schedule").click()
    expect(page).to_have_url(re.compile(page_of(schedule)))


def test_a_calendar_says_what_an_edit_moves_while_it_is_typed(page: Page) -> None:
    calendar = create_calendar(
        actor=TESTER,
        fields={"name": "England", "sources": [{"country": "GB", "subdivision": "ENG"}]},
    )
    schedule = make_schedule(
        **{"schedule_type": "monthly_business_day", "time_of_day": time(6)},
        **{"business_day_of_month": 3, "calendar": calendar},
    )
    day = schedule.next_fire_at.date()
    page.goto(page_of(calendar))
    effect = page.locator("#calendar-effect")
    expect(effect).to_contain_text("no day changes")
    page.locator("#id_extra_holidays").fill(f"{day} Founders' day")
    expect(effect).to_contain_text("1 day changes, and 1 schedule moves")
    expect(effect).to_contain_text(str(schedule.job))


def test_a_window_shows_the_fields_of_its_form(page: Page) -> None:
    page.goto(reverse("admin:jobs_exclusionwindow_add"))
    shown_by = {
        "recurring": {"from_time", "until_time", "days_of_week", "timezone"},
        "dates": {"first_date", "last_date", "timezone"},
        "instants": {"starts_at", "ends_at"},
        "calendar": {"calendar", "timezone"},
    }
    for form, fields in shown_by.items():
        page.locator("#id_form").select_option(form)
        for field in set().union(*shown_by.values()):
            row = page.locator(f".field-line.field-{field}")
            expect(row).to_be_visible(visible=field in fields)


def test_every_control_has_a_name(page: Page) -> None:
    page.goto(ADD)
    for kind in KIND_FIELDS:
        choose_kind(page, kind)
        controls = controls_of(page)
        assert len(controls) > 20, (kind, controls)
        assert [said for said in controls if '"' not in said] == [], kind


def controls_of(page: Page) -> list[str]:
    """Role and name of each control to see, from one picture: a page may change between two.

    What stands within a control (the options of a list, its search box) is part of that control.
    """
    controls, inside = [], None
    for line in page.locator("body").aria_snapshot().splitlines():
        depth = len(line) - len(line.lstrip())
        if inside is not None and depth > inside:
            continue
        inside = None
        if control := CONTROL.match(line):
            controls.append(control["said"])
            inside = depth
    return controls


def test_the_fires_to_come_follow_what_is_typed(page: Page) -> None:
    page.goto(ADD)
    preview = page.locator("#schedule-preview")
    expect(preview).to_contain_text("Fill in the rule")
    page.locator("#id_time_of_day").fill("02:30")
    expect(preview.locator("tbody tr")).to_have_count(10)
    expect(preview).to_contain_text("At 02:30 every day, UTC time.")
    page.locator("#id_timezone").fill("Europe/Berlin")
    expect(preview).to_contain_text("At 02:30 every day, Europe/Berlin time.")
    page.locator("#id_start_at_0").fill("2027-03-28")
    page.locator("#id_start_at_1").fill("00:00:00")
    first = preview.locator("tbody tr").first
    expect(first).to_contain_text("Sun 2027-03-28 03:00:00 +02:00")
    expect(first).to_contain_text("02:30")  # the note names the time that did not exist


def test_what_is_wrong_is_said_at_its_field_and_taken_back(unwatched: Page) -> None:
    unwatched.goto(ADD)
    unwatched.locator("#id_schedule_type").select_option("cron")
    unwatched.locator("#id_cron_expression").fill("61 * * * *")
    problem = unwatched.locator(".field-cron_expression .live-problem")
    expect(problem).to_contain_text("'61' is out of range")
    expect(unwatched.locator("#schedule-preview tbody")).to_have_count(0)
    unwatched.locator("#id_cron_expression").fill("6 * * * *")
    expect(problem).to_have_count(0)
    expect(unwatched.locator("#schedule-preview tbody tr")).to_have_count(10)


def test_a_saved_interval_previews_the_grid_it_keeps(page: Page) -> None:
    schedule = make_schedule(interval_seconds=7200)
    anchor = database_now().replace(microsecond=0) - timedelta(days=3)
    JobSchedule.objects.filter(pk=schedule.pk).update(anchor_at=anchor)
    page.goto(page_of(schedule))
    page.locator("#id_interval_seconds").fill("86400")
    next_fire = anchor + timedelta(days=4)
    first = page.locator("#schedule-preview tbody tr").first
    expect(first).to_contain_text(f"{next_fire:%Y-%m-%d %H:%M:%S}")


def test_the_keyboard_opens_filters_and_parts_of_a_form(page: Page) -> None:
    job = make_job()
    page.goto(reverse("admin:jobs_jobdefinition_changelist"))
    page.get_by_role("button", name="Filters").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("By status")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_label("By status")).to_be_hidden()
    page.goto(page_of(job))
    page.get_by_role("tab", name="What runs").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="Limits and retries")).to_have_attribute(
        "aria-selected", "true"
    )
    expect(page.get_by_label("Timeout (seconds)")).to_be_visible()
    expect(page.get_by_label("Handler")).to_be_hidden()


def test_the_navigation_of_a_narrow_screen_opens_by_keyboard(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(reverse("admin:jobs_jobdefinition_changelist"))
    schedules = page.locator("#nav-sidebar").get_by_role("link", name="Schedules")
    expect(schedules).to_be_hidden()
    page.get_by_role("button", name="Show or hide the navigation").focus()
    page.keyboard.press("Enter")
    schedules.click()
    expect(page).to_have_url(re.compile(r"/admin/jobs/jobschedule/$"))
