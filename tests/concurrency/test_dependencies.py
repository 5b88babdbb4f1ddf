"""Two who add the two halves of a cycle at the same moment do not both succeed."""

import pytest

from core.errors import Conflict, InvalidInput
from jobs.dag import Graph
from jobs.definitions import set_job_status
from jobs.dependencies import add_dependency, change_dependency
from jobs.models import JobDependency, JobStatus
from tests.concurrency.racing import race
from tests.factories import TESTER, make_job

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


def try_to(act):
    """Do it; return what was refused, if anything."""
    try:
        act()
    except (InvalidInput, Conflict) as refusal:
        return str(refusal)
    return None


def add(job, upstream):
    return add_dependency(actor=TESTER, job=job, fields={"upstream": upstream})


def switch_on(dependency):
    return change_dependency(actor=TESTER, dependency=dependency, fields={"is_active": True})


def switched_off(job, upstream):
    return add_dependency(actor=TESTER, job=job, fields={"upstream": upstream, "is_active": False})


def is_without_cycle():
    edges = set(JobDependency.objects.live().values_list("upstream_id", "job_id"))
    graph = Graph(edges)
    return all(graph.path(job, upstream) is None for upstream, job in edges)


def test_of_two_halves_added_at_once_one_is_refused_with_its_path():
    for number in range(10):
        load, report = make_job(name=f"Load {number}"), make_job(name=f"Report {number}")
        said = race(
            lambda load=load, report=report: try_to(lambda: add(report, load)),
            lambda load=load, report=report: try_to(lambda: add(load, report)),
        )
        (refusal,) = filter(None, said)
        assert "would close a cycle" in refusal
        assert refusal.count(" -> ") == 2
    assert JobDependency.objects.count() == 10
    assert is_without_cycle()


def test_two_ways_that_close_a_cycle_together_without_a_job_in_common():
    for _ in range(15):
        first, second, third, fourth = [make_job() for _ in range(4)]
        add(second, first)
        add(fourth, third)
        off = switched_off(first, fourth)
        said = race(
            lambda job=third, upstream=second: try_to(lambda: add(job, upstream)),
            lambda off=off: try_to(lambda: switch_on(off)),
        )
        (refusal,) = filter(None, said)
        assert refusal.count(" -> ") == 4
    assert is_without_cycle()


def test_the_same_pair_added_at_once_is_there_once():
    load, report = make_job(name="Load"), make_job(name="Report")
    said = race(*[lambda: try_to(lambda: add(report, load))] * 3)
    assert (
        sorted(filter(None, said))
        == ["upstream: Report waits for Load already; change that dependency instead."] * 2
    )
    assert JobDependency.objects.count() == 1


def test_nothing_waits_for_a_job_that_is_archived_at_that_moment():
    for _ in range(10):
        load, report, send = make_job(), make_job(), make_job()
        known, off = add(send, load), switched_off(send, report)
        race(
            lambda job=load: set_job_status(actor=TESTER, job=job, status=JobStatus.ARCHIVED),
            lambda load=load, report=report: try_to(lambda: add(report, load)),
            lambda known=known: try_to(
                lambda: change_dependency(
                    actor=TESTER, dependency=known, fields={"condition": "completion"}
                )
            ),
            lambda off=off: try_to(lambda: switch_on(off)),
        )
    archived = JobDependency.objects.filter(upstream__status=JobStatus.ARCHIVED)
    assert archived.count() >= 10
    assert not archived.filter(is_active=True).exists()
