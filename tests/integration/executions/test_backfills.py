"""Backfills: which slots they open, that they double none, how they are let go and cancelled."""

from datetime import date, timedelta

import pytest

from audit.models import JobAudit
from core.clock import database_now
from core.errors import Conflict, InvalidInput
from executions.backfills import (
    Include,
    LeftOut,
    cancel_backfill,
    preview_backfill,
    progress_of,
    release_backfills,
    releasing,
    start_backfill,
)
from executions.backfills import range as ranges
from executions.models import Backfill, ExecutionTransition, JobDay, JobExecution, RolledUpDay
from executions.services import rerun
from jobs.calendars.changing import create_calendar
from jobs.definitions import set_job_status
from jobs.models import ExclusionWindow, JobDependency, JobStatus
from tests.factories import TESTER, make_execution, make_job, make_schedule
from tests.graphs import depend
from tests.integration.executions.backfills import (
    BEGIN,
    executions,
    hour,
    make_hourly,
    request,
    states,
)

pytestmark = pytest.mark.django_db


def start(schedule, **fields):
    return start_backfill(actor=TESTER, job=schedule.job, request=request(**fields))


def preview(schedule, **fields):
    found = preview_backfill(job=schedule.job, request=request(**fields))
    return [slot.left_out for slot in found.slots]


def of_slot(schedule, number, **fields):
    """An execution that the planner opened for a slot."""
    values = {"origin": "schedule", "schedule": schedule, "scheduled_for": hour(number)}
    return make_execution(schedule.job, **values, **fields)


def end(execution, status="succeeded"):
    JobExecution.objects.filter(pk=execution.pk).update(
        status=status,
        started_at=database_now(),
        completed_at=database_now(),
        lease_until=None,
    )


# What is opened


def test_each_slot_of_the_range_gets_an_execution_that_waits():
    schedule = make_hourly(parameters={"region": "EU"})

    backfill = start(schedule, max_concurrent_executions=2, priority=1)

    rows = list(executions(backfill))
    assert [row.scheduled_for for row in rows] == [hour(0), hour(1), hour(2), hour(3)]
    assert {(row.status, row.origin, row.schedule_id) for row in rows} == {
        ("waiting", "backfill", schedule.pk)
    }
    assert all(row.correlation_id == row.pk and row.is_late for row in rows)
    assert [row.input for row in rows] == [{"region": "EU"}] * 4
    assert {row.priority for row in rows} == {1}
    moves = ExecutionTransition.objects.filter(execution__in=rows)
    assert [(move.to_status, move.actor) for move in moves] == [("waiting", "tester")] * 4


def test_the_range_has_its_first_instant_and_not_its_last():
    schedule = make_hourly()

    found = preview_backfill(job=schedule.job, request=request(from_at=hour(1), until_at=hour(3)))

    assert [slot.at for slot in found.slots] == [hour(1), hour(2)]


def test_an_execution_knows_the_business_dates_of_its_slot():
    years = {"first_year": 2025, "last_year": 2030}
    sources = [{"country": "GB", "subdivision": "ENG"}]
    calendar = create_calendar(
        actor=TESTER, fields={"name": "England", "sources": sources, **years}
    )
    schedule = make_hourly(calendar=calendar)

    backfill = start(schedule, hours=1)

    row = executions(backfill).get()
    assert row.business_date == date(2026, 5, 4)  # a bank holiday
    assert row.previous_business_date == date(2026, 5, 1)
    assert row.next_business_date == date(2026, 5, 5)


def test_the_newest_slot_may_go_first():
    backfill = start(make_hourly(), order="newest_first")

    slots = list(executions(backfill).values_list("scheduled_for", flat=True))
    assert slots == [hour(3), hour(2), hour(1), hour(0)]


def test_parameters_that_are_given_take_the_place_of_the_schedules_own():
    schedule = make_hourly(make_job(concurrency_key="region:{region}"), parameters={"region": "EU"})

    backfill = start(schedule, hours=1, parameters={"region": "US"})

    row = executions(backfill).get()
    assert row.input == {"region": "US"}
    assert row.concurrency_key == "region:US"


def test_starting_is_on_the_audit_trail_with_what_it_opened_and_left_out():
    schedule = make_hourly()
    of_slot(schedule, 1, status="succeeded")

    backfill = start(schedule, reason="the source was corrected")

    entry = JobAudit.objects.get(action="BackfillStarted")
    assert entry.object_id == str(backfill.pk)
    assert entry.object_label == schedule.job.name
    assert entry.reason == "the source was corrected"
    assert entry.after["opened"] == 3
    assert entry.after["left_out"] == {"ran": 1}


