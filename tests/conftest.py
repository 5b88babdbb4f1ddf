"""What every test may use."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations

from core.clock import database_now
from core.models import ApiToken
from core.tokens import generate_token, parse_token
from jobs.models import Queue


@pytest.fixture(autouse=True, scope="session")
def _flush_past_the_audit_trigger() -> Iterator[None]:
    """Let Django's flush empty the audit table between tests.

    The trigger refuses TRUNCATE, as it should. The tables' owner may switch it off for a moment;
    that owner is the role of these tests, in a database that lives as long as they do.
    """
    flush = DatabaseOperations.execute_sql_flush

    def flush_all(self: DatabaseOperations, statements: Any) -> None:
        off = "ALTER TABLE audit_jobaudit DISABLE TRIGGER append_only_table"
        on = "ALTER TABLE audit_jobaudit ENABLE TRIGGER append_only_table"
        flush(self, [off, *statements, on])

    DatabaseOperations.execute_sql_flush = flush_all  # type: ignore[method-assign]
    yield
    DatabaseOperations.execute_sql_flush = flush  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _default_queue(request: pytest.FixtureRequest) -> None:
    """Give tests that use the database the queue every installation has; a flush removes it."""
    marker = request.node.get_closest_marker("django_db")
    if marker is not None:
        request.getfixturevalue("transactional_db" if marker.kwargs.get("transaction") else "db")
        Queue.objects.get_or_create(name="default")


@pytest.fixture
def alice(db: None) -> User:
    """A superuser."""
    return User.objects.create_superuser("alice", "alice@example.com", "a long enough password")


@pytest.fixture
def bob(db: None) -> User:
    """A user who may do nothing in particular."""
    return User.objects.create_user("bob", "bob@example.com", "another long password")


def make_token(user: User, **fields: Any) -> str:
    """Return a usable API token of ``user``."""
    text = generate_token()
    parsed = parse_token(text)
    assert parsed is not None
    ApiToken.objects.create(
        key=parsed.key,
        digest=parsed.digest,
        user=user,
        name="test",
        **{"created_at": database_now(), **fields},
    )
    return text


@pytest.fixture
def other_connection() -> Iterator[Any]:
    """A second, independent connection to the test database, closed afterwards."""
    link = connection.copy()
    yield link
    link.close()
