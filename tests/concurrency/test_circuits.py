"""Several beats at once agree on a breaker: it opens once, and one trial goes."""

from datetime import timedelta
from functools import partial

import pytest

from audit.models import JobAudit
from core.clock import database_now
from executions.circuits import Circuits, breaker_of, close_breaker, open_breaker
from executions.dispatcher import choose
from executions.models import JobExecution
from jobs.models import JobDefinition
from tests.concurrency.racing import race
from tests.factories import TESTER, make_execution, make_job, make_schedule

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


def look(now=None):
    """One look of a beat."""
    Circuits().tend(now=now)
    return [hint.id for hint in choose(now=now).hints]


def test_beats_that_look_at_once_open_it_once_and_let_exactly_one_trial_through():
    for _ in range(8):
        job = make_job(breaker_failures=2, breaker_seconds=30)
        now = database_now()
        for _ in range(3):
            make_execution(job, status="failed", completed_at=now + timedelta(seconds=1))
        race(look, look, look)
        assert breaker_of(job).state == "open"
        opened = JobAudit.objects.filter(action="BreakerOpened", object_id=str(job.pk))
        assert opened.count() == 1

        slots = [
            make_execution(job, origin="schedule", schedule=make_schedule(job)) for _ in range(5)
        ]
        later = now + timedelta(seconds=60)
        for _ in range(3):
            race(*[partial(look, later)] * 3)

        statuses = JobExecution.objects.filter(pk__in=[slot.pk for slot in slots])
        ended = sorted(statuses.values_list("status", flat=True))
        assert ended == ["queued", *["skipped"] * 4]
        assert statuses.get(status="queued").pk == breaker_of(job).trial_id


def test_people_and_beats_who_move_it_at_once_leave_it_in_one_piece():
    job = make_job(breaker_failures=1, breaker_seconds=1)

    def close():
        if not breaker_of(job).is_closed:
            close_breaker(actor=TESTER, job=JobDefinition.objects.get(pk=job.pk))

    for number in range(10):
        moment = database_now() + timedelta(seconds=2 * number)
        make_execution(job, status="failed", completed_at=moment)
        make_execution(job, origin="schedule", schedule=make_schedule(job))
        race(
            *[partial(look, moment + timedelta(seconds=1))] * 2,
            close,
            lambda: open_breaker(actor=TESTER, job=job, reason="flood"),
        )
        active = JobExecution.objects.filter(job=job, status="queued")
        trial = breaker_of(job).trial_id
        assert trial is None or active.filter(pk=trial).exists()
        active.update(status="succeeded", completed_at=moment)

    open_breaker(actor=TESTER, job=job, reason="flood")
    assert breaker_of(job).half_open_at is None
    close()
    assert breaker_of(job).is_closed
