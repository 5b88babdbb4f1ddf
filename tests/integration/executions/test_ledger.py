"""The ledger: each slot that the rules name is accounted for, and a lost one shows."""

import random
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from core.clock import database_now
from executions.backfills import BackfillRequest, cancel_backfill, start_backfill
from executions.ledger import ACCOUNTED, FATES, Entry, Fate, Totals, read_ledger, read_ledgers
from executions.models import JobDay, JobExecution, RolledUpDay
from executions.planner import plan
from executions.states import FINAL
from jobs.models import CalendarVersion, HolidayCalendar, JobDefinition, JobSchedule
from jobs.versions import settle_schedule
from tests.factories import TESTER, make_execution, make_schedule

pytestmark = pytest.mark.django_db


def at(clock: str, day: int = 4) -> datetime:
    """A time of May 2026, UTC; the 4th is a Monday."""
    return datetime.fromisoformat(f"2026-05-{day:02}T{clock}").replace(tzinfo=UTC)


def make_cron(expression: str, since: datetime, **fields: Any) -> JobSchedule:
    """A schedule that fires since then."""
    schedule = make_schedule(schedule_type="cron", cron_expression=expression, **fields)
    schedule.versions.all().delete()
    schedule.version = 0
    schedule.anchor_at = schedule.created_at = since
    schedule.next_fire_at = None
    change(schedule, since)
    return schedule


def change(schedule: JobSchedule, now: datetime, **fields: Any) -> None:
    """What an edit, a pause or a stop at ``now`` does."""
    schedule.refresh_from_db(
        fields=["next_fire_at", "run_count", "version", "versioned_at"]
    ) if schedule.version else None
    for name, value in fields.items():
        setattr(schedule, name, value)
    settle_schedule(schedule, now=now, by="tester", reason=fields.get("pause_reason"))
    schedule.save()


def lines(
    schedule: JobSchedule, after: datetime, until: datetime, now: datetime | None = None
) -> list[Entry]:
    return list(read_ledger(schedule, after=after, until=until, now=now or until))


def fates(*args: Any) -> dict[str, str]:
    """What became of each slot, by its time of day; the reason as well if there is one."""
    return {
        f"{entry.slot:%H:%M}": f"{entry.fate}: {entry.reason}" if entry.reason else entry.fate
        for entry in lines(*args)
    }


def total(entries: list[Entry]) -> Totals:
    totals = Totals()
    for entry in entries:
        totals.add(entry)
    return totals


def end(execution: JobExecution, status: str = "succeeded", **fields: Any) -> None:
    moment = execution.scheduled_for + timedelta(seconds=5)
    JobExecution.objects.filter(pk=execution.pk).update(
        status=status, **{"started_at": moment, "completed_at": moment, **fields}
    )


def test_each_slot_says_what_became_of_it() -> None:
    schedule = make_cron("*/10 * * * *", at("00:00"), overlap="queue_all")
    for clock in ("00:10", "00:20", "00:30", "00:40", "00:50:02", "01:00", "01:10"):
        plan(now=at(clock))
    rows = {f"{row.scheduled_for:%H:%M}": row for row in schedule.executions.all()}
    end(rows["00:10"])
    end(rows["00:20"], "failed", error_message="No such file.")
    end(rows["00:30"], "cancelled", reason="cancelled")
    end(rows["00:40"], "cancelled", reason="replaced", started_at=None)
    end(rows["00:50"])
    end(rows["01:00"], "skipped", reason="condition")

    found = lines(schedule, at("00:00"), at("01:30"), at("01:21"))

    assert [(f"{e.slot:%H:%M}", e.fate, e.row and e.row.status) for e in found] == [
        ("00:10", Fate.RAN, "succeeded"),
        ("00:20", Fate.RAN, "failed"),
        ("00:30", Fate.RAN, "cancelled"),
        ("00:40", Fate.SKIPPED, "cancelled"),
        ("00:50", Fate.LATE, "succeeded"),
        ("01:00", Fate.SKIPPED, "skipped"),
        ("01:10", Fate.UNDER_WAY, "scheduled"),
        ("01:20", Fate.MISSED, None),
        ("01:30", Fate.NOT_DUE, None),
    ]
    assert found[1].detail == "No such file."
    assert found[3].detail == "a later slot of the schedule took its place"
    assert total(found).expected == 8
    assert total(found).missed == 1


