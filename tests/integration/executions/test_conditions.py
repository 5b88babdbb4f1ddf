"""What a worker finds out about each kind of check."""

import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from core.clock import database_now
from jobs.calendars.changing import create_calendar
from jobs.models import HolidayCalendar
from tests.factories import TESTER, make_execution, make_job
from tests.integration.executions.conditions import (
    end_slot,
    error_of,
    holds,
    let_run,
    make_conditional,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_no_kernel_timer")]

SUCCEEDED = {"previous": {"outcome": ["succeeded"]}}
CHRISTMAS, SATURDAY, MONDAY = date(2026, 12, 25), date(2026, 12, 19), date(2026, 12, 21)


@pytest.fixture
def england() -> HolidayCalendar:
    return create_calendar(
        actor=TESTER,
        fields={
            "name": "England",
            "sources": [{"country": "GB", "subdivision": "ENG"}],
            "first_year": 2026,
            "last_year": 2027,
        },
    )


# --- The previous run


@pytest.mark.parametrize(
    ("status", "expected"),
    [("succeeded", True), ("failed", False), ("timed_out", False), ("cancelled", False)],
)
def test_the_previous_run_of_the_schedule_decides(status: str, expected: bool) -> None:
    schedule = make_conditional(conditions=SUCCEEDED)
    end_slot(schedule, "failed" if expected else "succeeded")
    end_slot(schedule, status)

    assert let_run(schedule) is expected


def test_the_first_run_has_none_before_it() -> None:
    assert not holds(SUCCEEDED)
    assert holds({"previous": {"outcome": ["succeeded", "none"]}})


def test_slots_that_never_ran_are_no_previous_run() -> None:
    schedule = make_conditional(conditions=SUCCEEDED)
    end_slot(schedule, "succeeded")
    end_slot(schedule, "skipped", reason="condition")
    end_slot(schedule, "failed", reason="condition_error")
    end_slot(schedule, "skipped", reason="misfire", started_at=None)

    assert let_run(schedule)


def test_a_rerun_stands_for_the_run_it_repeats() -> None:
    schedule = make_conditional(conditions=SUCCEEDED)
    failed = end_slot(schedule, "failed")
    assert not let_run(schedule)

    make_execution(schedule.job, status="succeeded", rerun_of=failed)

    assert let_run(schedule)


def test_a_slot_that_was_backfilled_since_is_not_the_previous_one() -> None:
    schedule = make_conditional(conditions=SUCCEEDED)
    end_slot(schedule, "succeeded")
    make_execution(
        schedule.job,
        origin="backfill",
        schedule=schedule,
        status="failed",
        scheduled_for=database_now() - timedelta(days=300),
    )

    assert let_run(schedule)


def test_runs_of_other_schedules_and_by_hand_are_not_the_previous_one() -> None:
    schedule = make_conditional(conditions=SUCCEEDED)
    end_slot(make_conditional(schedule.job), "succeeded")
    make_execution(schedule.job, status="succeeded")

    assert not let_run(schedule)


# --- Dependencies


def depends(name: str, **fields: Any) -> dict[str, Any]:
    return {"dependency": {"job": name, "outcome": ["succeeded"], **fields}}


def test_a_dependency_is_known_by_name_or_id_and_judged_by_its_latest_run() -> None:
    upstream = make_job()
    for_name = make_conditional(conditions=depends(upstream.name))
    for_id = make_conditional(conditions=depends(str(upstream.pk)))
    assert not let_run(for_name)

    make_execution(upstream, status="succeeded")
    assert let_run(for_name)
    assert let_run(for_id)

    make_execution(upstream, status="failed")
    assert not let_run(for_name)


@pytest.mark.parametrize(("age", "expected"), [(59, True), (62, False)])
def test_a_dependency_may_have_to_be_recent(age: int, expected: bool) -> None:
    upstream = make_job()
    now = database_now()
    make_execution(upstream, status="succeeded", completed_at=now - timedelta(seconds=age))

    assert holds(depends(upstream.name, withinSeconds=60)) is expected


def test_a_dependency_that_is_gone_is_an_error() -> None:
    upstream = make_job()
    schedule = make_conditional(conditions=depends(upstream.name))
    type(upstream).objects.filter(pk=upstream.pk).update(name=f"renamed {uuid4()}")

    with pytest.raises(AssertionError, match="there is no job"):
        let_run(schedule)


# --- Calendars


@pytest.mark.parametrize(
    ("day", "kind", "expected"),
    [
        (MONDAY, "business_day", True),
        (MONDAY, "non_business_day", False),
        (SATURDAY, "weekend", True),
        (SATURDAY, "business_day", False),
        (SATURDAY, "holiday", False),
        (CHRISTMAS, "holiday", True),
        (CHRISTMAS, "non_business_day", True),
        (CHRISTMAS, "weekend", False),
    ],
)
@pytest.mark.usefixtures("england")
def test_the_business_date_is_looked_up_in_the_calendar(
    day: date, kind: str, expected: bool
) -> None:
    condition = {"calendar": {"calendar": "England", "is": kind}}

    assert holds(condition, business_date=day) is expected


def test_without_a_name_it_is_the_schedules_own_calendar_and_the_local_date_of_the_slot(
    england: HolidayCalendar,
) -> None:
    slot = datetime(2026, 12, 24, 23, 30, tzinfo=UTC)
    condition = {"calendar": {"is": "holiday"}}

    assert not holds(condition, calendar=england, scheduled_for=slot)
    assert holds(condition, calendar=england, scheduled_for=slot, timezone="Europe/Berlin")


@pytest.mark.usefixtures("england")
def test_a_year_without_dates_is_an_error_and_no_answer() -> None:
    condition = {"calendar": {"calendar": "England", "is": "business_day"}}

    assert "2031" in error_of(condition, business_date=date(2031, 1, 2))


# --- Parameters and environment


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ({"name": "region", "equals": "EU"}, True),
        ({"name": "region", "equals": "US"}, False),
        ({"name": "region", "in": ["US", "EU"]}, True),
        ({"name": "region", "in": ["US"]}, False),
        ({"name": "region", "exists": True}, True),
        ({"name": "region", "exists": False}, False),
        ({"name": "other", "exists": False}, True),
        ({"name": "other", "equals": None}, False),
        ({"name": "one", "equals": True}, False),
        ({"name": "one", "equals": 1}, True),
        ({"name": "list", "equals": [1, 2]}, True),
    ],
)
def test_a_parameter_of_the_run_is_compared(check: dict[str, Any], expected: bool) -> None:
    given = {"region": "EU", "one": 1, "list": [1, 2]}

    assert holds({"parameter": check}, input=given) is expected


