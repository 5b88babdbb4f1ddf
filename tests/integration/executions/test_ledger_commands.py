"""``manage.py ledger``: counts, holes, and an exit code for whoever asks at night."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from core.clock import database_now
from executions.models import JobExecution
from executions.planner import plan
from tests.factories import make_job
from tests.integration.executions.calling import read, refuse, rows, run
from tests.integration.executions.test_ledger import at, change, make_cron

pytestmark = pytest.mark.django_db

SPAN = ("--from", "2026-05-04T00:30", "--to", "2026-05-04T05:30")


def make_outage(**fields):
    """An hourly schedule that nobody looked at from 01:30 to 05:20."""
    schedule = make_cron("0 * * * *", at("00:30"), **fields)
    plan(now=at("01:00"))
    plan(now=at("05:20"))
    return schedule


def lose(schedule, clock):
    JobExecution.objects.filter(schedule=schedule, scheduled_for=at(clock)).delete()


def test_the_ledger_counts_by_schedule_and_what_is_expected_is_accounted_for():
    one = make_outage(job=make_job(name="Books"))
    two = make_cron("30 2 * * *", at("00:30"), job=make_job(name="Accounts"))
    change(two, at("00:40"), paused_at=at("00:40"), pause_reason="The source moves.")

    *table, last = rows("ledger", *SPAN)

    heading = ["schedule", "job", "expected", "ran", "late", "under way", "skipped"]
    assert table[0] == [*heading, "not firing", "forgotten", "backfilled", "missed"]
    assert table[1] == [str(two.pk), "Accounts", "1", "0", "0", "0", "0", "1", "0", "0", "0"]
    assert table[2] == [str(one.pk), "Books", "5", "0", "1", "1", "3", "0", "0", "0", "0"]
    assert "".join(last).replace(" ", "") == "expected6=accounted6"


def test_a_hole_is_listed_and_the_command_fails():
    schedule = make_outage()
    lose(schedule, "03:00")

    said = str(refuse("ledger", *SPAN))

    assert said == "1 slot is not accounted for. `manage.py recover` opens what was missed."


def test_holes_are_listed_before_the_command_fails():
    schedule = make_outage()
    lose(schedule, "03:00")
    lose(schedule, "04:00")

    out = StringIO()
    with pytest.raises(CommandError, match="2 slots are not accounted for"):
        call_command("ledger", *SPAN, stdout=out)
    printed = out.getvalue()
    assert "2026-05-04 03:00:00" in printed
    assert "2026-05-04 04:00:00" in printed
    assert "expected 5 ≠ accounted 3" in printed


def test_slots_of_one_state_are_listed_with_their_reason():
    make_outage()

    heading, first, *_ = rows("ledger", *SPAN, "--state", "skipped")

    assert heading == ["slot (UTC)", "job", "schedule", "state", "reason", "says", "execution"]
    assert first[0] == "2026-05-04 02:00:00"
    assert first[3:5] == ["skipped", "misfire"]
    assert first[5].startswith("its time had passed by more than the misfire grace")


def test_as_json_it_has_counts_of_all_and_the_slots_that_were_asked_for():
    schedule = make_outage()

    document = read("ledger", *SPAN, "--state", "late", "--schedule", str(schedule.pk))

    assert document["from"], document["to"] == ("2026-05-04T00:30:00Z", "2026-05-04T05:30:00Z")
    assert (document["expected"], document["accounted"], document["missed"]) == (5, 5, 0)
    assert document["states"] == {"late": 1, "under_way": 1, "skipped": 3}
    [counted] = document["schedules"]
    assert (counted["scheduleId"], counted["jobName"]) == (str(schedule.pk), schedule.job.name)
    [slot] = document["slots"]
    execution = schedule.executions.get(scheduled_for=at("05:00"))
    assert slot == {
        "scheduleId": str(schedule.pk),
        "jobName": schedule.job.name,
        "slotUtc": "2026-05-04T05:00:00Z",
        "state": "late",
        "reason": None,
        "detail": None,
        "executionId": str(execution.pk),
        "status": "scheduled",
    }


def test_it_can_be_asked_for_one_job_and_lists_no_more_than_wanted():
    wanted = make_outage(job=make_job(name="Books"))
    make_outage()

    out, err = run("ledger", *SPAN, "--job", "Books", "--state", "skipped", "--limit", "2")

    assert out.count(str(wanted.pk)) == 2
    assert "expected 5 = accounted 5" in out
    assert "The first 2; there are more: raise --limit." in err


def test_without_a_span_it_is_the_last_24_hours():
    now = database_now().replace(microsecond=0)
    schedule = make_cron("* * * * *", now - timedelta(days=2))
    while plan(now=now).is_full:
        pass

    document = read("ledger", "--schedule", str(schedule.pk))

    assert document["expected"] == document["accounted"]
    assert 1439 <= document["expected"] <= 1440


def test_schedules_archived_before_are_left_out():
    schedule = make_cron("0 * * * *", at("00:10"))
    change(schedule, at("00:20"), archived_at=at("00:20"))

    assert read("ledger", *SPAN)["schedules"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "2026-05-04", "--to", "2026-05-04"), "--to has to be later than --from."),
        (("--from", "soon"), "'soon' is no time and no span"),
        (("--state", "lost"), "invalid choice: 'lost'"),
        (("--job", "Nobody"), "There is no job 'Nobody'"),
        (("--schedule", "1"), "There is no schedule '1'"),
    ],
)
def test_what_it_does_not_understand_it_refuses(arguments, said):
    assert said in str(refuse("ledger", *arguments))


def test_a_schedule_of_another_job_is_refused():
    schedule = make_cron("0 * * * *", at("00:10"))
    make_job(name="Other")

    said = str(refuse("ledger", "--schedule", str(schedule.pk), "--job", "Other"))

    assert said == f"Schedule {schedule.pk} is of job {schedule.job.name}."