def test_slots_of_an_outage_are_skipped_with_the_reason_and_the_latest_is_late() -> None:
    schedule = make_cron("0 * * * *", at("01:30"))

    plan(now=at("05:20"))

    assert fates(schedule, at("01:30"), at("05:30")) == {
        "02:00": "skipped: misfire",
        "03:00": "skipped: misfire",
        "04:00": "skipped: misfire",
        "05:00": "late",
    }


def test_a_slot_has_a_minute_to_be_opened_in() -> None:
    schedule = make_cron("0 * * * *", at("00:30"))

    assert fates(schedule, at("00:30"), at("01:00"), at("01:00:59")) == {"01:00": "not_due"}
    assert fates(schedule, at("00:30"), at("01:00"), at("01:01")) == {"01:00": "missed"}


def test_a_hole_that_a_beat_will_still_come_to_says_so() -> None:
    schedule = make_cron("0 * * * *", at("00:30"))
    [before] = lines(schedule, at("00:30"), at("01:30"))
    plan(now=at("02:00"))
    schedule.executions.all().delete()
    schedule.refresh_from_db()
    [after] = lines(schedule, at("00:30"), at("01:30"))

    assert "no beat has come to it yet" in str(before.detail)
    assert "a hole" in str(after.detail)


def test_slots_of_a_pause_a_stop_and_an_archiving_are_worked_out_and_say_why() -> None:
    schedule = make_cron("0 * * * *", at("00:30"))
    plan(now=at("01:00"))
    change(schedule, at("01:30"), paused_at=at("01:30"), pause_reason="The source moves.")
    change(schedule, at("03:30"), paused_at=None)
    plan(now=at("04:00"))
    change(schedule, at("04:30"), is_active=False)
    change(schedule, at("05:30"), archived_at=at("05:30"))
    plan(now=at("06:00"))

    found = lines(schedule, at("00:30"), at("06:00"), at("06:01"))

    assert [(f"{e.slot:%H:%M}", e.fate, e.detail) for e in found if e.row is None] == [
        ("02:00", Fate.PAUSED, "The source moves."),
        ("03:00", Fate.PAUSED, "The source moves."),
        ("05:00", Fate.STOPPED, "the schedule was disabled"),
        ("06:00", Fate.ARCHIVED, "the schedule was archived"),
    ]
    assert total(found).expected == total(found).accounted == 6


def test_a_rule_that_changes_during_a_pause_counts_from_its_end() -> None:
    schedule = make_cron("0 * * * *", at("00:30"))
    change(schedule, at("00:40"), paused_at=at("00:40"))
    change(schedule, at("02:10"), cron_expression="30 * * * *")
    change(schedule, at("03:10"), paused_at=None)
    plan(now=at("03:30"))

    assert fates(schedule, at("00:30"), at("03:30")) == {
        "01:00": "paused: paused",
        "02:00": "paused: paused",
        "03:00": "paused: paused",
        "03:30": "under_way",
    }


def test_an_edit_leaves_the_slots_before_it_to_the_rule_before_it() -> None:
    schedule = make_cron("0 * * * *", at("00:30"))
    change(schedule, at("02:15"), cron_expression="*/30 * * * *")
    plan(now=at("03:00"))

    assert fates(schedule, at("00:30"), at("03:00")) == {
        "01:00": "skipped: misfire",
        "02:00": "skipped: misfire",
        "02:30": "skipped: misfire",
        "03:00": "under_way",
    }


