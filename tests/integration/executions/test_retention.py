"""What is old or too much goes, whole; what is unfinished, uncounted or last of its job stays."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from core.clock import database_now
from executions.last import with_last_of_job, with_last_of_schedule
from executions.models import (
    ConditionCheck,
    ExecutionTransition,
    JobDay,
    JobExecution,
    JobExecutionLog,
    Origin,
    RolledUpDay,
    Worker,
)
from executions.planner import plan
from executions.retention import (
    COUNT_EXPIRED,
    DELETE_EXPIRED,
    DELETE_LOG_LINES,
    FIND_LOG_LINES,
    RETENTION_BOUNDS,
    Deleted,
    count_expired,
    delete_expired,
    delete_log_lines,
    forget_processes,
)
from executions.rollups import roll_up
from executions.states import FINAL, UNFINISHED
from jobs.definitions import set_job_status
from jobs.models import JobDefinition, JobSchedule, JobStatus
from tests.factories import TESTER, make_execution, make_job, make_schedule
from tests.integration.executions.history import (
    explain,
    indexes_used,
    make_history,
    tables_read_whole,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 5, 6, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.fixture(autouse=True)
def _usual_settings(settings: Any) -> None:
    settings.SCHEDULER_KEEP_DAYS = 90
    settings.SCHEDULER_KEEP_EXECUTIONS = 0
    settings.SCHEDULER_KEEP_LOG_DAYS = 30


def id_of(moment: datetime) -> UUID:
    """An id as the execution gets that is opened at ``moment``."""
    milliseconds = int(moment.timestamp() * 1_000)
    made = make_id()
    return UUID(int=milliseconds << 80 | made.int & ((1 << 80) - 1))


def make_id() -> UUID:
    return JobExecution._meta.get_field("id").get_default()  # type: ignore[no-any-return]


def finish(
    job: JobDefinition, *, ago: timedelta, status: str = "succeeded", lines: int = 2, **fields: Any
) -> JobExecution:
    """An execution that ended ``ago`` before NOW, with two transitions and its log."""
    ended = NOW - ago
    values = {"completed_at": ended, "started_at": ended - timedelta(seconds=5), **fields}
    opened = ended - timedelta(seconds=10)
    execution = make_execution(job, id=id_of(opened), status=status, now=ended, **values)
    for moved in ("scheduled", status):
        ExecutionTransition.objects.create(
            execution=execution, to_status=moved, attempt=1, fence=1, at=ended
        )
    write_log(execution, lines, at=ended)
    return execution


def write_log(execution: JobExecution, lines: int, *, at: datetime) -> None:
    JobExecutionLog.objects.bulk_create(
        JobExecutionLog(
            execution=execution,
            attempt=1,
            sequence=n,
            at=at,
            level="INFO",
            stream="log",
            message="a line",
        )
        for n in range(lines)
    )


def keep_newest(job: JobDefinition) -> JobExecution:
    """A recent execution, so that none of the older ones is the last."""
    return finish(job, ago=timedelta(hours=7))


def delete_all(now: datetime = NOW) -> list[Deleted]:
    return list(delete_expired(now=now))


def lasts() -> set[tuple[UUID, datetime | None]]:
    """What the lists show as the last execution of each job and schedule."""
    jobs = with_last_of_job(JobDefinition.objects.all())
    schedules = with_last_of_schedule(JobSchedule.objects.all())
    return {
        (row.pk, row.last_execution_at)  # type: ignore[attr-defined]
        for rows in (jobs, schedules)
        for row in rows
    }


def left() -> set[UUID]:
    return set(JobExecution.objects.values_list("id", flat=True))


def test_what_ended_longer_ago_than_the_setting_goes_with_all_it_has() -> None:
    job = make_job()
    for status in FINAL:
        finish(job, ago=timedelta(days=91), status=status, lines=3)
    last = keep_newest(job)
    roll_up(now=NOW)

    deleted = delete_all()

    assert left() == {last.pk}
    assert sum(each.executions for each in deleted) == 5
    assert sum(each.transitions for each in deleted) == 10
    assert sum(each.log_lines for each in deleted) == 15
    assert {each.job for each in deleted} == {job.name}
    assert deleted[-1].share == 1
    assert set(ExecutionTransition.objects.values_list("execution_id", flat=True)) == {last.pk}
    assert set(JobExecutionLog.objects.values_list("execution_id", flat=True)) == {last.pk}


@pytest.mark.parametrize(("older_by", "goes"), [(-TICK, False), (timedelta(), False), (TICK, True)])
def test_the_age_counts_from_the_end_to_the_microsecond(older_by: timedelta, goes: bool) -> None:
    job = make_job()
    execution = finish(job, ago=timedelta(days=90) + older_by)
    keep_newest(job)
    roll_up(now=NOW)

    delete_all()

    assert (execution.pk not in left()) is goes


def test_a_job_may_keep_its_executions_longer_or_shorter() -> None:
    longer, shorter, usual = make_job(keep_days=200), make_job(keep_days=10), make_job()
    for job in (longer, shorter, usual):
        for days in (8, 20, 100, 300):
            finish(job, ago=timedelta(days=days))
        keep_newest(job)
    roll_up(now=NOW)

    delete_all()

    assert JobExecution.objects.filter(job=longer).count() == 4
    assert JobExecution.objects.filter(job=usual).count() == 3
    assert JobExecution.objects.filter(job=shorter).count() == 2


def test_an_execution_that_took_long_is_as_old_as_its_end() -> None:
    job = make_job()
    slow = finish(job, ago=timedelta(days=89))
    opened = id_of(NOW - timedelta(days=400))
    JobExecution.objects.filter(pk=slow.pk).update(id=opened)
    keep_newest(job)
    roll_up(now=NOW)

    delete_all()

    assert opened in left()


@pytest.mark.parametrize("by_setting", [True, False])
def test_only_the_newest_stay_where_the_number_is_limited(settings: Any, by_setting: bool) -> None:
    if by_setting:
        settings.SCHEDULER_KEEP_EXECUTIONS = 3
    job = make_job(keep_executions=None if by_setting else 3)
    executions = [finish(job, ago=timedelta(hours=hours)) for hours in range(10, 16)]
    make_execution(job, status="running")
    roll_up(now=NOW)

    delete_all()

    finished = JobExecution.objects.filter(completed_at__isnull=False)
    assert set(finished) == set(executions[:3])


def test_a_jobs_own_number_counts_before_the_setting(settings: Any) -> None:
    settings.SCHEDULER_KEEP_EXECUTIONS = 1
    job = make_job(keep_executions=4)
    for hours in range(10, 16):
        finish(job, ago=timedelta(hours=hours))
    roll_up(now=NOW)

    delete_all()

    assert JobExecution.objects.count() == 4


@pytest.mark.parametrize("status", UNFINISHED)
def test_what_is_not_finished_stays_however_old_it_is(status: str) -> None:
    job = make_job(keep_days=1, keep_executions=1)
    old = make_execution(
        job, id=id_of(NOW - timedelta(days=500)), status=status, now=NOW - timedelta(days=500)
    )
    keep_newest(job)
    RolledUpDay.objects.create(day=NOW.date() - timedelta(days=500), counted_at=NOW)

    delete_all()

    assert old.pk in left()


def test_a_day_that_is_not_counted_stays() -> None:
    job = make_job(keep_days=1, keep_executions=1)
    old = finish(job, ago=timedelta(days=40))
    today = [finish(job, ago=timedelta(minutes=minutes)) for minutes in (30, 20, 10)]

    delete_all()
    assert old.pk in left()

    roll_up(now=NOW)
    delete_all()
    assert left() == {execution.pk for execution in today}
    assert JobDay.objects.get(day=old.completed_at.date()).succeeded == 1  # type: ignore[union-attr]


def test_the_last_execution_of_a_job_stays() -> None:
    job = make_job()
    finish(job, ago=timedelta(days=300))
    last = finish(job, ago=timedelta(days=200), status="failed")
    # Skipped ones were never started: the lists do not show them as the last.
    finish(job, ago=timedelta(days=150), status="skipped", started_at=None)
    roll_up(now=NOW)

    delete_all()

    assert left() == {last.pk}


def test_the_last_slot_of_each_schedule_stays() -> None:
    job = make_job()
    yearly, weekly = make_schedule(job), make_schedule(job)
    kept = []
    for schedule, days in ((yearly, 200), (weekly, 100)):
        for age in (days + 7, days):
            execution = finish(
                job,
                ago=timedelta(days=age),
                schedule=schedule,
                origin=Origin.SCHEDULE,
                scheduled_for=NOW - timedelta(days=age),
            )
        kept.append(execution.pk)
    manual = keep_newest(job)
    roll_up(now=NOW)
    before = lasts()

    delete_all()

    assert left() == {*kept, manual.pk}
    assert lasts() == before
    assert None not in {last for _, last in before}


def test_an_archived_job_loses_its_last_execution_too() -> None:
    job = make_job()
    finish(job, ago=timedelta(days=100))
    set_job_status(actor=TESTER, job=job, status=JobStatus.ARCHIVED)
    roll_up(now=NOW)

    delete_all()

    assert left() == set()


def test_no_slot_is_opened_again_because_its_execution_is_gone() -> None:
    now = database_now().replace(microsecond=0)
    job = make_job(keep_executions=1)
    schedule = make_schedule(job, interval_seconds=10, next_fire_at=now - timedelta(days=1))
    while plan().is_full:
        pass
    opened = JobExecution.objects.count()
    JobExecution.objects.unfinished().update(status="skipped", completed_at=now)
    for day in {now.date(), now.date() - timedelta(days=1)}:
        RolledUpDay.objects.create(day=day, counted_at=now)

    deleted = sum(each.executions for each in delete_expired(now=now))
    before = JobSchedule.objects.get(pk=schedule.pk).next_fire_at
    again = plan(now=before - timedelta(seconds=1))  # type: ignore[operator]

    assert deleted == opened - 1
    assert again.opened == 0


def test_counting_promises_what_deleting_does() -> None:
    first, second = make_job(keep_days=10, keep_executions=2), make_job()
    for job in (first, second):
        for days in (0.5, 1, 2, 5, 11, 100, 101):
            finish(job, ago=timedelta(days=days))
    roll_up(now=NOW)
    RolledUpDay.objects.filter(day=NOW.date() - timedelta(days=100)).delete()

    promised = dict(count_expired(now=NOW))

    done = dict.fromkeys(promised, 0)
    for each in delete_all():
        done[each.job] += each.executions
    assert promised == done == {first.name: 4, second.name: 1}


def test_a_transaction_takes_no_more_than_some_ten_thousand_log_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("executions.retention.MOST_LOG_LINES", 10)
    job = make_job()
    for n in range(6):
        finish(job, ago=timedelta(days=100 + n), lines=6)
    finish(job, ago=timedelta(days=99), lines=35)
    keep_newest(job)
    roll_up(now=NOW)

    deleted = [each for each in delete_all() if each.executions]

    assert [each.log_lines for each in deleted] == [12, 12, 12, 35]
    assert JobExecution.objects.count() == 1


def test_looks_at_conditions_go_with_their_execution_and_count_as_its_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("executions.retention.MOST_LOG_LINES", 4)
    job = make_job()
    old = [finish(job, ago=timedelta(days=91, hours=n), lines=1) for n in range(4)]
    last = keep_newest(job)
    for execution in (*old, last):
        ConditionCheck.objects.bulk_create(
            ConditionCheck(execution=execution, result="false", message="not yet") for _ in range(3)
        )
    roll_up(now=NOW)

    assert [each.executions for each in delete_all() if each.executions] == [1, 1, 1, 1]
    assert set(ConditionCheck.objects.values_list("execution_id", flat=True)) == {last.pk}


def test_batches_grow_to_a_thousand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("executions.retention.FIRST_EXECUTIONS", 2)
    monkeypatch.setattr("executions.retention.MOST_EXECUTIONS", 5)
    job = make_job()
    for n in range(14):
        finish(job, ago=timedelta(days=100, seconds=n), lines=0)
    keep_newest(job)
    roll_up(now=NOW)

    assert [each.executions for each in delete_all()] == [2, 4, 5, 3, 0]


def test_stopping_in_the_middle_leaves_whole_executions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("executions.retention.FIRST_EXECUTIONS", 2)
    job = make_job()
    for n in range(10):
        finish(job, ago=timedelta(days=100 + n))
    keep_newest(job)
    roll_up(now=NOW)

    work = delete_expired(now=NOW)
    next(work)
    work.close()

    assert JobExecution.objects.count() == 9
    for execution in JobExecution.objects.all():
        assert execution.transitions.count() == 2
        assert execution.log_lines.count() == 2
    assert ExecutionTransition.objects.count() == JobExecutionLog.objects.count() == 18


@pytest.mark.django_db(transaction=True)
def test_a_locked_execution_is_passed_over(other_connection: Any) -> None:
    job = make_job()
    locked = finish(job, ago=timedelta(days=101))
    finish(job, ago=timedelta(days=100))
    last = keep_newest(job)
    roll_up(now=NOW)
    with other_connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(
            "SELECT 1 FROM executions_jobexecution WHERE id = %s FOR UPDATE", [locked.pk]
        )
        delete_all()
        cursor.execute("ROLLBACK")
    assert left() == {locked.pk, last.pk}

    delete_all()

    assert left() == {last.pk}


@pytest.mark.django_db(transaction=True)
def test_two_at_once_delete_each_execution_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("executions.retention.FIRST_EXECUTIONS", 3)
    monkeypatch.setattr("executions.retention.MOST_EXECUTIONS", 3)
    job = make_job()
    for n in range(60):
        finish(job, ago=timedelta(days=100, seconds=n))
    last = keep_newest(job)
    roll_up(now=NOW)
    barrier = threading.Barrier(2)
    found: list[int] = []

    def work() -> None:
        barrier.wait(10)
        try:
            lines = sum(delete_log_lines(now=NOW))
            done = delete_all()
            found.append(sum(each.executions for each in done))
            found_lines.append(lines + sum(each.log_lines for each in done))
        finally:
            connection.close()

    found_lines: list[int] = []
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert (sum(found), sum(found_lines)) == (60, 120)
    assert left() == {last.pk}


@pytest.mark.parametrize(("older_by", "goes"), [(timedelta(), False), (TICK, True)])
def test_a_log_goes_sooner_than_its_execution(older_by: timedelta, goes: bool) -> None:
    job = make_job()
    old = finish(job, ago=timedelta(days=30) + older_by, lines=3)
    young = finish(job, ago=timedelta(days=29), lines=4)

    deleted = sum(delete_log_lines(now=NOW))

    assert deleted == (3 if goes else 0)
    assert old.log_lines.count() == (0 if goes else 3)
    assert young.log_lines.count() == 4
    assert old.transitions.count() == 2


def test_the_log_of_what_still_runs_stays_and_hides_no_later_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("executions.retention.MOST_LOG_LINES", 2)
    job = make_job()
    runs = make_execution(job, status="running", now=NOW)
    write_log(runs, 5, at=NOW - timedelta(days=60))
    ended = finish(job, ago=timedelta(days=50), lines=3)
    young = finish(job, ago=timedelta(days=20), lines=3)

    assert sum(delete_log_lines(now=NOW)) == 3
    assert [each.log_lines.count() for each in (runs, ended, young)] == [5, 0, 3]


def test_without_any_log_there_is_nothing_to_do() -> None:
    assert list(delete_log_lines(now=NOW)) == []


def test_processes_that_were_silent_for_a_week_are_forgotten() -> None:
    for name, days in (("gone", 7), ("quiet", 6)):
        Worker.objects.create(
            name=name,
            kind="worker",
            hostname="host",
            pid=1,
            started_at=NOW - timedelta(days=30),
            last_seen_at=NOW - timedelta(days=days) - TICK,
        )

    assert forget_processes(now=NOW) == 1
    assert list(Worker.objects.values_list("name", flat=True)) == ["quiet"]


@pytest.fixture
def large_history() -> Iterator["psycopg.Connection[Any]"]:
    """100,000 executions of 20 jobs over 200 days with 400,000 log lines, rolled back later."""
    with transaction.atomic():
        for _ in range(20):
            make_job()
        link = connection.connection
        make_history(link, count=100_000, days=200, lines=4)
        yield link
        transaction.set_rollback(True)


def test_the_statements_read_large_tables_by_their_indexes_alone(large_history: Any) -> None:
    job = JobDefinition.objects.all()[0]
    before = database_now() - timedelta(days=90)
    expired = {
        "job": job.pk,
        "before": id_of(before),
        "completed_before": before,
        "too_many_before": None,
        "kept": [make_id()],
    }
    limits = {"after": UUID(int=0), "limit": 1_000, "most_lines": 10_000}
    some = list(JobExecution.objects.order_by("id").values_list("id", flat=True)[:2_500])
    first = JobExecutionLog.objects.order_by("id")[0].pk
    of_lines = {"after": first - 1, "limit": 10_000, "completed_before": before}
    of_part = {"after": first - 1, "until": first + 9_999, "executions": some}
    of_jobs = {"now": None, "keep_days": 90, "keep_executions": 100}
    cases = [
        (RETENTION_BOUNDS, of_jobs, {"execution_of_job", "execution_started"}),
        (
            DELETE_EXPIRED,
            {**expired, **limits},
            {"execution_of_job", "log_of_execution", "transition_of_execution"},
        ),
        (COUNT_EXPIRED, expired, {"execution_of_job"}),
        (
            FIND_LOG_LINES,
            of_lines,
            {"executions_jobexecutionlog_pkey", "executions_jobexecution_pkey"},
        ),
        (DELETE_LOG_LINES, of_part, {"executions_jobexecutionlog_pkey"}),
    ]
    for statement, parameters, indexes in cases:
        nodes = explain(large_history, statement, parameters)
        assert not tables_read_whole(nodes), (statement.name, nodes)
        assert indexes <= indexes_used(nodes), (statement.name, nodes)


def test_a_large_history_goes_in_short_transactions(large_history: Any) -> None:
    roll_up()

    lines = sum(delete_log_lines())
    batches = list(delete_expired())

    executions = sum(each.executions for each in batches)
    assert 54_000 < executions < 56_000
    assert sum(each.transitions for each in batches) == 4 * executions
    assert 330_000 < lines < 350_000
    assert max(each.executions for each in batches) <= 1_000
    assert JobExecution.objects.count() == 100_000 - executions


FOR_EVER = (20_001, 36_500, 800_000, 2**31 - 1)


@pytest.mark.parametrize("days", FOR_EVER)
def test_a_job_that_is_kept_for_ever_does_not_stop_the_others(days: int) -> None:
    kept, other = make_job(keep_days=days), make_job()
    for job in (kept, other):
        finish(job, ago=timedelta(days=2_000))
        keep_newest(job)
    roll_up(now=NOW, most_days=3_000)

    assert dict(count_expired(now=NOW)) == {kept.name: 0, other.name: 1}
    assert {each.job: each.executions for each in delete_all() if each.executions} == {
        other.name: 1
    }
    assert JobExecution.objects.filter(job=kept).count() == 2


@pytest.mark.parametrize("days", [*FOR_EVER, 10**12])
def test_the_platform_may_keep_executions_for_ever(settings: Any, days: int) -> None:
    settings.SCHEDULER_KEEP_DAYS = days
    kept, other = make_job(), make_job(keep_days=90)
    for job in (kept, other):
        finish(job, ago=timedelta(days=2_000))
        keep_newest(job)
    roll_up(now=NOW, most_days=3_000)

    assert {each.job for each in delete_all() if each.executions} == {other.name}


@pytest.mark.parametrize("days", [*FOR_EVER, 10**12])
def test_the_platform_may_keep_logs_for_ever(settings: Any, days: int) -> None:
    settings.SCHEDULER_KEEP_LOG_DAYS = days
    finish(make_job(), ago=timedelta(days=2_000), lines=2)

    assert sum(delete_log_lines(now=NOW)) == 0
    assert JobExecutionLog.objects.count() == 2


@pytest.mark.parametrize("number", [2**31 - 1, 10**12])
def test_the_platform_may_keep_any_number_of_executions(settings: Any, number: int) -> None:
    settings.SCHEDULER_KEEP_EXECUTIONS = number
    job = make_job()
    finish(job, ago=timedelta(days=2))
    keep_newest(job)
    roll_up(now=NOW)

    assert sum(each.executions for each in delete_all()) == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_stubborn")
def test_what_cannot_be_deleted_of_one_job_keeps_nothing_of_the_others() -> None:
    jobs = [make_job(name=name) for name in ("First", "Stubborn", "Last")]
    for job in jobs:
        finish(job, ago=timedelta(days=200))
        keep_newest(job)
    roll_up(now=NOW)

    deleted = delete_all()

    assert {each.job for each in deleted if each.executions} == {"First", "Last"}
    [failed] = [each for each in deleted if each.error]
    assert (failed.job, "not this one" in str(failed.error)) == ("Stubborn", True)
    assert deleted[-1].share == 1


@pytest.mark.django_db(transaction=True)
def test_without_a_connection_no_further_job_is_tried() -> None:
    for _ in range(2):
        finish(make_job(), ago=timedelta(days=200))
    batches = delete_expired(now=NOW)
    next(batches)
    connection.connection.close()

    with pytest.raises(DatabaseError):
        list(batches)
    connection.close()  # Django opens a new one
