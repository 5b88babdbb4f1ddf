"""The audit trail: what an entry holds, and that none is ever changed or lost."""

from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from audit.models import JobAudit
from audit.trail import PLATFORM, Actor, record
from core.clock import database_now

pytestmark = pytest.mark.django_db

ACT = {"action": "JobUpdated", "object_type": "job", "object_id": UUID(int=3), "object_label": "n"}


def test_an_entry_says_who_did_what_to_what_and_when() -> None:
    now = database_now()
    actor = Actor(name="alice", id="7", claims="Alice A.", request_id=UUID(int=9))

    record(actor=actor, **ACT, before={"a": 1}, after={"a": 2}, reason="asked for")

    entry = JobAudit.objects.get()
    assert (entry.actor, entry.actor_id, entry.claimed_actor) == ("alice", "7", "Alice A.")
    assert (entry.action, entry.object_type, entry.object_label) == ("JobUpdated", "job", "n")
    assert entry.object_id == str(UUID(int=3))
    assert (entry.before, entry.after, entry.reason) == ({"a": 1}, {"a": 2}, "asked for")
    assert entry.at >= now
    assert entry.request_id == UUID(int=9)
    assert str(entry) == "JobUpdated n by alice"


def test_acts_outside_a_request_get_an_id_each() -> None:
    for _ in range(2):
        record(actor=PLATFORM, **ACT)

    assert len({entry.request_id for entry in JobAudit.objects.all()}) == 2


def test_an_entry_falls_with_the_act_it_records() -> None:
    def act_and_fail() -> None:
        with transaction.atomic():
            record(actor=PLATFORM, **ACT)
            raise LookupError

    with pytest.raises(LookupError):
        act_and_fail()
    assert not JobAudit.objects.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_jobaudit SET actor = 'nobody'",
        "DELETE FROM audit_jobaudit",
        "TRUNCATE audit_jobaudit",
    ],
)
def test_the_database_refuses_to_change_or_remove_entries(statement: str) -> None:
    record(actor=PLATFORM, **ACT)

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
            cursor.execute(statement)
    assert JobAudit.objects.get().actor == "platform"