def test_nothing_is_expected_after_the_last_run_that_is_allowed() -> None:
    schedule = make_cron("0 * * * *", at("00:30"), max_runs=2)
    for clock in ("01:00", "02:00", "03:00"):
        plan(now=at(clock))

    assert fates(schedule, at("00:30"), at("04:00")) == {
        "01:00": "under_way",
        "02:00": "under_way",
        "03:00": "completed: completed",
        "04:00": "not_due",
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"cron_expression": "0,30 * * * *"},
        {"paused_at": at("03:10"), "pause_reason": "Wait."},
        {"is_active": False},
    ],
    ids=["edited", "paused", "stopped"],
)
def test_slots_due_after_the_last_run_are_skipped_where_that_was_opened_late(
    changes: dict[str, Any],
) -> None:
    schedule = make_cron("0 * * * *", at("00:30"), max_runs=1, misfire_policy="run_all")
    change(schedule, at("03:10"), **changes)
    plan(now=at("03:20"))
    schedule.refresh_from_db()

    found = lines(schedule, at("00:30"), at("03:00"), at("03:20"))

    assert [entry.fate for entry in found] == [Fate.LATE, Fate.SKIPPED, Fate.SKIPPED]


def test_an_execution_that_no_rule_names_is_unexpected_and_not_counted() -> None:
    schedule = make_cron("0 * * * *", at("00:30"))
    plan(now=at("01:00"))
    make_execution(
        schedule.job,
        schedule=schedule,
        origin="schedule",
        scheduled_for=at("01:17"),
        due_at=at("01"),
    )

    found = lines(schedule, at("00:30"), at("01:30"))

    assert [(f"{e.slot:%H:%M}", e.fate) for e in found] == [
        ("01:00", Fate.UNDER_WAY),
        ("01:17", Fate.UNEXPECTED),
    ]
    assert (total(found).expected, total(found).accounted) == (1, 1)


def test_executions_from_before_the_first_version_are_counted_as_they_are() -> None:
    schedule = make_cron("0 * * * *", at("02:30"))
    make_execution(
        schedule.job,
        schedule=schedule,
        origin="schedule",
        scheduled_for=at("01:17"),
        due_at=at("01"),
    )

    assert fates(schedule, at("00:30"), at("02:30")) == {"01:17": "under_way"}


def test_a_rule_whose_calendar_has_ended_says_from_when_on_nothing_is_known() -> None:
    calendar = HolidayCalendar.objects.create(
        name="Works", first_year=2025, last_year=2025, created_by="tester", created_at=at("00:00")
    )
    CalendarVersion.objects.create(
        calendar=calendar,
        number=1,
        since=at("00:00"),
        days=[],
        weekend=65,
        first_year=2025,
        last_year=2025,
        library="none",
        created_by="tester",
    )
    schedule = make_schedule(
        schedule_type="monthly_business_day",
        business_day_of_month=1,
        time_of_day=time(6),
        calendar=calendar,
    )
    schedule.versions.all().update(since=datetime(2025, 9, 15, tzinfo=UTC))

    early = lines(schedule, datetime(2025, 9, 15, tzinfo=UTC), datetime(2025, 10, 15, tzinfo=UTC))
    found = lines(schedule, datetime(2025, 11, 15, tzinfo=UTC), at("00:00"))

    assert [(f"{e.slot:%Y-%m-%d}", e.fate) for e in early] == [("2025-10-01", Fate.MISSED)]
    assert [(f"{e.slot:%Y-%m-%d}", e.fate) for e in found] == [
        ("2025-12-01", Fate.MISSED),
        ("2026-01-01", Fate.UNKNOWN),
    ]
    assert "calendar 'Works' has dates up to 2025" in str(found[-1].detail)


