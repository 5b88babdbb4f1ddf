"""What tests of pages and calls need."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client


@pytest.fixture(autouse=True)
def _quick_web(settings: Any, tmp_path: Any) -> None:
    """Spare whitenoise the look at files that nobody has collected, and passwords their price."""
    settings.STATIC_ROOT = str(tmp_path)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def as_alice(client: Client, alice: User) -> Client:
    """A browser in which the superuser is signed in."""
    client.force_login(alice)
    return client


@pytest.fixture
def _stubborn(transactional_db: None) -> Iterator[None]:
    """PostgreSQL refuses to delete any execution of the job "Stubborn"."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse_stubborn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF EXISTS (SELECT 1 FROM jobs_jobdefinition WHERE id = OLD.job_id"
            " AND name = 'Stubborn') THEN RAISE EXCEPTION 'not this one'; END IF;"
            " RETURN OLD; END $$;"
            " CREATE TRIGGER refuse_stubborn BEFORE DELETE ON executions_jobexecution"
            " FOR EACH ROW EXECUTE FUNCTION refuse_stubborn()"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION refuse_stubborn CASCADE")
