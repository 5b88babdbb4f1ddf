"""Named statements: files run on Django's connection, in its transaction."""

from pathlib import Path

import pytest
from django.db import DataError, ProgrammingError, connection, transaction

from core.sql import Statement
from jobs.models import Queue

pytestmark = pytest.mark.django_db


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str) -> Statement:
        path = tmp_path / "a_statement.sql"
        path.write_text(text)
        return Statement(path)

    return write


def test_rows_come_as_dictionaries(write) -> None:
    statement = write("SELECT n, n * %(by)s::int AS product FROM generate_series(1, 2) AS n")

    assert statement.rows(by=3) == [{"n": 1, "product": 3}, {"n": 2, "product": 6}]
    assert statement.row(by=3) == {"n": 1, "product": 3}


def test_no_row_is_none(write) -> None:
    assert write("SELECT 1 AS n WHERE false").row() is None


def test_a_statement_is_named_by_its_file(write) -> None:
    assert write("SELECT 1").name == "a_statement"


def test_what_a_line_includes_stands_in_its_place(write, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "sum.sql").write_text("-- The sum.\nSELECT 1\n    + %(n)s::int -- more\n")

    statement = write("SELECT (\n    \\ir parts/sum.sql\n) AS sum")

    assert statement.text == "SELECT (\nSELECT 1\n+ %(n)s::int\n) AS sum"
    assert statement.row(n=2) == {"sum": 3}


def test_it_runs_in_the_transaction_that_django_has_open(write) -> None:
    insert = write("INSERT INTO jobs_queue (name) VALUES (%(n)s) RETURNING name")

    with transaction.atomic():
        insert.rows(n="slow")
        assert Queue.objects.filter(name="slow").exists()
        transaction.set_rollback(True)
    assert not Queue.objects.filter(name="slow").exists()


@pytest.mark.parametrize(
    ("text", "error"), [("SELECT nothing", ProgrammingError), ("SELECT 1 / 0 AS n", DataError)]
)
def test_errors_are_djangos(write, text: str, error: type[Exception]) -> None:
    with pytest.raises(error), transaction.atomic():
        write(text).rows()


def test_values_are_bound_by_the_server(write) -> None:
    text = "SELECT %(value)s::text AS value"

    assert write(text).row(value="'; DROP TABLE x; --") == {"value": "'; DROP TABLE x; --"}


def test_another_connection_may_run_it(write, other_connection) -> None:
    pid = write("SELECT pg_backend_pid() AS pid")

    assert pid.row() != pid.row(using=other_connection)


@pytest.mark.parametrize(
    "path", sorted(Path("executions/sql").glob("*.sql")), ids=lambda path: path.stem
)
def test_every_statement_says_what_it_does_and_is_loaded_by_one_module(path: Path) -> None:
    first = path.read_text().splitlines()[0]
    users = [
        module
        for module in Path("executions").rglob("*.py")
        if f'load(__file__, "{path.stem}")' in module.read_text()
    ]

    assert first.startswith("-- ")
    assert len(users) == 1
    assert connection.vendor == "postgresql"


@pytest.mark.parametrize(
    "path", sorted(Path("executions/sql/parts").glob("*.sql")), ids=lambda path: path.stem
)
def test_every_part_says_what_it_is_and_is_shared(path: Path) -> None:
    line = f"\\ir parts/{path.name}\n"
    uses = sum(one.read_text().count(line) for one in Path("executions").rglob("*.sql"))

    assert path.read_text().startswith("-- ")
    assert uses > 1