class TestForgetting:
    def test_a_slot_is_forgotten_when_retention_has_deleted_its_day_and_else_missed(self) -> None:
        schedule = make_cron("0 */12 * * *", at("00:30", day=1), overlap="allow")
        for day in (1, 2, 3):
            plan(now=at("12:00", day=day))
            plan(now=at("00:00", day=day + 1))
        for row in schedule.executions.exclude(status__in=FINAL):
            end(row)
        for day in (1, 2, 3):
            count_day(schedule.job, day)
        schedule.executions.filter(scheduled_for__lt=at("06:00", day=2)).delete()
        schedule.executions.filter(scheduled_for=at("00:00", day=4)).delete()

        assert [
            (f"{e.slot:%d. %H:%M}", e.fate)
            for e in lines(schedule, at("00:30", day=1), at("06:00", day=4))
        ] == [
            ("01. 12:00", Fate.FORGOTTEN),
            ("02. 00:00", Fate.FORGOTTEN),
            ("02. 12:00", Fate.RAN),
            ("03. 00:00", Fate.RAN),
            ("03. 12:00", Fate.RAN),
            ("04. 00:00", Fate.MISSED),
        ]

    def test_what_was_deleted_of_another_job_is_no_excuse(self) -> None:
        schedule, other = (make_cron("0 12 * * *", at("00:30", day=1)) for _ in range(2))
        plan(now=at("12:00", day=1))
        for row in JobExecution.objects.all():
            end(row)
        count_day(other.job, 1)
        JobExecution.objects.all().delete()

        assert fates(schedule, at("00:30", day=1), at("23:00", day=1)) == {"12:00": "missed"}
        assert fates(other, at("00:30", day=1), at("23:00", day=1)) == {"12:00": "forgotten"}


def count_day(job: JobDefinition, day: int) -> None:
    """Note how many executions of a job ended that day, as the rollups do."""
    ended = job.executions.filter(completed_at__date=at("00:00", day=day).date()).count()
    RolledUpDay.objects.get_or_create(day=at("00:00", day=day).date(), counted_at=at("00:00"))
    JobDay.objects.create(day=at("00:00", day=day).date(), job=job, succeeded=ended)