def test_the_environment_is_the_platforms(settings: Settings) -> None:
    settings.SCHEDULER_ENVIRONMENT = "HOM"

    assert holds({"environment": ["DEV", "HOM"]})
    assert not holds({"environment": ["PROD"]})


# --- Expressions


def test_the_example_of_the_documents_holds(england: HolidayCalendar) -> None:
    schedule = make_conditional(
        conditional_expression='prev.status == "SUCCESS" && calendar.is_business_day'
        " && prev.output.rows > 1000",
        calendar=england,
    )
    end_slot(schedule, "succeeded", output={"rows": 1_000})
    assert not let_run(schedule, business_date=MONDAY)

    end_slot(schedule, "succeeded", output={"rows": 1_001})
    assert let_run(schedule, business_date=MONDAY)
    assert not let_run(schedule, business_date=CHRISTMAS)


@pytest.mark.parametrize(
    "expression",
    [
        'prev.exists && prev.status == "succeeded" && prev.attempts == 1 && prev.rows == 7',
        'prev.endedAt < now && now - prev.endedAt < duration("2h") && prev.durationSeconds == 7.0',
        'run.businessDate == "2026-12-21" && !run.isLate && run.scheduledFor < now',
        'params.region == "EU" && size(params.list) == 2 && params.list.exists(x, x == 2)',
        'environment == "DEV" && now.getFullYear("Asia/Tokyo") > 2000',
    ],
)
def test_every_name_that_is_promised_has_its_value(expression: str) -> None:
    schedule = make_conditional(conditional_expression=expression)
    end_slot(schedule, "succeeded", output={"rows": 7})

    assert let_run(schedule, business_date=MONDAY, input={"region": "EU", "list": [1, 2]})


def test_without_an_earlier_run_the_status_is_none_and_what_it_left_an_error() -> None:
    assert holds(expression='prev.status == "none" && !prev.exists')
    assert "prev.rows" in error_of(expression="prev.rows > 1")


def test_an_expression_that_asks_too_much_is_an_error_and_the_worker_lives() -> None:
    greedy = "[params.s]" + ".map(x, x + x)" * 12 + ".all(x, x.contains('zz'))"

    message = error_of(expression=greedy, input={"s": "ab" * 200_000})

    assert "takes more than 2 s or 256 MiB" in message
    assert holds(expression="1 < 2")


