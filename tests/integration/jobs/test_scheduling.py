"""What people do to schedules: first slots, edits, ends, refusals."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from audit.models import JobAudit
from audit.trail import Actor
from core.clock import database_now
from core.errors import Conflict, InvalidInput
from executions.completions import follow_completions
from executions.planner import plan
from jobs.definitions import set_job_status
from jobs.models import JobSchedule, JobStatus
from jobs.pausing import pause_schedule, resume_schedule
from jobs.rules import rule_of
from jobs.scheduling import archive_schedule, change_schedule, create_schedule
from tests.factories import TESTER, make_job, make_schedule

pytestmark = pytest.mark.django_db

ALICE = Actor(name="alice", id="7")
NUL = ("timezone", "not_storable")


@pytest.fixture(autouse=True)
def _the_clock_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that a test does happens at the instant that its transaction began."""
    monkeypatch.setattr("jobs.scheduling.database_clock", database_now)
    monkeypatch.setattr("jobs.pausing.database_clock", database_now)


def last_audit() -> JobAudit:
    return JobAudit.objects.order_by("-id")[0]


def change(schedule: JobSchedule, **fields: Any) -> JobSchedule:
    return change_schedule(actor=ALICE, schedule=schedule, fields=fields)


def first_slot(**fields: Any) -> datetime:
    slot = make_schedule(**fields).next_fire_at
    assert slot is not None
    return slot


# --- Create


def test_an_interval_counts_from_its_creation() -> None:
    now = database_now()

    assert first_slot(interval_seconds=90) == now.replace(microsecond=0) + timedelta(seconds=90)


def test_a_daily_schedule_starts_at_its_next_time_of_day_in_its_zone() -> None:
    now = database_now()

    slot = first_slot(schedule_type="daily", time_of_day=time(6), timezone="Asia/Tokyo")

    assert slot.astimezone(UTC).time() == time(21)
    assert now < slot <= now + timedelta(days=1)


def test_a_cron_schedule_starts_at_its_next_match() -> None:
    now = database_now()

    slot = first_slot(schedule_type="cron", cron_expression="*/5 * * * *")

    assert (slot.minute % 5, slot.second, slot.microsecond) == (0, 0, 0)
    assert now < slot <= now + timedelta(minutes=5)


def test_a_start_in_the_future_is_the_first_slot_that_may_be() -> None:
    start = database_now().replace(microsecond=0, second=0, minute=0) + timedelta(days=3)

    assert first_slot(schedule_type="cron", cron_expression="0 * * * *", start_at=start) == start


def test_an_inactive_schedule_has_nothing_to_come() -> None:
    assert make_schedule(is_active=False).next_fire_at is None


def test_a_schedule_whose_end_has_passed_has_nothing_to_come() -> None:
    schedule = make_schedule(
        schedule_type="cron",
        cron_expression="0 * * * *",
        start_at=datetime(2020, 1, 1, tzinfo=UTC),
    )

    schedule = change(schedule, end_at=datetime(2020, 2, 1, tzinfo=UTC))

    assert (schedule.is_active, schedule.next_fire_at) == (True, None)


