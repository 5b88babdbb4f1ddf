"""After an outage: what was missed, across jobs, and opening it, so many a minute."""

from datetime import date, timedelta

import pytest

from audit.models import JobAudit
from core.clock import database_now
from core.errors import Conflict
from executions.backfills import BackfillRequest, cancel_backfill, start_backfill
from executions.ledger import Fate, read_ledger
from executions.ledger.choosing import schedules_between
from executions.models import ExecutionTransition, JobExecution
from executions.planner import plan
from executions.recovery import MISSED, find_lost, kind_of, recover
from jobs.definitions import set_job_status
from jobs.models import JobStatus
from jobs.scheduling import archive_schedule
from tests.factories import TESTER, make_job
from tests.graphs import depend
from tests.integration.executions.calling import read, refuse, rows, run
from tests.integration.executions.test_ledger import at, change, make_cron
from tests.integration.executions.test_ledger_commands import SPAN, lose, make_outage

pytestmark = pytest.mark.django_db


def find(*kinds, now=None):
    schedules = schedules_between(at("00:30"), at("05:30"))
    kinds = kinds or MISSED
    return list(
        find_lost(
            schedules,
            after=at("00:30"),
            until=at("05:30"),
            now=now or database_now(),
            kinds=kinds,
        )
    )


def slots(lost):
    return [f"{one.slot:%H:%M} {kind_of(one.entry)}" for one in lost]


def test_holes_and_misfires_are_lost_and_what_ran_is_not():
    schedule = make_outage()
    lose(schedule, "03:00")

    assert slots(find()) == ["02:00 skipped-misfire", "03:00 missed", "04:00 skipped-misfire"]


def test_a_hole_gets_the_execution_of_its_slot_as_the_planner_would_have_opened_it():
    schedule = make_outage(parameters={"region": "EU"})
    lose(schedule, "03:00")
    now = database_now()

    [opened] = recover(find(Fate.MISSED), actor=TESTER, per_minute=60, now=now)

    row = JobExecution.objects.get(pk=opened.pk)
    other = schedule.executions.get(scheduled_for=at("05:00"))
    same = ("schedule_id", "origin", "job_id", "version_id", "priority", "status", "input")
    assert all(getattr(row, name) == getattr(other, name) for name in same)
    assert (row.scheduled_for, row.due_at, row.is_late) == (at("03:00"), now, True)
    assert row.business_date == date(2026, 5, 4)
    assert row.triggered_by == TESTER.name
    [move] = ExecutionTransition.objects.filter(execution=row)
    assert (move.to_status, move.actor) == ("scheduled", TESTER.name)
    [entry] = JobAudit.objects.filter(action="Recovered")
    assert (entry.object_id, entry.actor) == (str(row.pk), TESTER.name)
    assert entry.after == {"slot": "2026-05-04T03:00:00+00:00", "was": "missed"}
    found = read_ledger(schedule, after=at("00:30"), until=at("05:30"), now=now)
    assert Fate.MISSED not in [line.fate for line in found]


def test_a_skipped_slot_is_run_again_for_the_same_slot_and_business_dates():
    schedule = make_outage(parameters={"region": "EU"})
    skipped = schedule.executions.get(scheduled_for=at("02:00"))

    opened = recover(find("skipped-misfire")[:1], actor=TESTER, per_minute=60)

    [again] = JobExecution.objects.filter(rerun_of=skipped)
    assert [again] == opened
    assert (again.origin, again.scheduled_for) == ("manual", at("02:00"))
    assert again.business_date == skipped.business_date == date(2026, 5, 4)
    assert again.input == {"region": "EU"}
    assert JobAudit.objects.get(action="Recovered").after["rerun_of"] == str(skipped.pk)
    assert not JobAudit.objects.filter(action="ExecutionRerun").exists()


