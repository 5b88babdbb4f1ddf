"""What people do to exclusion windows, and the schedules that they hold for."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest

from audit.models import JobAudit
from core.errors import Conflict, InvalidInput
from jobs.calendars.changing import archive_calendar, create_calendar
from jobs.models import ExclusionWindow, HolidayCalendar, JobSchedule
from jobs.ownership import change_ownership
from jobs.windows import MOST_WINDOWS, archive_window, change_window, create_window
from tests.factories import TESTER, make_job, make_schedule

pytestmark = pytest.mark.django_db

MORNING = {"from_time": time(6), "until_time": time(12)}


def make_window(**fields: Any) -> ExclusionWindow:
    return create_window(actor=TESTER, fields={"name": "Morning", **MORNING, **fields})


def change(window: ExclusionWindow, **fields: Any) -> ExclusionWindow:
    return change_window(actor=TESTER, window=window, fields=fields)


def make_hourly(team: str = "", **fields: Any) -> JobSchedule:
    job = make_job()
    change_ownership(actor=TESTER, job=job, fields={"team_name": team})
    return make_schedule(job, schedule_type="cron", cron_expression="30 * * * *", **fields)


def excluded(schedule: JobSchedule) -> list[str]:
    """The windows that the schedule's latest version knows."""
    kept = JobSchedule.objects.get(pk=schedule.pk)
    return [one["name"] for one in kept.versions.get(number=kept.version).spec["exclusions"]]


def make_calendar(name: str = "Empty") -> HolidayCalendar:
    return create_calendar(actor=TESTER, fields={"name": name})


def test_a_global_window_holds_for_all_schedules_from_now_on() -> None:
    first = make_hourly()
    window = make_window(scope="global", on_excluded="defer")
    second = make_hourly()
    assert excluded(first) == excluded(second) == ["Morning"]
    version = JobSchedule.objects.get(pk=first.pk).versions.get(number=2)
    assert version.reason == "exclusion window Morning"
    entry = JobAudit.objects.get(action="ExclusionCreated")
    assert (entry.object_id, entry.object_type) == (str(window.pk), "exclusion")
    assert entry.after is not None
    assert entry.after["from_time"] == "06:00:00"


def test_the_next_run_is_after_the_window_and_the_next_slot_stays() -> None:
    schedule = make_hourly()
    slot = schedule.next_fire_at
    assert slot is not None
    start = slot - timedelta(minutes=1)
    make_window(
        scope="global",
        **dict.fromkeys(MORNING),
        starts_at=start.replace(second=0),
        ends_at=start.replace(second=0) + timedelta(hours=2),
    )
    kept = JobSchedule.objects.get(pk=schedule.pk)
    assert (kept.next_fire_at, kept.next_run_at) == (slot, slot + timedelta(hours=2))


def test_a_window_of_a_team_holds_for_that_team() -> None:
    ours, theirs = make_hourly("Finance"), make_hourly("Sales")
    make_window(scope="team", team_name="Finance")
    assert (excluded(ours), excluded(theirs)) == (["Morning"], [])


def test_a_window_that_changes_teams_lets_the_one_go_and_holds_the_other() -> None:
    ours, theirs = make_hourly("Finance"), make_hourly("Sales")
    window = make_window(scope="team", team_name="Finance")
    change(window, team_name="Sales")
    assert (excluded(ours), excluded(theirs)) == ([], ["Morning"])
    change(window, scope="global", team_name="")
    assert excluded(ours) == excluded(theirs) == ["Morning"]
    entry = JobAudit.objects.order_by("-id")[0]
    assert entry.action == "ExclusionChanged"
    assert entry.before == {"scope": "team", "team_name": "Sales"}


def test_a_window_of_scope_schedule_holds_where_it_is_named() -> None:
    window = make_window()
    named, other = make_hourly(exclusions=[window.pk]), make_hourly()
    change(window, until_time=time(11))
    assert (excluded(named), excluded(other)) == (["Morning"], [])
    kept = JobSchedule.objects.get(pk=named.pk)
    assert (kept.version, JobSchedule.objects.get(pk=other.pk).version) == (2, 1)
    with pytest.raises(InvalidInput, match=f"scope: .* is named by schedule {named.pk}"):
        change(window, scope="global")
    with pytest.raises(Conflict, match="take it off them first") as refused:
        archive_window(actor=TESTER, window=window)
    assert refused.value.code == "exclusion_in_use"


def test_an_archived_window_holds_no_more_and_its_name_is_free() -> None:
    schedule = make_hourly()
    window = make_window(scope="global")
    archive_window(actor=TESTER, window=window)
    archive_window(actor=TESTER, window=window)
    assert excluded(schedule) == []
    assert JobAudit.objects.filter(action="ExclusionArchived").count() == 1
    with pytest.raises(Conflict, match="is archived and cannot be changed"):
        change(window, name="Other")
    make_window()


def test_what_changes_nothing_leaves_no_trace() -> None:
    window = make_window()
    change(window, name="Morning", **MORNING)
    assert JobAudit.objects.count() == 1


def test_a_window_may_be_of_a_calendar_that_is_in_use() -> None:
    calendar = make_calendar()
    window = make_window(**dict.fromkeys(MORNING), calendar=calendar)
    entry = JobAudit.objects.get(action="ExclusionCreated")
    assert entry.after is not None
    assert entry.after["calendar"] == "Empty"
    change(window, calendar=make_calendar("Other"))
    archive_calendar(actor=TESTER, calendar=calendar)
    with pytest.raises(InvalidInput, match="Calendar Empty is archived; choose another"):
        change(window, calendar=HolidayCalendar.objects.get(name="Empty"))