def test_a_new_schedule_is_audited_with_all_its_fields() -> None:
    job = make_job(name="nightly")

    schedule = create_schedule(
        actor=ALICE,
        fields={"job": job, "schedule_type": "daily", "time_of_day": time(6, 30)},
    )

    entry = last_audit()
    assert (entry.action, entry.actor) == ("ScheduleChanged", "alice")
    assert (entry.object_type, entry.object_id) == ("schedule", str(schedule.id))
    assert (entry.object_label, entry.before) == ("nightly (daily)", None)
    assert entry.after["time_of_day"] == "06:30:00"
    assert entry.after["timezone"] == "UTC"


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"schedule_type": "lunar"}, "schedule_type", "invalid_choice"),
        ({"schedule_type": "cron"}, "cron_expression", "required"),
        ({"schedule_type": "daily"}, "time_of_day", "required"),
        ({"schedule_type": "interval"}, "interval_seconds", "required"),
        ({"schedule_type": "interval", "interval_seconds": 0}, "interval_seconds", "min_value"),
        ({"schedule_type": "weekly", "time_of_day": time(6)}, "days_of_week", "required"),
        ({"schedule_type": "monthly", "time_of_day": time(6)}, "day_of_month", "required"),
        (
            {"schedule_type": "monthly", "time_of_day": time(6), "day_of_month": 32},
            "day_of_month",
            "max_value",
        ),
        ({"schedule_type": "one_time"}, "one_time_at", "required"),
        ({"schedule_type": "delay"}, "delay_seconds", "required"),
        ({"schedule_type": "delay", "delay_seconds": "soon"}, "delay_seconds", "invalid"),
        ({"schedule_type": "daily", "time_of_day": "late"}, "time_of_day", "invalid"),
        ({"schedule_type": "daily", "time_of_day": time(6), "timezone": "\x00"}, *NUL),
        (
            {"schedule_type": "cron", "cron_expression": "61 * * * *"},
            "cron_expression",
            "invalid_cron",
        ),
        (
            {"schedule_type": "cron", "cron_expression": "0 0 31 2 *"},
            "cron_expression",
            "never_fires",
        ),
        (
            {"schedule_type": "cron", "cron_expression": "0 0 * * 1#6"},
            "cron_expression",
            "invalid_cron",
        ),
        (
            {"schedule_type": "daily", "time_of_day": time(6), "timezone": "Europe/Lisboa"},
            "timezone",
            "unknown_timezone",
        ),
        (
            {
                "schedule_type": "interval",
                "interval_seconds": 60,
                "start_at": datetime(2026, 2, 1, tzinfo=UTC),
                "end_at": datetime(2026, 1, 1, tzinfo=UTC),
            },
            "end_at",
            "end_before_start",
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_rule_that_cannot_fire_is_refused_by_field(
    fields: dict[str, Any], field: str, code: str
) -> None:
    job = make_job()
    entries = JobAudit.objects.count()

    with pytest.raises(InvalidInput) as refusal:
        create_schedule(actor=ALICE, fields={"job": job, **fields})

    found = [(problem.field, problem.code) for problem in refusal.value.problems]
    assert (field, code) in found
    assert not JobSchedule.objects.exists()
    assert JobAudit.objects.count() == entries


@pytest.mark.parametrize(
    ("kind", "own", "foreign"),
    [
        ("daily", {"time_of_day": time(6)}, {"days_of_week": 2}),
        ("weekly", {"time_of_day": time(6), "days_of_week": 2}, {"day_of_month": 1}),
        ("monthly", {"time_of_day": time(6), "day_of_month": 1}, {"cron_expression": "* * * * *"}),
        ("cron", {"cron_expression": "* * * * *"}, {"time_of_day": time(6)}),
        ("interval", {"interval_seconds": 60}, {"delay_seconds": 60}),
        ("delay", {"delay_seconds": 60}, {"interval_seconds": 60}),
        (
            "one_time",
            {"one_time_at": datetime(2130, 1, 1, tzinfo=UTC)},
            {"delay_seconds": 60},
        ),
        ("delay", {"delay_seconds": 60}, {"one_time_at": datetime(2130, 1, 1, tzinfo=UTC)}),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_field_of_another_kind_is_refused_and_its_silence_is_not(
    kind: str, own: dict[str, Any], foreign: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput, match=r"takes? it; this schedule is") as refusal:
        make_schedule(schedule_type=kind, **own, **foreign)

    codes = {problem.field: problem.code for problem in refusal.value.problems}
    assert codes == dict.fromkeys(foreign, "not_of_this_kind")
    assert make_schedule(schedule_type=kind, **own, **dict.fromkeys(foreign)).next_fire_at


def test_several_problems_of_one_field_are_all_named() -> None:
    with pytest.raises(InvalidInput) as refusal:
        create_schedule(
            actor=ALICE,
            fields={
                "job": make_job(),
                "schedule_type": "cron",
                "cron_expression": "61 25 * * *",
                "timezone": "nowhere",
            },
        )

    fields = [problem.field for problem in refusal.value.problems]
    assert sorted(fields) == ["cron_expression", "cron_expression", "timezone"]


def test_an_archived_job_gets_no_schedules() -> None:
    job = set_job_status(actor=TESTER, job=make_job(), status=JobStatus.ARCHIVED)

    with pytest.raises(Conflict) as refusal:
        make_schedule(job)

    assert refusal.value.code == "job_archived"


# --- Change


@pytest.mark.parametrize(
    ("offset", "is_kept"),
    [(timedelta(0), True), (timedelta(hours=-3), True), (timedelta(microseconds=1), False)],
    ids=["due-now", "long-due", "not-yet-due"],
)
def test_an_edit_keeps_a_slot_that_is_due_already_and_moves_any_other(
    offset: timedelta, is_kept: bool
) -> None:
    due = database_now() + offset
    schedule = make_schedule(next_fire_at=due)

    changed = change(schedule, interval_seconds=3_600)

    anchor = schedule.created_at.replace(microsecond=0)
    assert changed.next_fire_at == (due if is_kept else anchor + timedelta(hours=1))


def test_an_edit_never_makes_a_schedule_fire_for_the_past() -> None:
    now = database_now()
    schedule = make_schedule(next_fire_at=now + timedelta(days=1))

    changed = change(
        schedule,
        schedule_type="cron",
        cron_expression="* * * * *",
        start_at=datetime(2020, 1, 1, tzinfo=UTC),
    )

    assert changed.next_fire_at is not None
    assert now < changed.next_fire_at <= now + timedelta(minutes=1)


RULES: list[dict[str, Any]] = [
    {"schedule_type": "daily", "time_of_day": time(6), "repeat_every": 3},
    {"schedule_type": "weekly", "time_of_day": time(6), "days_of_week": 2, "repeat_every": 2},
    {"schedule_type": "monthly", "time_of_day": time(6), "day_of_month": -1},
    {
        "schedule_type": "monthly_business_day",
        "time_of_day": time(6),
        "business_day_of_month": 3,
    },
    {"schedule_type": "cron", "cron_expression": "H H * * *"},
    {"schedule_type": "cron", "cron_expression": "@every 90m"},
    {"schedule_type": "interval", "interval_seconds": 3_600},
    {"schedule_type": "interval", "interval_unit": "day", "repeat_every": 2},
    {"schedule_type": "delay", "delay_seconds": 3_600},
    {"schedule_type": "after_completion", "delay_seconds": 60},
    {"schedule_type": "one_time", "one_time_at": datetime(2130, 1, 1, tzinfo=UTC)},
    {
        "schedule_type": "conditional",
        "time_of_day": time(6),
        "conditional_expression": "prev.exists",
    },
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: "-".join(map(str, rule.values()))[:50])
def test_no_detour_moves_the_next_slot_of_a_rule(rule: dict[str, Any]) -> None:
    schedule = make_schedule(**rule)
    expected = (schedule.next_fire_at, schedule.next_run_at)
    assert None not in expected

    def next_of(changed: JobSchedule) -> tuple[datetime | None, datetime | None]:
        if changed.is_firing and changed.next_fire_at is None:
            follow_completions()
            changed.refresh_from_db()
        return changed.next_fire_at, changed.next_run_at

    policies = {"overlap": "skip", "misfire_policy": "run_all", "spread_seconds": 5}
    assert next_of(change(schedule, parameters={"a": 1}, **policies)) == expected
    assert next_of(change(schedule, **rule)) == expected
    assert next_of(change(schedule, is_active=False)) == (None, None)
    assert next_of(change(schedule, is_active=True)) == expected
    pause_schedule(actor=ALICE, schedule=schedule, reason="month end")
    assert next_of(resume_schedule(actor=ALICE, schedule=schedule)) == expected
    assert plan(now=database_now()).opened == 0


def test_what_a_paused_schedule_is_changed_to_fires_when_it_goes_on() -> None:
    schedule = make_schedule()
    pause_schedule(actor=ALICE, schedule=schedule, reason="month end")

    assert change(schedule, interval_seconds=60).next_fire_at is None
    resumed = resume_schedule(actor=ALICE, schedule=schedule)

    now = database_now()
    assert resumed.next_fire_at is not None
    assert now < resumed.next_fire_at <= now + timedelta(minutes=1)


def test_disabling_drops_a_slot_that_is_not_yet_due() -> None:
    now = database_now()
    schedule = make_schedule(next_fire_at=now + timedelta(microseconds=1))

    stopped = change(schedule, is_active=False)

    assert (stopped.is_active, stopped.next_fire_at) == (False, None)


@pytest.mark.parametrize("is_archived", [False, True], ids=["disabled", "archived"])
def test_what_was_due_when_a_schedule_was_stopped_is_opened_and_nothing_after_it(
    is_archived: bool,
) -> None:
    now = database_now()
    schedule = make_schedule(interval_seconds=60, next_fire_at=now - timedelta(seconds=90))
    if is_archived:
        archive_schedule(actor=ALICE, schedule=schedule)
    else:
        change(schedule, is_active=False)

    plan(now=now + timedelta(hours=1))

    opened = schedule.executions.values_list("scheduled_for", flat=True)
    assert len(opened) >= 1
    assert all(now - timedelta(seconds=90) <= slot <= now for slot in opened)
    schedule.refresh_from_db()
    assert schedule.next_fire_at is None


def test_enabling_again_starts_after_now_and_catches_nothing_up() -> None:
    now = database_now()
    schedule = change(make_schedule(), is_active=False)

    slot = change(schedule, is_active=True).next_fire_at

    assert slot is not None
    assert now < slot <= now + timedelta(seconds=10)


def test_a_later_end_gives_an_ended_schedule_slots_again() -> None:
    now = database_now()
    schedule = make_schedule(start_at=now - timedelta(days=2))
    assert change(schedule, end_at=now - timedelta(days=1)).next_fire_at is None

    assert change(schedule, end_at=now + timedelta(days=1)).next_fire_at is not None


def test_an_edit_notes_who_and_when_and_audits_what_changed_alone() -> None:
    now = database_now()
    schedule = make_schedule(parameters={"region": "EU"})

    changed = change(schedule, interval_seconds=60, parameters={"region": "EU"})

    assert (changed.updated_by, changed.updated_at) == ("alice", now)
    entry = last_audit()
    assert (entry.before, entry.after) == ({"interval_seconds": 10}, {"interval_seconds": 60})


def test_an_edit_that_changes_nothing_is_no_act() -> None:
    schedule = make_schedule(parameters={"region": "EU"})
    entries = JobAudit.objects.count()

    changed = change(schedule, interval_seconds=10, parameters={"region": "EU"}, time_of_day=None)

    assert changed.updated_by is None
    assert JobAudit.objects.count() == entries


def test_other_values_of_the_same_parameters_are_audited_by_name_alone() -> None:
    schedule = make_schedule(parameters={"key": "secret"})

    change(schedule, parameters={"key": "another secret"})

    assert last_audit().before == last_audit().after == {"parameters": ["key"]}


def test_a_new_kind_drops_what_only_the_old_one_took() -> None:
    schedule = make_schedule(schedule_type="weekly", time_of_day=time(6), days_of_week=2)

    changed = change(schedule, schedule_type="monthly", day_of_month=31)

    assert (changed.time_of_day, changed.days_of_week, changed.day_of_month) == (time(6), None, 31)
    assert last_audit().before == {
        "schedule_type": "weekly",
        "days_of_week": 2,
        "day_of_month": None,
    }


def test_what_an_older_row_keeps_of_another_kind_is_no_reason_to_refuse_an_edit() -> None:
    schedule = make_schedule()
    JobSchedule.objects.update(cron_expression="nonsense")

    changed = change(schedule, is_active=False)

    assert (changed.is_active, changed.cron_expression) == (False, None)


def test_a_schedule_stays_with_its_job() -> None:
    schedule = make_schedule()

    with pytest.raises(InvalidInput, match="stays with its job") as refusal:
        change(schedule, job=make_job(), interval_seconds=60)

    assert [p.field for p in refusal.value.problems] == ["job"]
    assert change(schedule, job=schedule.job, interval_seconds=60).interval_seconds == 60


def test_a_new_interval_keeps_its_grid_and_a_new_delay_counts_from_now() -> None:
    now = database_now()
    long_ago = now - timedelta(days=3, seconds=7)
    interval = make_schedule()
    delay = make_schedule(schedule_type="delay", delay_seconds=60)
    JobSchedule.objects.update(anchor_at=long_ago)

    assert change(interval, interval_seconds=60).anchor_at == long_ago
    assert change(delay, parameters={"a": 1}).anchor_at == long_ago
    assert change(delay, delay_seconds=60).anchor_at == long_ago
    assert change(delay, delay_seconds=61).anchor_at == now


def test_an_interval_that_becomes_a_delay_counts_from_now() -> None:
    now = database_now()
    schedule = make_schedule()
    JobSchedule.objects.update(anchor_at=now - timedelta(days=3))

    changed = change(schedule, schedule_type="delay", delay_seconds=60)

    assert changed.next_fire_at == now.replace(microsecond=0) + timedelta(seconds=60)


# --- One time


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        ("2130-07-01T06:00:00", "Asia/Tokyo", "2130-06-30T21:00:00"),
        ("2030-03-31T02:30:00", "Europe/Berlin", "2030-03-31T01:00:00"),
        ("2030-10-27T02:30:00.7", "Europe/Berlin", "2030-10-27T00:30:00"),
    ],
)
def test_a_one_time_on_the_wall_is_kept_as_its_instant(text: str, zone: str, instant: str) -> None:
    schedule = make_schedule(schedule_type="one_time", one_time_at=wall(text), timezone=zone)

    schedule.refresh_from_db()
    assert schedule.one_time_at == schedule.next_fire_at == wall(instant).replace(tzinfo=UTC)


def test_a_new_wall_clock_time_is_read_in_the_zone_the_schedule_has() -> None:
    schedule = make_schedule(
        schedule_type="one_time", one_time_at=wall("2130-07-01T06:00"), timezone="Asia/Tokyo"
    )

    assert change(schedule, one_time_at=wall("2130-07-02T06:00")).one_time_at == datetime(
        2130, 7, 1, 21, tzinfo=UTC
    )
    both = change(schedule, one_time_at=wall("2130-07-02T06:00"), timezone="UTC")
    assert both.one_time_at == datetime(2130, 7, 2, 6, tzinfo=UTC)
    assert change(schedule, timezone="Asia/Tokyo").one_time_at == both.one_time_at


def test_the_same_wall_clock_time_given_again_is_the_same_instant_and_no_change() -> None:
    text = wall("2130-07-01T06:00")
    schedule = make_schedule(schedule_type="one_time", one_time_at=text, timezone="Asia/Tokyo")
    entries = JobAudit.objects.count()

    again = change(schedule, one_time_at=text)
    again.refresh_from_db()

    assert again.one_time_at == again.next_fire_at == datetime(2130, 6, 30, 21, tzinfo=UTC)
    assert rule_of(again).next(again.next_fire_at) is None
    assert JobAudit.objects.count() == entries


def test_a_new_delay_is_held_against_start_and_end_from_now_on() -> None:
    now = database_now()
    ending = make_schedule(
        schedule_type="delay", delay_seconds=3600, end_at=now + timedelta(seconds=3700)
    )
    starting = make_schedule(start_at=now - timedelta(days=1))
    minutes_ago, months_ago = now - timedelta(seconds=300), now - timedelta(days=60)
    JobSchedule.objects.filter(pk=ending.pk).update(anchor_at=minutes_ago)
    JobSchedule.objects.filter(pk=starting.pk).update(anchor_at=months_ago)

    with pytest.raises(InvalidInput) as refusal:
        change(ending, delay_seconds=3800)
    assert [(p.field, p.code) for p in refusal.value.problems] == [("end_at", "never_fires")]
    late = change(starting, schedule_type="delay", delay_seconds=600)

    assert late.next_fire_at is not None
    assert late.next_fire_at > now + timedelta(seconds=598)


@pytest.mark.parametrize(
    ("offset", "is_refused"),
    [
        (timedelta(seconds=1), False),
        (timedelta(0), True),
        (timedelta(seconds=-1), True),
        (timedelta(days=-400), True),
    ],
)
def test_a_one_time_has_to_be_in_the_future_when_it_is_given(
    offset: timedelta, is_refused: bool
) -> None:
    moment = database_now() + offset
    known = make_schedule(schedule_type="one_time", one_time_at=wall("2130-01-01"))
    if not is_refused:
        assert make_schedule(schedule_type="one_time", one_time_at=moment).next_fire_at
        assert change(known, one_time_at=moment).next_fire_at
        return
    for act in (
        lambda: make_schedule(schedule_type="one_time", one_time_at=moment),
        lambda: change(known, one_time_at=moment),
    ):
        with pytest.raises(InvalidInput, match=r"is over, it is .* now; give a later") as refusal:
            act()
        assert [(p.field, p.code) for p in refusal.value.problems] == [("one_time_at", "past")]


def test_a_one_time_that_has_fired_may_be_changed_in_anything_else() -> None:
    schedule = make_schedule(schedule_type="one_time", one_time_at=wall("2130-01-01"))
    JobSchedule.objects.update(one_time_at=datetime(2020, 1, 1, tzinfo=UTC), next_fire_at=None)

    changed = change(
        schedule, parameters={"a": 1}, is_active=False, one_time_at=datetime(2020, 1, 1, tzinfo=UTC)
    )

    assert (changed.parameters, changed.next_fire_at) == ({"a": 1}, None)


def test_times_are_audited_as_text() -> None:
    schedule = make_schedule(schedule_type="daily", time_of_day=time(6))

    change(schedule, time_of_day=time(7), end_at=datetime(2030, 1, 1, tzinfo=UTC))

    assert last_audit().before == {"time_of_day": "06:00:00", "end_at": None}
    assert last_audit().after == {"time_of_day": "07:00:00", "end_at": "2030-01-01T00:00:00+00:00"}


def test_a_bad_edit_changes_nothing() -> None:
    schedule = make_schedule()
    before = JobSchedule.objects.values().get()

    with pytest.raises(InvalidInput):
        change(schedule, schedule_type="cron", cron_expression="every day")

    assert JobSchedule.objects.values().get() == before


def test_an_edit_starts_from_the_stored_schedule_and_not_from_the_callers_copy() -> None:
    stale = make_schedule()
    change(stale, parameters={"a": 1})

    assert change(stale, interval_seconds=60).parameters == {"a": 1}


# --- Archive


def test_archiving_ends_a_schedule_for_good() -> None:
    now = database_now()
    schedule = make_schedule()

    archive_schedule(actor=ALICE, schedule=schedule)

    schedule.refresh_from_db()
    assert (schedule.archived_at, schedule.is_active) == (now, False)
    assert schedule.next_fire_at is None
    assert not JobSchedule.objects.unarchived().exists()
    assert last_audit().before == {"archived_at": None, "is_active": True}
    with pytest.raises(Conflict) as refusal:
        change(schedule, is_active=True)
    assert refusal.value.code == "schedule_archived"


def test_archiving_twice_is_one_act() -> None:
    schedule = make_schedule()
    archive_schedule(actor=ALICE, schedule=schedule)
    entries = JobAudit.objects.count()

    archive_schedule(actor=ALICE, schedule=schedule)

    assert JobAudit.objects.count() == entries


def test_the_database_refuses_a_kind_of_schedule_that_nobody_can_read() -> None:
    make_schedule()

    with pytest.raises(IntegrityError, match="schedule_type_known"), transaction.atomic():
        JobSchedule.objects.update(schedule_type="lunar")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"schedule_type": "cron", "cron_expression": "0 0 12 * * ? 2020"}, "cron_expression"),
        (
            {
                "schedule_type": "daily",
                "time_of_day": time(6),
                "end_at": datetime(2020, 1, 1, tzinfo=UTC),
            },
            "end_at",
        ),
    ],
)
def test_a_new_schedule_all_of_whose_times_are_over_is_refused(
    fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        make_schedule(**fields)

    assert [(one.field, one.code) for one in refusal.value.problems] == [(field, "past")]
    assert not JobSchedule.objects.exists()
