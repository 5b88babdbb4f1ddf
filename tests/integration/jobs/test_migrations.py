"""What migrations make of the rows that are there."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.factories import make_schedule

pytestmark = pytest.mark.django_db(transaction=True)

CREATED, CHANGED = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def migrate(name: str) -> Any:
    """Migrate jobs to the named migration, and return its models."""
    executor = MigrationExecutor(connection)
    executor.migrate([("jobs", name)])
    return executor.loader.project_state([("jobs", name)]).apps


@pytest.fixture
def latest() -> Iterator[str]:
    """The name of the latest migration, which is applied again in the end."""
    [(_, name)] = MigrationExecutor(connection).loader.graph.leaf_nodes("jobs")
    yield name
    migrate(name)


def test_the_migrations_make_what_the_models_say() -> None:
    call_command("makemigrations", "jobs", check_changes=True, dry_run=True, verbosity=0)


def test_a_schedule_that_was_stopped_before_there_was_a_column_for_it_is_stopped(
    latest: str,
) -> None:
    rows: dict[str, tuple[dict[str, Any], datetime | None]] = {
        "active": ({"is_active": True, "updated_at": CHANGED}, None),
        "disabled": ({"is_active": False, "updated_at": CHANGED}, CHANGED),
        "never changed": ({"is_active": False, "updated_at": None}, CREATED),
        "archived": ({"archived_at": CHANGED, "updated_at": None}, CHANGED),
    }
    ids = {name: make_schedule().pk for name in rows}
    old = migrate("0003_more_kinds").get_model("jobs", "JobSchedule").objects
    for name, (values, _) in rows.items():
        old.filter(pk=ids[name]).update(created_at=CREATED, **values)

    new = migrate("0004_stopped_schedules").get_model("jobs", "JobSchedule").objects

    found = {name: new.get(pk=pk) for name, pk in ids.items()}
    assert {name: row.stopped_at for name, row in found.items()} == {
        name: stopped_at for name, (_, stopped_at) in rows.items()
    }
    assert {row.resumed_at for row in found.values()} == {None}