# What is left out


def test_a_slot_that_ran_or_is_under_way_is_left_out():
    schedule = make_hourly()
    of_slot(schedule, 0, status="succeeded")
    of_slot(schedule, 1, status="running")
    of_slot(schedule, 2, status="failed")

    assert preview(schedule) == [LeftOut.RAN, LeftOut.UNDER_WAY, LeftOut.FAILED, None]


def test_failed_slots_run_again_when_they_are_included():
    schedule = make_hourly()
    of_slot(schedule, 0, status="succeeded")
    of_slot(schedule, 2, status="timed_out")

    assert preview(schedule, include=Include.FAILED) == [LeftOut.RAN, None, None, None]


def test_a_slot_that_was_skipped_before_it_started_is_missing():
    schedule = make_hourly()
    of_slot(schedule, 0, status="skipped", started_at=None, reason="misfire")

    assert preview(schedule) == [None] * 4


def test_what_a_rerun_of_a_rerun_did_counts_for_its_slot():
    schedule = make_hourly()
    first = of_slot(schedule, 0, status="failed")
    second = rerun(actor=TESTER, execution=first)
    end(second, "failed")
    third = rerun(actor=TESTER, execution=second)
    end(third)

    found = preview_backfill(job=schedule.job, request=request(include=Include.FAILED))

    assert (found.slots[0].left_out, found.slots[0].execution_id) == (LeftOut.RAN, third.pk)


def test_a_second_backfill_leaves_out_what_waits_in_the_first():
    schedule = make_hourly()
    start(schedule, hours=2)

    backfill = start(schedule, hours=4)

    slots = list(executions(backfill).values_list("scheduled_for", flat=True))
    assert slots == [hour(2), hour(3)]


def test_a_range_of_which_nothing_is_left_is_refused_and_says_why():
    schedule = make_hourly()
    start(schedule)

    with pytest.raises(Conflict, match="nothing to run: 4 under_way") as refusal:
        start(schedule)
    assert refusal.value.code == "nothing_to_backfill"
    assert Backfill.objects.count() == 1


def test_a_range_without_a_slot_is_refused():
    with pytest.raises(Conflict, match="the range has no slot"):
        start(
            make_hourly(), until_at=BEGIN + timedelta(minutes=5), from_at=hour(0).replace(minute=1)
        )


def test_what_the_planner_has_still_to_open_is_left_to_it():
    schedule = make_hourly(next_fire_at=hour(2))

    assert preview(schedule) == [None, None, LeftOut.NOT_OPENED, LeftOut.NOT_OPENED]


def test_excluded_slots_are_left_out_and_deferred_ones_run_once():
    schedule = make_hourly()
    for name, on_excluded, begin, end in (
        ("Nights", "skip", "00:00", "01:00"),
        ("Freeze", "defer", "01:00", "02:30"),
    ):
        ExclusionWindow.objects.create(
            name=name,
            scope="global",
            on_excluded=on_excluded,
            days_of_week=127,
            from_time=begin,
            until_time=end,
            created_by="tester",
            created_at=database_now(),
        )

    assert preview(schedule) == [LeftOut.EXCLUDED, None, LeftOut.EXCLUDED, None]


def test_what_retention_may_have_deleted_is_left_out():
    schedule = make_hourly()
    schedule.created_at = BEGIN - timedelta(days=10)
    schedule.save(update_fields=["created_at"])
    RolledUpDay.objects.create(day=BEGIN.date(), counted_at=database_now())
    JobDay.objects.create(day=BEGIN.date(), job=schedule.job, succeeded=24)

    assert preview(schedule) == [LeftOut.FORGOTTEN] * 4


def test_slots_before_the_schedule_was_made_are_missing():
    schedule = make_schedule(
        schedule_type="cron", cron_expression="0 * * * *", start_at=BEGIN - timedelta(days=1)
    )

    assert preview(schedule) == [None] * 4


# What is refused


