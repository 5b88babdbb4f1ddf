"""What migrations make of the rows that are there."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from jobs.rules import read_spec, spec_of
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
    """The name of the latest migration; in the end all are applied again, of all applications.

    Those of others that build on what is taken back here are taken back with it.
    """
    [(_, name)] = MigrationExecutor(connection).loader.graph.leaf_nodes("jobs")
    yield name
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


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


def test_a_schedule_keeps_what_its_rule_was_and_when_it_was_stopped(latest: str) -> None:
    stopped, resumed = CHANGED, datetime(2026, 3, 1, tzinfo=UTC)
    rows: dict[str, tuple[dict[str, Any], list[str]]] = {
        "active": ({}, ["firing"]),
        "stopped": ({"stopped_at": stopped}, ["firing", "stopped"]),
        "resumed": (
            {"stopped_at": stopped, "resumed_at": resumed},
            ["firing", "stopped", "firing"],
        ),
        "archived": ({"stopped_at": stopped, "archived_at": stopped}, ["firing", "archived"]),
    }
    made = {name: make_schedule(start_at=CREATED) for name in rows}
    apps = migrate("0005_time")
    apps.get_model("jobs", "ScheduleVersion").objects.all().delete()
    for name, (values, _) in rows.items():
        old = apps.get_model("jobs", "JobSchedule").objects
        old.filter(pk=made[name].pk).update(created_at=CREATED, **values)

    apps = migrate("0006_first_versions")

    for name, (_, standings) in rows.items():
        versions = apps.get_model("jobs", "ScheduleVersion").objects.filter(
            schedule_id=made[name].pk
        )
        found = list(versions.order_by("number").values_list("standing", flat=True))
        schedule = apps.get_model("jobs", "JobSchedule").objects.get(pk=made[name].pk)
        assert found == standings
        assert schedule.version == len(standings)
        assert schedule.versioned_at == versions.latest("number").since
        # The rule that it keeps is the rule that the row has.
        assert read_spec(versions.latest("number").spec) == spec_of(made[name])