def test_a_recovered_slot_opens_the_run_that_it_never_had():
    schedule = make_outage()
    jobs = {name: make_job(name=f"{name}-1") for name in "bcd"}
    depend(jobs["b"], schedule.job)
    depend(jobs["c"], schedule.job)
    depend(jobs["d"], jobs["b"], jobs["c"])

    opened = recover(find("skipped-misfire"), actor=TESTER, per_minute=60)

    assert len(opened) == 3
    for again in opened:
        run_of_it = JobExecution.objects.filter(correlation_id=again.correlation_id)
        waiting = run_of_it.filter(status="waiting").values_list("job__name", "scheduled_for")
        assert set(waiting) == {(f"{name}-1", again.scheduled_for) for name in "bcd"}
    assert not JobExecution.objects.filter(origin="join").exists()


def test_what_was_recovered_is_lost_no_more_and_recovering_twice_opens_nothing():
    schedule = make_outage()
    lose(schedule, "03:00")
    lost = find()

    assert len(recover(lost, actor=TESTER, per_minute=60)) == 3
    assert recover(lost, actor=TESTER, per_minute=60) == []
    assert find() == []


def test_a_row_that_is_gone_meanwhile_is_passed_over():
    schedule = make_outage()
    lost = find()
    lose(schedule, "02:00")

    opened = recover(lost, actor=TESTER, per_minute=60)

    assert [f"{one.scheduled_for:%H}" for one in opened] == ["03", "04"]


def test_they_begin_so_many_a_minute_in_order():
    make_outage()
    now = database_now()

    opened = recover(find(), actor=TESTER, per_minute=20, now=now)

    assert [(one.due_at - now).total_seconds() for one in opened] == [0, 3, 6]
    assert [f"{one.scheduled_for:%H}" for one in opened] == ["02", "03", "04"]


def test_slots_of_a_pause_are_opened_only_when_asked_for():
    schedule = make_cron("0 * * * *", at("00:30"))
    change(schedule, at("00:40"), paused_at=at("00:40"), pause_reason="The source moves.")
    change(schedule, at("02:10"), paused_at=None)
    plan(now=at("03:00"))

    assert find(now=at("03:00")) == []
    assert slots(find("paused")) == ["01:00 paused", "02:00 paused"]
    recover(find("paused"), actor=TESTER, per_minute=60)

    fates = [
        entry.fate
        for entry in read_ledger(schedule, after=at("00:30"), until=at("03:00"), now=at("03:10"))
    ]
    assert fates == [Fate.LATE, Fate.LATE, Fate.UNDER_WAY]


@pytest.mark.parametrize("status", [JobStatus.DISABLED, JobStatus.ARCHIVED])
def test_what_its_job_forbids_is_listed_and_not_opened(status):
    schedule = make_outage()
    set_job_status(actor=TESTER, job=schedule.job, status=status, reason="No.")

    lost = find()

    assert len(lost) == 3
    expected = "is archived" if status == JobStatus.ARCHIVED else "is disabled; enable it first"
    assert all(expected in one.refusal for one in lost)
    assert recover(lost, actor=TESTER, per_minute=60) == []


def test_slots_of_an_archived_schedule_are_listed_and_not_opened():
    schedule = make_outage()
    archive_schedule(actor=TESTER, schedule=schedule)

    assert {one.refusal for one in find()} == {"Its schedule is archived."}


def test_a_job_that_nobody_may_trigger_is_not_run_again_but_gets_its_own_slots():
    schedule = make_outage(job=make_job(allow_manual_trigger=False))
    lose(schedule, "03:00")

    assert [one.refusal is None for one in find()] == [False, True, False]


def test_what_a_beat_will_come_to_is_left_to_it():
    make_cron("0 * * * *", at("00:30"))

    lost = find(now=at("05:30"))

    assert len(lost) == 5
    assert all("No beat has come to it yet" in one.refusal for one in lost)