def test_a_window_that_would_exclude_all_of_a_schedule_names_it() -> None:
    schedule = make_schedule(
        make_job(name="Alpha"), schedule_type="daily", time_of_day=time(8), timezone="UTC"
    )
    with pytest.raises(Conflict, match=rf"{schedule.pk} \(Alpha\) every fire is excluded by Morn"):
        make_window(scope="global")
    assert not ExclusionWindow.objects.exists()


def test_what_is_excluded_for_ever_anyway_hinders_no_other_window() -> None:
    schedule = make_schedule(
        make_job(name="Alpha"), schedule_type="daily", time_of_day=time(8), timezone="UTC"
    )
    make_window(scope="team", team_name="Finance")
    change_ownership(actor=TESTER, job=schedule.job, fields={"team_name": "Finance"})
    assert excluded(schedule) == ["Morning"]
    make_window(name="Lunch", scope="global")
    assert set(excluded(schedule)) == {"Morning", "Lunch"}


DAY = datetime(2026, 5, 4, tzinfo=UTC)
NO_TIMES: dict[str, Any] = dict.fromkeys(MORNING)


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"name": ""}, "name", "blank"),
        ({"name": "  "}, "name", "blank"),
        ({"name": "x" * 101}, "name", "max_length"),
        ({"name": "a\x00"}, "name", "not_storable"),
        ({"scope": "tenant"}, "scope", "invalid_choice"),
        ({"scope": "team"}, "team_name", "required"),
        ({"scope": "team", "team_name": "a\x00"}, "team_name", "not_storable"),
        ({"scope": "global", "team_name": "Finance"}, "team_name", "not_of_this_scope"),
        ({"team_name": "Finance"}, "team_name", "not_of_this_scope"),
        ({"on_excluded": "wait"}, "on_excluded", "invalid_choice"),
        ({"timezone": "Mars/Olympus"}, "timezone", "unknown_timezone"),
        ({"days_of_week": 0}, "days_of_week", "min_value"),
        ({"days_of_week": 128}, "days_of_week", "max_value"),
        ({"from_time": "six"}, "from_time", "invalid"),
        ({"from_time": None}, "from_time", "required"),
        ({"until_time": None}, "until_time", "required"),
        ({"starts_at": DAY, "ends_at": DAY}, "until_time", "conflict"),
        (NO_TIMES, "starts_at", "required"),
        ({**NO_TIMES, "starts_at": DAY}, "ends_at", "required"),
        ({**NO_TIMES, "starts_at": DAY, "ends_at": DAY}, "ends_at", "end_before_start"),
        ({**NO_TIMES, "first_date": date(2026, 5, 4)}, "last_date", "required"),
        (
            {**NO_TIMES, "first_date": date(2026, 5, 4), "last_date": date(2026, 5, 3)},
            *("last_date", "end_before_start"),
        ),
        ({**NO_TIMES, "calendar_id": uuid4()}, "calendar", "invalid"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_each_bad_field_is_named(fields: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        make_window(**fields)
    assert [(problem.field, problem.code) for problem in refused.value.problems] == [(field, code)]
    assert not ExclusionWindow.objects.exists()


def fill(scope: str, team: str = "") -> ExclusionWindow:
    """Make as many windows as may hold; return one of them."""
    kinds: dict[str, Any] = {"scope": scope, "team_name": team, "created_by": "tester"}
    return ExclusionWindow.objects.bulk_create(
        ExclusionWindow(name=f"{team} {number}", created_at=DAY, **kinds, **MORNING)
        for number in range(MOST_WINDOWS[scope])
    )[0]


def test_so_many_windows_may_be_global_and_who_wants_another_is_told_what_to_do() -> None:
    one = fill("global")
    with pytest.raises(InvalidInput, match=r"scope: 40 windows of scope global hold.* Archive"):
        make_window(scope="global")
    own = make_window()
    with pytest.raises(InvalidInput, match="40 windows of scope global hold already"):
        change(own, scope="global")
    change(one, until_time=time(11))
    archive_window(actor=TESTER, window=one)
    change(own, scope="global")


def test_so_many_windows_may_be_of_one_team() -> None:
    fill("team", "Finance")
    with pytest.raises(InvalidInput, match="scope: 30 windows of team Finance hold already"):
        make_window(scope="team", team_name="Finance")
    make_window(scope="team", team_name="Sales")


def test_a_schedule_names_so_many_windows() -> None:
    with pytest.raises(InvalidInput, match="exclusions: 31 windows are too many; name at most 30"):
        make_hourly(exclusions=[uuid4() for _ in range(31)])
    named = [make_window(name=f"Window {number}").pk for number in range(30)]
    assert len(excluded(make_hourly(exclusions=named))) == 30


def test_a_name_is_taken_once() -> None:
    make_window()
    with pytest.raises(InvalidInput, match="name: Morning is taken; choose another name"):
        make_window()


def test_a_window_is_kept_as_it_was_when_a_change_is_refused() -> None:
    window = make_window()
    with pytest.raises(InvalidInput):
        change(window, name="Other", from_time=None)
    assert ExclusionWindow.objects.get().name == "Morning"
