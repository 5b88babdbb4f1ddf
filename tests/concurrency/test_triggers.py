"""What the database itself refuses, whoever asks."""

import pytest
from django.db import IntegrityError, connection, transaction

from audit.models import JobAudit
from executions.models import JobExecution
from executions.states import FINAL, ExecutionStatus
from tests.factories import make_execution, make_job

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("status", FINAL)
def test_a_final_status_cannot_be_left(status):
    execution = make_execution(status=status)
    for other in set(ExecutionStatus.values) - {status}:
        with pytest.raises(IntegrityError, match="stays so"), transaction.atomic():
            JobExecution.objects.filter(pk=execution.pk).update(status=other)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_jobaudit SET actor = 'nobody'",
        "DELETE FROM audit_jobaudit",
        "TRUNCATE audit_jobaudit",
    ],
)
def test_the_audit_trail_is_only_added_to(statement):
    make_job()
    with (
        pytest.raises(IntegrityError, match="only ever added"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert JobAudit.objects.count() == 1