class TestCommand:
    def test_it_lists_across_jobs_oldest_first_and_opens_nothing(self):
        make_outage(job=make_job(name="Books"))
        make_outage(job=make_job(name="Accounts"))

        out, err = run("recover", *SPAN)

        names = [line.split("  ")[1] for line in out.splitlines()[1:-1]]
        assert names == ["Accounts", "Books"] * 3
        assert out.splitlines()[-1] == "6 skipped-misfire"
        assert "Nothing is opened yet. The same with --yes opens 6, 60 a minute" in err
        assert not JobExecution.objects.filter(origin="manual").exists()

    def test_it_opens_what_it_lists_when_told_so(self):
        schedule = make_outage()
        lose(schedule, "03:00")

        document = read("recover", *SPAN, "--per-minute", "30", "--yes")

        assert [one["state"] for one in document["lost"]] == [
            "skipped-misfire",
            "missed",
            "skipped-misfire",
        ]
        opened = {one["slotUtc"]: one for one in document["opened"]}
        assert set(opened) == {f"2026-05-04T0{hour}:00:00Z" for hour in (2, 3, 4)}
        assert opened["2026-05-04T03:00:00Z"]["rerunOf"] is None
        assert opened["2026-05-04T02:00:00Z"]["rerunOf"]
        assert read("recover", *SPAN)["lost"] == []

    def test_states_and_limit_narrow_it(self):
        schedule = make_outage()
        lose(schedule, "03:00")

        assert [one["state"] for one in read("recover", *SPAN, "--state", "missed")["lost"]] == [
            "missed"
        ]
        out, err = run("recover", *SPAN, "--limit", "2")
        assert "03:00:00" in out
        assert "04:00:00" not in out
        assert "The oldest 2; there are more" in err

    def test_it_says_what_cannot_be_recovered(self):
        schedule = make_outage(job=make_job(name="Books"))
        set_job_status(actor=TESTER, job=schedule.job, status=JobStatus.DISABLED, reason="No.")

        out, err = run("recover", *SPAN, "--yes")

        assert "Job Books is disabled; enable it first." in out
        assert "3 skipped-misfire; 3 cannot be recovered" in out
        assert "0 opened" in err

    def test_pauses_are_listed_on_demand(self):
        schedule = make_cron("0 * * * *", at("00:30"))
        change(schedule, at("00:40"), paused_at=at("00:40"), pause_reason="The source moves.")

        assert "Nothing was missed." in run("recover", *SPAN)[0]
        assert rows("recover", *SPAN, "--paused")[1][3] == "paused"

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ((), "--from"),
            (("--from", "1d", "--state", "skipped"), "'skipped' is none of missed, crowded"),
            (("--from", "1d", "--per-minute", "0"), "'0' is no number from 1 to 6000"),
            (("--from", "1h", "--to", "2h"), "--to has to be later than --from."),
        ],
    )
    def test_what_it_does_not_understand_it_refuses(self, arguments, said):
        assert said in str(refuse("recover", *arguments))


def test_a_thousand_are_opened_in_batches():
    schedule = make_cron("* * * * *", at("00:30"))
    now = at("05:30") + timedelta(hours=10)
    while plan(now=now).is_full:
        pass
    schedule.executions.all().delete()

    lost = find(Fate.MISSED, now=now)
    opened = recover(lost, actor=TESTER, per_minute=6_000)

    assert len(opened) == len(lost) == 300
    assert schedule.executions.count() == 300


def backfill(schedule):
    asked = BackfillRequest(from_at=at("02:00"), until_at=at("04:00"))
    return start_backfill(actor=TESTER, job=schedule.job, request=asked)


def test_what_a_backfill_runs_is_not_lost_and_what_was_cancelled_of_it_is():
    schedule = make_outage()
    lose(schedule, "03:00")
    started = backfill(schedule)

    assert slots(find()) == ["04:00 skipped-misfire"]

    cancel_backfill(actor=TESTER, backfill=started)
    assert slots(find()) == ["02:00 skipped-misfire", "03:00 missed", "04:00 skipped-misfire"]


def test_what_was_backfilled_meanwhile_is_passed_over():
    schedule = make_outage()
    lose(schedule, "03:00")
    lost = find()
    backfill(schedule)

    opened = recover(lost, actor=TESTER, per_minute=60)

    assert [one.scheduled_for for one in opened] == [at("04:00")]


def test_what_was_recovered_is_not_backfilled_again():
    schedule = make_outage()
    lose(schedule, "03:00")
    recover(find(), actor=TESTER, per_minute=60)

    with pytest.raises(Conflict, match="2 under_way"):
        backfill(schedule)