KINDS: list[dict[str, Any]] = [
    {"schedule_type": "cron", "cron_expression": "*/7 * * * *"},
    {"schedule_type": "cron", "cron_expression": "0 */2 * * MON-FRI", "timezone": "Europe/Berlin"},
    {"schedule_type": "daily", "time_of_day": time(2, 30), "timezone": "America/New_York"},
    {"schedule_type": "interval", "interval_seconds": 1_700},
    {"schedule_type": "weekly", "time_of_day": time(23), "days_of_week": 42},
]


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_every_slot_is_accounted_for_and_a_lost_one_shows(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test that fails has to fail again
    begin = now = datetime(2026, 3, 6, 12, tzinfo=UTC)
    schedules = [make_random(chance, begin) for _ in range(15)]
    for _ in range(60):
        now += timedelta(seconds=chance.choice([20, 600, 3_600, 3_600, 40_000]))
        for schedule in chance.sample(schedules, 3):
            happen(chance, schedule, now)
        for _ in range(chance.choice([0, 1, 3])):
            plan(now=now, limit=chance.choice([4, 500]))
        for row in JobExecution.objects.exclude(status__in=FINAL):
            if chance.random() < 0.7:
                end(row)
    while plan(now=now).is_full:
        pass

    schedules = list(JobSchedule.objects.all())
    found = {
        schedule.pk: list(entries)
        for schedule, entries in read_ledgers(schedules, after=begin, until=now, now=now)
    }
    assert sum(len(entries) for entries in found.values()) > 1_000

    for schedule in schedules:
        totals = total(found[schedule.pk])
        assert totals.missed == totals.fates[Fate.UNEXPECTED] == totals.fates[Fate.UNKNOWN] == 0
        assert totals.expected == totals.accounted
        rows = [entry.row for entry in found[schedule.pk] if entry.row]
        assert len(rows) == schedule.executions.count()
    lost = chance.choice(
        list(JobExecution.objects.filter(scheduled_for__lt=now - timedelta(minutes=1)))
    )
    lost.delete()
    holes = [
        (schedule.pk, entry.slot)
        for schedule, entries in read_ledgers(schedules, after=begin, until=now, now=now)
        for entry in entries
        if entry.fate == Fate.MISSED
    ]
    assert holes == [(lost.schedule_id, lost.scheduled_for)]


def make_random(chance: random.Random, since: datetime) -> JobSchedule:
    schedule = make_schedule(
        **chance.choice(KINDS),
        misfire_policy=chance.choice(["run_latest", "run_all", "skip"]),
        overlap=chance.choice(["queue_one", "skip", "queue_all", "cancel_running", "allow"]),
        max_runs=chance.choice([None, None, 20]),
    )
    schedule.versions.all().delete()
    schedule.version, schedule.anchor_at, schedule.next_fire_at = 0, since, None
    change(schedule, since)
    return schedule


def happen(chance: random.Random, schedule: JobSchedule, now: datetime) -> None:
    match chance.choice(["edit", "pause", "stop", "go on", "go on", "go on"]):
        case "edit":
            rule = dict.fromkeys(("cron_expression", "time_of_day", "interval_seconds"))
            rule |= {"days_of_week": None, "timezone": "UTC"} | chance.choice(KINDS)
            change(schedule, now, **rule)
        case "pause":
            change(schedule, now, paused_at=now, pause_reason="Wait.")
        case "stop":
            change(schedule, now, is_active=False)
        case _:
            change(schedule, now, paused_at=None, is_active=True)


def test_a_long_ledger_is_read_bit_by_bit() -> None:
    schedule = make_cron("* * * * *", at("00:00", day=1), overlap="allow", misfire_policy="run_all")
    while plan(now=at("00:00", day=3)).is_full:
        pass

    found = lines(schedule, at("00:00", day=1), at("00:00", day=3))

    assert len(found) == 2 * 24 * 60
    assert Counter(entry.fate for entry in found).keys() == {
        Fate.SKIPPED,
        Fate.LATE,
        Fate.UNDER_WAY,
    }


def test_an_endless_ledger_can_be_begun() -> None:
    schedule = make_cron("* * * * * *", at("00:00"))
    entries = read_ledger(
        schedule, after=at("00:00"), until=datetime(2100, 1, 1, tzinfo=UTC), now=at("00:02")
    )

    assert next(entries).fate == Fate.MISSED
    assert next(entry.slot for entry in entries if entry.fate == Fate.NOT_DUE) == at("00:01:01")


# --- Backfills


def backfill(schedule, begin, end):
    asked = BackfillRequest(from_at=at(begin), until_at=at(end))
    return start_backfill(actor=TESTER, job=schedule.job, request=asked)


def with_backfills(schedule):
    entries = lines(schedule, at("00:30"), at("05:30"), now=database_now())
    return [(entry.fate, entry.backfilled and entry.backfilled.status) for entry in entries]


def test_a_hole_that_was_backfilled_is_one_no_more_and_names_the_execution():
    schedule = make_cron("0 * * * *", at("00:30"))
    plan(now=at("01:00"))
    JobSchedule.objects.filter(pk=schedule.pk).update(next_fire_at=at("05:00"))
    backfill(schedule, "02:00", "04:00")

    hole, late = (Fate.MISSED, None), (Fate.BACKFILLED, "waiting")
    assert with_backfills(schedule) == [(Fate.UNDER_WAY, None), late, late, hole, hole]
    [_, entry, *_] = lines(schedule, at("00:30"), at("05:30"), now=database_now())
    assert entry.detail == FATES[Fate.BACKFILLED]
    assert entry.backfilled.id == JobExecution.objects.get(scheduled_for=at("02:00")).pk
    assert Fate.BACKFILLED in ACCOUNTED


def test_a_slot_that_was_skipped_and_then_backfilled_tells_both():
    schedule = make_cron("0 * * * *", at("00:30"))
    plan(now=at("05:20"))

    backfill(schedule, "02:00", "03:00")

    assert with_backfills(schedule)[:3] == [
        (Fate.SKIPPED, None),
        (Fate.SKIPPED, "waiting"),
        (Fate.SKIPPED, None),
    ]


def test_a_backfill_that_was_cancelled_leaves_the_hole():
    schedule = make_cron("0 * * * *", at("00:30"))
    plan(now=at("01:00"))
    JobSchedule.objects.filter(pk=schedule.pk).update(next_fire_at=at("05:00"))
    cancel_backfill(actor=TESTER, backfill=backfill(schedule, "02:00", "04:00"))

    assert with_backfills(schedule)[1:] == [(Fate.MISSED, None)] * 4
