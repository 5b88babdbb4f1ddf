"""``manage.py schedules``, ``preview``, ``pause`` and ``resume``."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import JobAudit
from core.clock import database_now
from jobs.definitions import set_job_status
from jobs.models import JobSchedule, JobStatus
from jobs.pausing import pause_schedule
from jobs.scheduling import archive_schedule, change_schedule
from tests.factories import TESTER, make_job, make_schedule
from tests.integration.api.business import make_window
from tests.integration.executions.calling import read, refuse, rows, run

pytestmark = pytest.mark.django_db


# --- schedules


def test_schedules_tells_rule_zone_state_and_times() -> None:
    job = make_job(name="Nightly")
    schedule = make_schedule(
        job, schedule_type="daily", time_of_day="06:30", timezone="Europe/Berlin"
    )
    make_schedule(make_job(name="Another"))

    head, only = rows("schedules", "Nightly")

    assert head == [
        *("id", "job", "rule", "zone", "state", "next run (UTC)", "last execution (UTC)")
    ]
    assert only == [
        str(schedule.pk),
        "Nightly",
        "At 06:30 every day, Europe/Berlin time",
        "Europe/Berlin",
        "active",
        f"{schedule.next_fire_at:%Y-%m-%d %H:%M:%S}",
        "-",
    ]


def test_schedules_of_all_jobs_come_by_name_without_the_archived() -> None:
    for name in ("Beta", "Alpha"):
        make_schedule(make_job(name=name))
    archive_schedule(actor=TESTER, schedule=make_schedule(make_job(name="Gone")))

    assert [row[1] for row in rows("schedules")] == ["job", "Alpha", "Beta"]


def test_schedules_as_json_has_the_contracts_names_and_the_rule_in_words() -> None:
    schedule = make_schedule(make_job(name="Nightly"), interval_seconds=3600)

    (only,) = read("schedules", str(schedule.job_id))

    assert only["id"] == str(schedule.pk)
    assert only["jobDefinitionId"] == str(schedule.job_id)
    assert (only["scheduleType"], only["intervalSeconds"]) == ("interval", 3600)
    assert (only["jobName"], only["description"]) == ("Nightly", "Every hour")
    assert only["state"] == "active"
    assert only["nextExecutionUtc"].endswith("Z")


def test_a_schedule_says_why_nothing_comes() -> None:
    job, other = make_job(), make_schedule()
    stopped, ended, done, stuck, paused = (make_schedule(job) for _ in range(5))
    follows = make_schedule(job, schedule_type="after_completion", delay_seconds=60)
    change_schedule(actor=TESTER, schedule=stopped, fields={"is_active": False})
    change_schedule(actor=TESTER, schedule=done, fields={"max_runs": 1})
    JobSchedule.objects.filter(pk__in=[ended.pk, follows.pk]).update(next_fire_at=None)
    JobSchedule.objects.filter(pk=done.pk).update(run_count=1)
    JobSchedule.objects.filter(pk=stuck.pk).update(
        stuck_at=database_now(), stuck_reason="its calendar ends"
    )
    pause_schedule(actor=TESTER, schedule=paused, reason="month end")
    set_job_status(actor=TESTER, job=other.job, status=JobStatus.DISABLED)

    states = {row["id"]: row["state"] for row in read("schedules")}

    assert states == {
        str(stopped.pk): "disabled",
        str(ended.pk): "ended",
        str(done.pk): "completed",
        str(stuck.pk): "stuck",
        str(paused.pk): "paused",
        str(follows.pk): "waiting",
        str(other.pk): "job disabled",
    }
    shown = {row[0]: row[4] for row in rows("schedules")}
    assert shown[str(stuck.pk)] == "stuck: its calendar ends"
    assert shown[str(paused.pk)] == "paused: month end"
    assert shown[str(follows.pk)] == "waiting for its run to end"


def test_a_pause_that_ends_by_itself_says_when() -> None:
    schedule, until = make_schedule(), datetime(2030, 1, 7, 6, tzinfo=UTC)
    pause_schedule(actor=TESTER, schedule=schedule, reason="freeze", until=until)

    assert rows("schedules")[1][4] == "paused until 2030-01-07 06:00:00 UTC: freeze"


def test_listing_schedules_takes_the_same_queries_however_many_there_are() -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            run("schedules")
            run("schedules", "--json")
        return len(queries)

    make_schedule()
    few = count()
    for _ in range(3):
        make_schedule()
    assert count() == few


def test_a_rule_that_is_none_any_more_spoils_no_list() -> None:
    schedule = make_schedule()
    JobSchedule.objects.filter(pk=schedule.pk).update(timezone="Mars/Olympus")
    ((_, _, rule, *_),) = rows("schedules")[1:]
    assert rule.startswith("not a rule any more: timezone:")


def test_schedules_of_an_unknown_job_suggest_a_name() -> None:
    make_job(name="Nightly report")
    assert "Did you mean 'Nightly report'?" in str(refuse("schedules", "nightly reprot"))


# --- preview


def test_preview_of_a_cron_line_saves_nothing_and_tells_what_the_clock_does() -> None:
    out, _ = run(
        *("preview", "--cron", "30 2 * * *", "--timezone", "Europe/Berlin"),
        *("--after", "2026-03-28T12:00:00Z", "--count", "2"),
    )

    description, _, first, second = out.splitlines()
    assert description.startswith("At 02:30 every day")
    assert first.startswith("2026-03-29 01:00:00")
    assert "Sun 2026-03-29 03:00:00 +0200" in first
    assert "moved to 03:00" in first
    assert second.startswith("2026-03-30 00:30:00")
    assert not JobSchedule.objects.exists()


def test_preview_as_json_is_what_rest_answers() -> None:
    document = read(
        *("preview", "--cron", "30 2 * * *", "--timezone", "Europe/Berlin"),
        *("--after", "2026-03-28T12:00:00Z", "--count", "1"),
    )

    assert document == {
        "fires": [
            {
                "fireUtc": "2026-03-29T01:00:00Z",
                "dueUtc": "2026-03-29T01:00:00Z",
                "local": "2026-03-29T03:00:00+02:00",
                "businessDate": "2026-03-29",
                "notes": document["fires"][0]["notes"],
            }
        ],
        "exhausted": False,
        "description": document["description"],
        "problem": None,
    }
    assert len(document["fires"][0]["notes"]) == 1


def test_preview_of_a_schedule_and_of_all_of_a_job() -> None:
    job = make_job(name="Nightly")
    daily = make_schedule(job, schedule_type="daily", time_of_day="06:00")
    hourly = make_schedule(job, interval_seconds=3600)

    one = read("preview", str(daily.pk), "--after", "2026-05-04", "--count", "3")
    both = read("preview", "Nightly", "--count", "1")

    assert [fire["fireUtc"] for fire in one["fires"]] == [
        f"2026-05-0{day}T06:00:00Z" for day in (4, 5, 6)
    ]
    assert [preview["scheduleId"] for preview in both] == [str(daily.pk), str(hourly.pk)]
    assert [len(preview["fires"]) for preview in both] == [1, 1]
    out, _ = run("preview", "Nightly")
    assert str(daily.pk) in out
    assert "Every hour" in out


def test_a_rule_that_ends_says_so() -> None:
    schedule = make_schedule(end_at=database_now() + timedelta(seconds=25))

    out, _ = run("preview", str(schedule.pk))

    assert out.splitlines()[-1] == "Nothing comes after these."


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Give a schedule or a job, or a rule such as with --cron."),
        (["Nightly", "--cron", "* * * * *"], "Give a schedule or a job"),
        (["--cron", "61 * * * *"], "--cron: "),
        (["--cron", "0 0 30 2 *"], "never"),
        (["Nightly", "--count", "5", "--months", "2"], "not allowed with argument --count"),
        (["Nightly", "--months", "25"], "is no number from 1 to 24"),
        (["--kind", "lunar"], "--kind: 'lunar' is not one of one_time, daily"),
        (["--kind", "daily"], "--time-of-day: "),
        (["--kind", "monthly", "--day-of-month", "40"], "--day-of-month: Ensure this value is"),
        (["--cron", "* * * * *", "--at", "2030-01-01"], "--at: Only one_time takes it"),
        (["--cron", "* * * * *", "--calendar", "Mars"], "--calendar: There is no calendar 'Mars'"),
        (["--cron", "* * * * *", "--exclusion", "x"], "--exclusion: There is no exclusion window"),
        (["--cron", "* * * * *", "--timezone", "Mars/Olympus"], "--timezone: "),
        (["Nothing"], "There is no job 'Nothing'"),
        ([str(uuid4())], "There is no job"),
        (["--cron", "* * * * *", "--after", "tomorrow"], "'tomorrow' is no time"),
        (["--cron", "* * * * *", "--count", "101"], "is no number from 1 to 100"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_preview_that_cannot_be_given_says_what_to_write(arguments: list[str], says: str) -> None:
    make_schedule(make_job(name="Nightly"))
    assert says in str(refuse("preview", *arguments))


@pytest.mark.parametrize(
    ("arguments", "fires"),
    [
        (
            ["--kind", "daily", "--time-of-day", "06:00", "--timezone", "Asia/Tokyo"],
            ["2026-01-01T21:00:00Z", "2026-01-02T21:00:00Z"],
        ),
        (
            ["--kind", "weekly", "--time-of-day", "06:00", "--days-of-week", "monday,friday"],
            ["2026-01-02T06:00:00Z", "2026-01-05T06:00:00Z"],
        ),
        (
            ["--kind", "monthly", "--time-of-day", "06:00", "--day-of-month", "last"],
            ["2026-01-31T06:00:00Z", "2026-02-28T06:00:00Z"],
        ),
        (
            ["--kind=MonthlyBusinessDay", "--time-of-day=06:00", "--business-day-of-month=-1"],
            ["2026-01-30T06:00:00Z", "2026-02-27T06:00:00Z"],
        ),
        (
            ["--kind", "interval", "--interval-seconds", "3600", "--end", "2026-01-01T01:00Z"],
            ["2026-01-01T01:00:00Z"],
        ),
        (["--kind", "delay", "--delay-seconds", "60"], ["2026-01-01T00:01:00Z"]),
        (["--kind", "one_time", "--at", "2026-05-04T06:00"], ["2026-05-04T06:00:00Z"]),
        (["--cron", "0 6 * * *", "--max-runs", "1"], ["2026-01-01T06:00:00Z"]),
    ],
    ids=lambda value: " ".join(value)[:30],
)
def test_a_rule_of_any_kind_can_be_previewed_before_it_is_saved(
    arguments: list[str], fires: list[str]
) -> None:
    found = read("preview", *arguments, "--after", "2026-01-01", "--count", "2")
    assert [fire["fireUtc"] for fire in found["fires"]] == fires


def test_months_show_all_that_comes_and_mark_what_is_odd() -> None:
    rule = ["--kind", "daily", "--time-of-day", "02:30", "--timezone", "Europe/Berlin"]
    asked = ["preview", *rule, "--after", "2026-01-01", "--months", "12"]

    document = read(*asked)

    assert (len(document["fires"]), document["isCut"]) == (365, False)
    odd = {fire["local"]: fire["mark"] for fire in document["fires"] if fire["mark"] != "none"}
    assert odd == {"2026-03-29T03:00:00+02:00": "gap", "2026-10-25T02:30:00+02:00": "repeat"}
    marked = [line for line in run(*asked)[0].splitlines() if "  gap  " in line]
    assert len(marked) == 1
    assert "moved to 03:00" in marked[0]


def test_months_tell_what_a_window_skips() -> None:
    make_window("Freeze", from_time="05:00", until_time="07:00", days_of_week=2)
    rule = ["--kind", "daily", "--time-of-day", "06:00", "--exclusion", "Freeze"]

    document = read("preview", *rule, "--after", "2026-05-03T12:00", "--months", "1")

    first = document["fires"][0]
    assert (first["fireUtc"], first["mark"]) == ("2026-05-04T06:00:00Z", "skipped")
    assert first["notes"] == ["skipped: excluded by Freeze"]


def test_a_spread_shows_when_each_run_starts() -> None:
    rule = ["--cron", "0 6 * * *", "--spread-seconds", "3600", "--count", "1"]
    head = rows("preview", *rule)[1]
    assert "starts (UTC)" in " ".join(head)


def test_a_job_without_schedules_has_nothing_to_preview() -> None:
    make_job(name="Adhoc")
    assert str(refuse("preview", "Adhoc")) == "Job Adhoc has no schedule."


# --- pause and resume


def test_pause_and_resume_take_several_schedules_and_keep_the_reason() -> None:
    job = make_job(name="Nightly")
    one, two = make_schedule(job), make_schedule(job)

    out, _ = run("pause", str(one.pk), str(two.pk), "--reason", "month end")

    assert out.splitlines() == [
        f"Schedule {one.pk} of Nightly is paused until it is resumed.",
        f"Schedule {two.pk} of Nightly is paused until it is resumed.",
    ]
    one.refresh_from_db()
    assert (one.pause_reason, one.next_run_at) == ("month end", None)
    entry = JobAudit.objects.get(action="SchedulePaused", object_id=str(one.pk))
    assert (entry.reason, entry.actor.endswith(" via manage.py")) == ("month end", True)

    out, _ = run("resume", str(one.pk))
    one.refresh_from_db()
    assert one.next_run_at is not None
    assert out == (
        f"Schedule {one.pk} of Nightly runs next at {one.next_run_at:%Y-%m-%d %H:%M:%S} UTC.\n"
    )


def test_a_pause_with_an_end_tells_it() -> None:
    schedule = make_schedule(make_job(name="Nightly"))
    until = ("--until", "2130-01-07T07:00+01:00")

    document = read("pause", str(schedule.pk), "--reason", "freeze", *until)

    assert document == {
        "done": [
            {
                "id": str(schedule.pk),
                "jobName": "Nightly",
                "paused": True,
                "nextExecutionUtc": None,
            }
        ],
        "refused": [],
    }
    schedule.refresh_from_db()
    assert schedule.resume_at == datetime(2130, 1, 7, 6, tzinfo=UTC)
    out, _ = run("pause", str(schedule.pk), "--reason", "freeze", *until)
    assert out.endswith("is paused until 2130-01-07 06:00:00 UTC.\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["pause", "{}", "--reason", " "], "Say why it is paused."),
        (["pause", "{}", "--reason", "x", "--until", "2020-01-01"], "is over; give a later"),
        (["pause", "{}", "--reason", "x", "--until", "soon"], "'soon' is no time"),
        (["pause", "{}"], "--reason"),
        (["pause", "nothing", "--reason", "x"], "There is no schedule 'nothing'"),
        (["resume", "{}"], "The schedule is not paused."),
        (["resume", str(uuid4())], "There is no schedule"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_what_cannot_be_paused_or_resumed_says_why(arguments: list[str], says: str) -> None:
    schedule = make_schedule()
    assert says in str(refuse(*[one.format(schedule.pk) for one in arguments]))
    schedule.refresh_from_db()
    assert schedule.paused_at is None


def test_a_wrong_id_pauses_nothing() -> None:
    schedule = make_schedule()
    refuse("pause", str(schedule.pk), "nothing", "--reason", "x")
    schedule.refresh_from_db()
    assert schedule.paused_at is None