def test_an_expression_without_an_end_is_refused_by_its_iterations() -> None:
    many = "params.l.all(a, params.l.all(b, params.l.all(c, a + b + c >= 0)))"

    assert "Iteration budget exceeded" in error_of(expression=many, input={"l": [1] * 200})


def test_no_process_is_left_of_an_evaluation() -> None:
    before = psutil.Process().children()

    holds(expression="1 < 2")
    error_of(expression="params.nope")

    assert psutil.Process().children() == before


def test_both_forms_have_to_hold_and_the_list_is_asked_first() -> None:
    here, elsewhere = {"environment": ["DEV"]}, {"environment": ["PROD"]}

    assert holds(here, expression="1 < 2")
    assert not holds(here, expression="1 > 2")
    assert not holds(elsewhere, expression="params.nope")


# --- Databases


@pytest.fixture
def _asking_databases(settings: Settings) -> None:
    """The test database under a name."""
    address = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(
        **connection.settings_dict
    )
    settings.SCHEDULER_CONDITION_DATABASES = [
        f"sales={address}",
        "away=postgresql://u:s3cret@127.0.0.1:1/x",
    ]


def sql(query: str, **fields: Any) -> dict[str, Any]:
    return {"sql": {"database": "sales", "query": query, **fields}}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT true", True),
        ("SELECT count(*) FROM generate_series(1, 3)", True),
        ("SELECT 0", False),
        ("SELECT 0.5", True),
        ("SELECT NULL::int", False),
        ("VALUES (1.5::float4), (0)", True),
        ("SELECT 1::smallint WHERE false;", False),
        ("SELECT n % 2 FROM generate_series(1, 1000000) AS n -- 100%", True),
    ],
)
@pytest.mark.usefixtures("_asking_databases")
def test_the_value_of_the_query_decides(query: str, expected: bool) -> None:
    assert holds(sql(query)) is expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("CREATE TABLE mine (x int)", "write one query that returns rows"),
        ("ROLLBACK", "write one query that returns rows"),
        ("LOCK TABLE jobs_jobdefinition", "write one query that returns rows"),
        ("NOTIFY here", "write one query that returns rows"),
        ("SELECT nextval('executions_conditioncheck_id_seq')", "25006 (ReadOnlySqlTransaction)"),
        ("SELECT 1; COMMIT; CREATE TABLE mine (x int)", "multiple commands"),
        ("SET TRANSACTION READ WRITE", "write one query that returns rows"),
        ("SELECT 'yes'", "answers text; let it answer one boolean or number"),
        ("SELECT 0.5, 'x'", "answers numeric, text; let it answer one boolean or number"),
        ("SELECT", "answers nothing; let it answer one boolean or number"),
        ("SELECT nonsense", "does not exist"),
    ],
)
@pytest.mark.usefixtures("_asking_databases")
def test_a_query_that_would_write_or_does_not_answer_is_an_error(query: str, expected: str) -> None:
    assert expected in error_of(sql(query))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ('s3cret')::int",
        "SELECT x::int FROM (VALUES ('s3cret')) AS t (x)",
        "SELECT count(lower(x)::regclass) FROM (VALUES ('s3cret')) AS t (x)",
        "SELECT count(query_to_xml('SELECT ' || lower(x), true, true, ''))"
        " FROM (VALUES ('s3cret')) AS t (x)",
    ],
)
@pytest.mark.usefixtures("_asking_databases")
def test_an_error_tells_its_kind_and_no_data(query: str) -> None:
    message = error_of(sql(query))

    assert "s3cret" not in message
    assert "the query failed with" in message