@pytest.mark.parametrize(
    ("fields", "field", "code", "said"),
    [
        ({"until_at": BEGIN}, "until_at", "contradiction", "later than from_at"),
        ({"until_at": BEGIN.replace(year=2190)}, "until_at", "in_the_future", "is of the past"),
        (
            {"max_concurrent_executions": 0},
            *("max_concurrent_executions", "out_of_range", "from 1 to 1,000"),
        ),
        (
            {"max_concurrent_executions": 1001},
            *("max_concurrent_executions", "out_of_range", "from 1 to 1,000"),
        ),
        ({"priority": 10}, "priority", "out_of_range", "from 0 to 9"),
        ({"priority": -1}, "priority", "out_of_range", "from 0 to 9"),
        ({"parameters": {"x": float("nan")}}, "parameters", "not_storable", "strict JSON"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_by_its_field(fields, field, code, said):
    with pytest.raises(InvalidInput) as refusal:
        start(make_hourly(), **fields)

    [problem] = refusal.value.problems
    assert (problem.field, problem.code) == (field, code)
    assert said in problem.detail


def test_a_range_with_too_many_slots_is_refused_and_says_where_they_are_reached(monkeypatch):
    monkeypatch.setattr(ranges, "MOST_SLOTS", 3)

    with pytest.raises(InvalidInput, match="more than 3 slots, so many by 2026-05-04 03:00:00"):
        preview(make_hourly())


def test_a_job_with_several_schedules_has_to_be_told_which():
    job = make_job()
    first = make_hourly(job)
    make_hourly(job)

    with pytest.raises(InvalidInput, match=r"schedule_id: .* several schedules"):
        start(first)
    assert len(states(start(first, schedule_id=first.pk))) == 4


def test_a_schedule_of_another_job_is_refused():
    with pytest.raises(InvalidInput, match=r"schedule_id: .* has no schedule"):
        start(make_hourly(), schedule_id=make_hourly().pk)


def test_a_job_without_a_schedule_has_nothing_to_backfill():
    with pytest.raises(Conflict, match="has no schedule"):
        start_backfill(actor=TESTER, job=make_job(), request=request())


def test_a_schedule_that_follows_its_own_runs_has_no_slots():
    schedule = make_schedule(schedule_type="after_completion", delay_seconds=60)

    with pytest.raises(Conflict, match="follows its own runs"):
        start(schedule)


def test_a_job_that_may_not_run_is_refused():
    schedule = make_hourly()
    set_job_status(actor=TESTER, job=schedule.job, status=JobStatus.DISABLED, reason="x")

    with pytest.raises(Conflict, match="is disabled"):
        start(schedule)


def test_a_job_that_may_not_be_triggered_by_hand_is_refused():
    with pytest.raises(Conflict, match="may not be triggered by hand"):
        start(make_hourly(make_job(allow_manual_trigger=False)))


def test_a_calendar_that_ends_within_the_range_is_said_and_nothing_is_opened():
    years = {"first_year": 2025, "last_year": 2025}
    calendar = create_calendar(
        actor=TESTER, fields={"name": "Old", "sources": [{"country": "DE"}], **years}
    )
    job = make_job()
    make_schedule(
        job,
        schedule_type="monthly_business_day",
        business_day_of_month=1,
        time_of_day="06:00",
        calendar=calendar,
        start_at=BEGIN - timedelta(days=365),
    )
    asked = request(from_at=BEGIN - timedelta(days=300), until_at=BEGIN)

    found = preview_backfill(job=job, request=asked)

    assert found.slots
    assert "dates up to 2025" in found.problem
    with pytest.raises(Conflict, match="dates up to 2025"):
        start_backfill(actor=TESTER, job=job, request=asked)


# Letting go


def test_so_many_as_the_limit_says_are_let_go_in_their_order():
    backfill = start(make_hourly(), max_concurrent_executions=2)

    assert release_backfills() == 2
    assert release_backfills() == 0

    assert states(backfill) == ["scheduled", "scheduled", "waiting", "waiting"]
    first = executions(backfill).first()
    moves = ExecutionTransition.objects.filter(execution=first).order_by("pk")
    assert [(move.from_status, move.to_status) for move in moves] == [
        (None, "waiting"),
        ("waiting", "scheduled"),
    ]


def test_the_next_one_goes_when_one_is_over_however_it_ended():
    backfill = start(make_hourly())
    release_backfills()
    end(executions(backfill).first(), "failed")

    assert release_backfills() == 1

    assert states(backfill) == ["failed", "scheduled", "waiting", "waiting"]


def test_two_backfills_each_have_their_own_limit():
    first, second = start(make_hourly()), start(make_hourly(), max_concurrent_executions=3)

    assert release_backfills() == 4

    assert states(first).count("scheduled") == 1
    assert states(second).count("scheduled") == 3


def test_a_slot_that_somebody_has_run_again_meanwhile_is_skipped():
    schedule = make_hourly()
    skipped = of_slot(schedule, 0, status="skipped", started_at=None, reason="misfire")
    backfill = start(schedule)
    end(rerun(actor=TESTER, execution=skipped))

    release_backfills()

    row = executions(backfill).first()
    assert (row.status, row.reason) == ("skipped", "ran")
    assert row.completed_at is not None
    assert release_backfills() == 1
    assert states(backfill) == ["skipped", "scheduled", "waiting", "waiting"]


def test_what_is_let_go_opens_its_run():
    schedule = make_hourly()
    report = make_job()
    JobDependency.objects.create(job=report, upstream=schedule.job, created_by="tester")
    backfill = start(schedule, hours=1)
    assert not JobExecution.objects.filter(job=report).exists()

    release_backfills()

    opened = JobExecution.objects.get(job=report)
    assert opened.correlation_id == executions(backfill).get().pk
    assert opened.status == "waiting"


# How far it is


def test_progress_is_counted_from_the_executions():
    backfill = start(make_hourly())
    release_backfills()
    end(executions(backfill)[0])
    end(executions(backfill)[1], "failed")

    progress = progress_of([backfill])[backfill.pk]

    assert progress.counts == {"succeeded": 1, "failed": 1, "waiting": 2}
    assert (progress.total, progress.finished, progress.failed) == (4, 2, 1)
    assert (progress.fraction, progress.state, progress.is_over) == (0.5, "running", False)


def test_a_backfill_of_which_all_is_over_is_finished():
    backfill = start(make_hourly(), hours=1)
    end(executions(backfill).get())

    assert progress_of([backfill])[backfill.pk].state == "finished"


# Calling it off


def test_cancelling_ends_what_no_worker_has_claimed():
    backfill = start(make_hourly(), max_concurrent_executions=2)
    release_backfills()
    running = executions(backfill).first()
    JobExecution.objects.filter(pk=running.pk).update(
        status="running", started_at=database_now(), lease_until=database_now(), worker="w"
    )

    cancel_backfill(actor=TESTER, backfill=backfill, reason="wrong range")

    assert states(backfill) == ["running", "cancelled", "cancelled", "cancelled"]
    running.refresh_from_db()
    assert running.cancel_requested_at is None
    moves = ExecutionTransition.objects.filter(to_status="cancelled").order_by("pk")
    assert [(move.from_status, move.actor) for move in moves] == [
        ("scheduled", "tester"),
        ("waiting", "tester"),
        ("waiting", "tester"),
    ]
    entry = JobAudit.objects.get(action="BackfillCancelled")
    assert entry.after == {"cancelled": 3, "asked_to_stop": 0}
    assert entry.reason == "wrong range"
    assert progress_of([Backfill.objects.get()])[backfill.pk].state == "cancelling"


def test_cancelling_may_ask_what_runs_to_stop():
    backfill = start(make_hourly(), hours=1)
    executions(backfill).update(
        status="running", started_at=database_now(), lease_until=database_now(), worker="w"
    )

    cancel_backfill(actor=TESTER, backfill=backfill, stops_running=True)

    assert executions(backfill).get().cancel_requested_by == "tester"


def test_nothing_of_a_cancelled_backfill_is_let_go():
    backfill = start(make_hourly())
    cancel_backfill(actor=TESTER, backfill=backfill)

    assert release_backfills() == 0
    assert set(states(backfill)) == {"cancelled"}


def test_a_backfill_that_is_over_cannot_be_cancelled():
    backfill = start(make_hourly())
    cancel_backfill(actor=TESTER, backfill=backfill)

    with pytest.raises(Conflict, match="is cancelled; nothing of it is left"):
        cancel_backfill(actor=TESTER, backfill=backfill)


def test_cancelling_ends_the_runs_that_began_with_it():
    schedule = make_hourly()
    report = make_job()
    JobDependency.objects.create(job=report, upstream=schedule.job, created_by="tester")
    backfill = start(schedule, hours=1)
    release_backfills()

    cancel_backfill(actor=TESTER, backfill=backfill)

    assert JobExecution.objects.get(job=report).status == "skipped"


def test_slots_of_a_cancelled_backfill_are_missing_again():
    schedule = make_hourly()
    cancel_backfill(actor=TESTER, backfill=start(schedule))

    assert preview(schedule) == [None] * 4


def test_a_backfill_that_is_cancelled_before_it_begins_starts_nothing_that_comes_after():
    schedule = make_hourly()
    depend(after := make_job(), schedule.job, condition="completion")
    backfill = start(schedule)

    cancel_backfill(actor=TESTER, backfill=backfill)

    assert not JobExecution.objects.filter(job=after).exists()


def test_beat_lets_no_more_go_at_once_than_it_has_time_to_open_runs_for(monkeypatch):
    schedule = make_hourly()
    depend(make_job(), schedule.job)
    monkeypatch.setattr(releasing, "_MOST_ROWS", 6)  # a run has two rows beside its first
    start(schedule, max_concurrent_executions=5)

    assert [release_backfills(), release_backfills()] == [2, 2]
