"""Executions of one run that end at the same moment, on connections of their own."""

import random
from contextlib import suppress
from functools import partial

import pytest

from core.errors import Conflict
from executions.models import JobExecution, RunEdge
from executions.services import cancel, trigger
from executions.states import FINAL
from tests.concurrency.racing import race
from tests.factories import TESTER, make_execution, make_job
from tests.graphs import begin, depend, end, make_graph, nodes, settle_as, states

pytestmark = pytest.mark.django_db(transaction=True)

_ROUNDS = 15


def test_two_upstreams_that_end_together_never_both_leave_the_join_waiting() -> None:
    jobs = make_graph(("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"))
    for _ in range(_ROUNDS):
        root = end(trigger(actor=TESTER, job=jobs["a"]))
        pair = [begin(nodes(root)[name]) for name in "bc"]

        race(*(partial(settle_as, one, "succeeded") for one in pair))

        last = nodes(root)["d"]
        assert (last.status, last.open_edges) == ("scheduled", 0)
        assert last.transitions.filter(to_status="scheduled").count() == 1
        cancel(actor=TESTER, execution=last)


def test_a_success_and_a_failure_that_meet_skip_what_waits_for_both_once() -> None:
    jobs = make_graph(("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("d", "e"))
    for _ in range(_ROUNDS):
        root = end(trigger(actor=TESTER, job=jobs["a"]))
        pair = [begin(nodes(root)[name]) for name in "bc"]

        race(*(partial(settle_as, *one) for one in zip(pair, ["succeeded", "failed"], strict=True)))

        assert (states(root)["d"], states(root)["e"]) == ("skipped", "skipped")
        for name in "de":
            assert nodes(root)[name].transitions.filter(to_status="skipped").count() == 1


def test_many_ends_failures_and_cancels_at_once_lock_in_one_order_and_end_the_run() -> None:
    middle = [make_job() for _ in range(6)]
    first, last, after = make_job(), make_job(), make_job()
    for job in middle:
        depend(job, first)
    depend(last, *middle)
    depend(after, last, *middle[:3], condition="completion")
    draw = random.Random(7)  # noqa: S311 - no secret
    for _ in range(_ROUNDS):
        root = end(trigger(actor=TESTER, job=first))
        run = JobExecution.objects.filter(correlation_id=root.correlation_id)
        running = [begin(row) for row in run.filter(job__in=middle)]
        ends = [draw.choice(["succeeded", "succeeded", "failed", "timed_out"]) for _ in running]
        waiting = run.get(job=last)

        race(
            *(partial(settle_as, row, how) for row, how in zip(running, ends, strict=True)),
            lambda row=waiting: _try_to_cancel(row),  # type: ignore[misc]
        )

        assert not RunEdge.objects.filter(execution__in=run, state="open").exists()
        left = run.exclude(status__in=FINAL)
        assert set(left.values_list("status", flat=True)) <= {"scheduled"}
        assert run.get(job=after).status == "scheduled"
        for row in left:
            cancel(actor=TESTER, execution=row)


def _try_to_cancel(row: JobExecution) -> None:
    with suppress(Conflict):
        cancel(actor=TESTER, execution=row)


def test_successes_of_two_roots_at_once_open_one_join_and_let_it_go() -> None:
    jobs = make_graph(("a", "j"), ("b", "j"))
    for number in range(_ROUNDS):
        pair = [begin(make_execution(jobs[name])) for name in "ab"]

        race(*(partial(settle_as, one, "succeeded") for one in pair))

        joins = JobExecution.objects.filter(job=jobs["j"], origin="join")
        assert joins.count() == number + 1
        last = joins.order_by("pk").last()
        assert last is not None
        assert (last.status, last.open_edges) == ("scheduled", 0)
