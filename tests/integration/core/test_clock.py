"""The one clock is the database's."""

from datetime import timedelta

import pytest
from django.db import connection

from core.clock import database_now

pytestmark = pytest.mark.django_db


def test_now_is_the_databases_and_aware() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        assert database_now() == cursor.fetchone()[0]
    assert database_now().utcoffset() == timedelta(0)


def test_time_stands_still_within_a_transaction() -> None:
    assert database_now() == database_now()
