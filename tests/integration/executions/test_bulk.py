"""Cancelling many executions: a refusal stops no other."""

import pytest

from audit.models import JobAudit
from core.clock import database_now
from executions.bulk import cancel_executions
from executions.models import JobExecution
from tests.factories import TESTER, make_execution

pytestmark = pytest.mark.django_db


def test_each_is_cancelled_and_what_is_over_is_told() -> None:
    waiting, over, running = (make_execution(status=s) for s in ("queued", "failed", "running"))

    outcome = cancel_executions(actor=TESTER, executions=[waiting, over, running])

    assert [e.pk for e in outcome.done] == [waiting.pk, running.pk]
    assert [e.status for e in outcome.done] == ["cancelled", "running"]
    ((refused, refusal),) = outcome.refused
    assert (refused, refusal.code) == (over, "execution_finished")
    assert JobAudit.objects.filter(action="ExecutionCancelled").count() == 2


def test_what_ended_since_it_was_read_is_told_as_well() -> None:
    execution = make_execution(status="queued")
    JobExecution.objects.update(status="succeeded", completed_at=database_now())

    outcome = cancel_executions(actor=TESTER, executions=[execution])

    assert outcome.done == []
    assert "is succeeded" in outcome.refused[0][1].detail