@pytest.mark.parametrize(
    "query",
    ["SELECT repeat('x', 200000000)", "SELECT repeat('x', 200000000)::int"],
    ids=["in-its-answer", "in-its-error"],
)
@pytest.mark.usefixtures("_asking_databases")
def test_a_query_that_answers_too_much_does_not_swell_the_worker(query: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    error_of(sql(query))

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


def test_a_database_that_swallows_the_question_ends_by_the_timeout(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        settings.SCHEDULER_CONDITION_DATABASES = [f"sales=postgresql://u@127.0.0.1:{port}/x"]
        began = time.monotonic()

        message = error_of(sql("SELECT 1", timeoutSeconds=0.2))

        assert "longer than 0.2 s" in message
        assert time.monotonic() - began < 2


@pytest.mark.usefixtures("_asking_databases")
def test_a_slow_query_ends_by_its_timeout() -> None:
    assert "longer than 0.2 s" in error_of(sql("SELECT 1 FROM pg_sleep(60)", timeoutSeconds=0.2))


@pytest.mark.usefixtures("_asking_databases")
def test_a_database_that_is_away_is_an_error_that_tells_no_secret() -> None:
    message = error_of({"sql": {"database": "away", "query": "SELECT 1"}})

    assert "database away: no connection" in message
    assert "s3cret" not in message


def test_a_database_that_nobody_has_named_is_not_asked_not_even_the_platforms_own() -> None:
    assert "SCHEDULER_CONDITION_DATABASES" in error_of(sql("SELECT 1"))


# --- Files


def test_a_file_below_a_root_is_looked_for(settings: Settings, tmp_path: Path) -> None:
    settings.SCHEDULER_CONDITION_FILE_ROOTS = [str(tmp_path / "in")]
    (tmp_path / "in").mkdir()
    there = tmp_path / "in" / "orders.csv"
    schedule = make_conditional(conditions={"file": {"path": str(there)}})

    assert not let_run(schedule)
    there.touch()
    assert let_run(schedule)


def test_a_link_that_leads_out_of_the_root_is_not_followed(
    settings: Settings, tmp_path: Path
) -> None:
    settings.SCHEDULER_CONDITION_FILE_ROOTS = [str(tmp_path / "in")]
    (tmp_path / "in").mkdir()
    (tmp_path / "in2").mkdir()
    (tmp_path / "secret").touch()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "secret")

    for path in (tmp_path / "in" / "link", tmp_path / "secret", tmp_path / "in2"):
        message = error_of({"file": {"path": str(path)}})
        assert "SCHEDULER_CONDITION_FILE_ROOTS" in message


def test_a_file_that_cannot_be_looked_at_is_an_error_and_not_absent(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SCHEDULER_CONDITION_FILE_ROOTS = [str(tmp_path)]
    (tmp_path / "round").symlink_to(tmp_path / "round")
    (tmp_path / "a").touch()

    assert "File name too long" in error_of({"file": {"path": str(tmp_path / ("x" * 300))}})
    assert "cannot be looked at" in error_of({"file": {"path": str(tmp_path / "round")}})
    assert not holds({"file": {"path": str(tmp_path / "a" / "b")}})

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")  # which root, who runs tests, never meets

    monkeypatch.setattr("executions.conditions.external.os.stat", refuse)
    assert "Permission denied" in error_of({"file": {"path": str(tmp_path / "a")}})


# --- Web addresses


def test_this_machine_is_not_called() -> None:
    message = error_of({"http": {"url": "http://localhost:1/"}})

    assert "may not call" in message


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A web server on this machine that always answers so; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            caller, _ = listener.accept()
            with caller:
                caller.recv(65_536)
                caller.sendall(f"HTTP/1.1 {status} So\r\nContent-Length: 0\r\n\r\n".encode())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


@pytest.mark.parametrize(
    ("answered", "wanted", "expected"),
    [(200, None, True), (204, [200, 204], True), (503, None, False), (302, None, False)],
)
def test_the_status_of_a_web_address_decides(
    settings: Settings, answered: int, wanted: list[int] | None, expected: bool
) -> None:
    settings.OUTBOUND_ALLOWED_CIDRS = ["127.0.0.0/8"]
    status = {} if wanted is None else {"status": wanted}
    with answering(answered) as port:
        condition = {"http": {"url": f"http://127.0.0.1:{port}/", **status}}
        assert holds(condition) is expected


def test_who_does_not_answer_is_an_error(settings: Settings) -> None:
    settings.OUTBOUND_ALLOW_PRIVATE_NETWORKS = True

    assert "no answer" in error_of({"http": {"url": "http://127.0.0.1:1/"}})


def test_one_look_waits_for_all_that_is_outside_only_so_long(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.OUTBOUND_ALLOW_PRIVATE_NETWORKS = True
    settings.SCHEDULER_CONDITION_FILE_ROOTS = [str(tmp_path)]
    monkeypatch.setattr("executions.conditions.judging.MOST_OUTSIDE_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        slow = {"http": {"url": f"http://127.0.0.1:{port}/", "timeoutSeconds": 30}}
        began = time.monotonic()

        message = error_of({"all": [slow, slow, {"file": {"path": str(tmp_path)}}]})

        assert time.monotonic() - began < 5
    assert "all[0].http: " in message
    assert "no answer within 0.5" in message
    assert "all[1].http: no time is left" in message
    assert "all[2].file: no time is left" in message
