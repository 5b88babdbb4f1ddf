"""``manage.py backfill``: a dry run, a start, the list, a cancel."""

import pytest

from executions.backfills import release_backfills, start_backfill
from executions.management.backfills import follow_backfill
from executions.models import Backfill, JobExecution
from tests.factories import TESTER, make_execution, make_job
from tests.integration.executions.backfills import executions, hour, make_hourly, request
from tests.integration.executions.calling import read, refuse, rows, run
from tests.integration.executions.test_backfills import end

pytestmark = pytest.mark.django_db

RANGE = ("--from", "2026-05-04", "--until", "2026-05-04T04:00:00Z")


def test_a_dry_run_lists_the_slots_and_opens_nothing():
    schedule = make_hourly(make_job(name="Books"))
    make_execution(
        schedule.job,
        origin="schedule",
        schedule=schedule,
        scheduled_for=hour(1),
        status="succeeded",
    )

    out, _ = run("backfill", "Books", *RANGE, "--dry-run")

    head, first, second, *_, last = out.splitlines()
    assert head.split() == ["slot", "(UTC)", "business", "date", "left", "out"]
    assert first.split() == ["2026-05-04", "00:00:00", "2026-05-04"]
    assert second.endswith("it ran and succeeded")
    assert last == "3 slots to run; left out: 1 ran"
    assert not Backfill.objects.exists()
    assert read("backfill", "Books", *RANGE, "--dry-run")["opened"] == 3


def test_a_backfill_is_started_as_it_was_asked_for():
    schedule = make_hourly(make_job(name="Books"))

    body = read(
        *("backfill", "Books", *RANGE, "--schedule", str(schedule.pk), "--newest-first"),
        *("--limit", "2", "--priority", "3", "--include", "failed", "--reason", "corrected"),
        *("--param", "region=US"),
    )

    backfill = Backfill.objects.get()
    assert body["id"] == str(backfill.pk)
    assert (backfill.order, backfill.max_concurrent_executions) == ("newest_first", 2)
    assert (backfill.priority, backfill.reason) == (3, "corrected")
    first = executions(backfill).first()
    assert (first.scheduled_for, first.input) == (hour(3), {"region": "US"})
    assert first.triggered_by.endswith("via manage.py")


def test_the_list_shows_how_far_each_is():
    start_backfill(actor=TESTER, job=make_hourly(make_job(name="Books")).job, request=request())
    backfill = Backfill.objects.get()
    release_backfills()
    end(executions(backfill)[0], "failed")

    heading, row = rows("backfill", "--list")

    assert heading == ["id", "job", "from (UTC)", "until (UTC)", "state", "over", "of", "failed"]
    times = ["2026-05-04 00:00:00", "2026-05-04 04:00:00"]
    assert row == [str(backfill.pk), "Books", *times, "running", "1", "4", "1"]
    assert read("backfill", "--list")[0]["progress"]["finished"] == 1


def test_a_backfill_is_cancelled_by_its_id():
    start_backfill(actor=TESTER, job=make_hourly().job, request=request())

    body = read("backfill", "--cancel", str(Backfill.objects.get().pk), "--reason", "wrong")

    assert body["state"] == "cancelled"
    assert set(JobExecution.objects.values_list("status", flat=True)) == {"cancelled"}


def test_following_tells_each_change_until_it_is_over(monkeypatch):
    start_backfill(actor=TESTER, job=make_hourly().job, request=request(hours=2))
    backfill = Backfill.objects.get()

    def work(_seconds):
        release_backfills()
        end(executions(backfill).filter(status="scheduled").first())

    monkeypatch.setattr("executions.management.backfills.time.sleep", work)

    seen = [progress.finished for progress in follow_backfill(backfill)]

    assert seen == [0, 1, 2]


def test_follow_ends_with_an_error_when_a_slot_did_not_succeed(monkeypatch):
    make_hourly(make_job(name="Books"))

    def work(_seconds):
        release_backfills()
        end(JobExecution.objects.filter(status="scheduled").first(), "failed")

    monkeypatch.setattr("executions.management.backfills.time.sleep", work)

    refusal = refuse("backfill", "Books", *RANGE, "--follow")

    assert str(refusal).startswith("4 of 4 did not succeed. See")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("backfill",), "Give a job; or --list, or --cancel."),
        (("backfill", "Books"), "Give --from; or --list, or --cancel."),
        (("backfill", "Books", "--from", "2026-05-04"), "Give --until; or --list, or --cancel."),
        (("backfill", "Nobody", *RANGE), "There is no job 'Nobody'."),
        (("backfill", "--cancel", "x"), "There is no backfill 'x'."),
        (("backfill", "Books", *RANGE, "--limit", "0"), "Let from 1 to 1,000 run at once."),
        (("backfill", "Books", *RANGE, "--priority", "10"), "Priorities go from 0 to 9"),
        (("backfill", "Books", *RANGE, "--schedule", "x"), "There is no schedule 'x'."),
        (("backfill", "Books", *RANGE, "--param", "x"), "--param 'x' is not of the form"),
        (("backfill", "Books", "--from", "x", *RANGE[2:]), "'x' is no time"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_line(arguments, said):
    make_hourly(make_job(name="Books"))

    assert said in str(refuse(*arguments))
