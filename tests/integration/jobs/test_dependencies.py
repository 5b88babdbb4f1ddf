"""Dependencies between jobs: what is refused, what is recorded, and what a cycle is called."""

from typing import Any
from uuid import uuid4

import pytest

import jobs.graph
from audit.models import JobAudit
from audit.trail import Actor
from core.errors import Conflict, InvalidInput, NotFound
from jobs.definitions import set_job_status
from jobs.dependencies import add_dependency, change_dependency, remove_dependency
from jobs.models import JobDefinition, JobDependency, JobStatus
from tests.factories import TESTER, make_job

pytestmark = pytest.mark.django_db


def add(to: JobDefinition, **fields: Any) -> JobDependency:
    return add_dependency(actor=TESTER, job=to, fields=fields)


def after(job: JobDefinition, upstream: JobDefinition, **fields: Any) -> JobDependency:
    return add(job, upstream=upstream, **fields)


def change(dependency: JobDependency, **fields: Any) -> JobDependency:
    return change_dependency(actor=TESTER, dependency=dependency, fields=fields)


def archive(job: JobDefinition) -> None:
    set_job_status(actor=TESTER, job=job, status=JobStatus.ARCHIVED)


@pytest.fixture
def load() -> JobDefinition:
    return make_job(name="Load")


@pytest.fixture
def report() -> JobDefinition:
    return make_job(name="Report")


def test_a_dependency_has_its_defaults_and_an_audit_entry(
    load: JobDefinition, report: JobDefinition
) -> None:
    ada = Actor(name="alice", id="7", claims="Ada")
    dependency = add_dependency(actor=ada, job=report, fields={"upstream": load})
    kept = JobDependency.objects.get()
    assert kept == dependency
    assert (kept.job, kept.upstream, kept.condition) == (report, load, "success")
    assert (kept.delay_after_completion_seconds, kept.fail_if_dependency_fails) == (0, True)
    assert (kept.output_mapping, kept.is_active, kept.created_by) == ({}, True, "Ada")
    assert dependency.created_at == kept.created_at
    entry = JobAudit.objects.get(action="DependencyAdded")
    assert (entry.object_type, entry.object_id) == ("dependency", str(kept.pk))
    assert (entry.object_label, entry.actor, entry.before) == ("Report after Load", "alice", None)
    assert entry.after == {
        "job": "Report",
        "upstream": "Load",
        "condition": "success",
        "delay_after_completion_seconds": 0,
        "fail_if_dependency_fails": True,
        "output_mapping": {},
        "is_active": True,
    }


def test_a_change_records_what_it_changed(load: JobDefinition, report: JobDefinition) -> None:
    dependency = after(report, load)
    change(dependency, condition="completion", delay_after_completion_seconds=60)
    kept = JobDependency.objects.get()
    assert (kept.condition, kept.delay_after_completion_seconds) == ("completion", 60)
    assert kept.updated_by == "tester"
    assert kept.updated_at is not None
    entry = JobAudit.objects.get(action="DependencyChanged")
    assert entry.before == {"condition": "success", "delay_after_completion_seconds": 0}
    assert entry.after == {"condition": "completion", "delay_after_completion_seconds": 60}


def test_a_change_that_changes_nothing_leaves_no_trace(
    load: JobDefinition, report: JobDefinition
) -> None:
    dependency = after(report, load)
    change(dependency, condition="success", is_active=True, job=report, upstream=load)
    assert JobDependency.objects.get().updated_at is None
    assert not JobAudit.objects.filter(action="DependencyChanged").exists()


def test_a_removed_dependency_is_gone_and_told_of(
    load: JobDefinition, report: JobDefinition
) -> None:
    dependency = after(report, load, condition="failure")
    remove_dependency(actor=TESTER, dependency=dependency)
    assert not JobDependency.objects.exists()
    entry = JobAudit.objects.get(action="DependencyRemoved")
    assert entry.before is not None
    assert (entry.before["upstream"], entry.before["condition"]) == ("Load", "failure")
    assert entry.after is None
    kept = JobDependency(pk=dependency.pk, job=report, upstream=load)
    for act in (lambda: change(kept), lambda: remove_dependency(actor=TESTER, dependency=kept)):
        with pytest.raises(NotFound, match="somebody has removed it"):
            act()


# --- Cycles


def refused_cycle(job: JobDefinition, upstream: JobDefinition, **fields: Any) -> str:
    with pytest.raises(InvalidInput) as refused:
        after(job, upstream, **fields)
    (problem,) = refused.value.problems
    assert (problem.field, problem.code) == ("upstream", "cycle")
    return problem.detail


def test_a_cycle_is_refused_with_the_path_that_would_close_it(
    load: JobDefinition, report: JobDefinition
) -> None:
    after(report, load)
    detail = refused_cycle(load, report)
    assert detail.startswith("That would close a cycle: Load -> Report -> Load.")
    assert JobDependency.objects.count() == 1
    send = make_job(name="Send")
    after(send, report)
    assert "cycle: Load -> Report -> Send -> Load." in refused_cycle(load, send)


def test_the_shortest_path_is_named(load: JobDefinition, report: JobDefinition) -> None:
    send = make_job(name="Send")
    after(report, load)
    after(send, report)
    after(send, load)
    assert "cycle: Load -> Send -> Load." in refused_cycle(load, send)


def test_a_diamond_is_no_cycle(load: JobDefinition, report: JobDefinition) -> None:
    left, right = make_job(), make_job()
    for job, upstream in ((left, load), (right, load), (report, left), (report, right)):
        after(job, upstream)
    assert JobDependency.objects.count() == 4


def test_an_inactive_dependency_closes_no_cycle_until_it_is_switched_on(
    load: JobDefinition, report: JobDefinition
) -> None:
    there = after(report, load, is_active=False)
    back = after(load, report)
    with pytest.raises(InvalidInput, match="cycle: Report -> Load -> Report"):
        change(there, is_active=True)
    assert not JobDependency.objects.get(pk=there.pk).is_active
    change(back, is_active=False)
    change(there, is_active=True)
    with pytest.raises(InvalidInput, match="cycle: Load -> Report -> Load"):
        change(back, is_active=True)


def test_an_inactive_half_may_be_added_and_changed(
    load: JobDefinition, report: JobDefinition
) -> None:
    after(report, load)
    back = after(load, report, is_active=False)
    change(back, condition="completion")
    with pytest.raises(InvalidInput, match="would close a cycle"):
        change(back, is_active=True)


def test_a_disabled_job_still_closes_a_cycle(load: JobDefinition, report: JobDefinition) -> None:
    after(report, load)
    set_job_status(actor=TESTER, job=report, status=JobStatus.DISABLED)
    refused_cycle(load, report)


# --- What archiving does


def test_with_an_archived_job_its_dependencies_hold_no_more(
    load: JobDefinition, report: JobDefinition
) -> None:
    send = make_job(name="Send")
    first, second = after(report, load), after(send, report)
    after(send, load, is_active=False)
    archive(report)
    assert not JobDependency.objects.live().exists()
    entries = JobAudit.objects.filter(action="DependencyChanged").order_by("id")
    assert [(entry.object_id, entry.reason) for entry in entries] == [
        (str(first.pk), "Job Report was archived."),
        (str(second.pk), "Job Report was archived."),
    ]
    assert entries[0].after == {"is_active": False}
    after(load, send)  # the way back led through the archived job


def test_an_archived_job_waits_for_nothing_and_nothing_for_it(
    load: JobDefinition, report: JobDefinition
) -> None:
    dependency = after(report, load)
    archive(load)
    other = make_job()
    for act in (
        lambda: after(other, load),
        lambda: after(load, other),
        lambda: change(dependency, is_active=True),
        lambda: change(dependency, condition="failure"),
    ):
        with pytest.raises(Conflict, match="Job Load is archived") as refused:
            act()
        assert refused.value.code == "job_archived"
    remove_dependency(actor=TESTER, dependency=dependency)


def test_dependencies_of_jobs_archived_by_other_means_do_not_count(
    load: JobDefinition, report: JobDefinition
) -> None:
    send = make_job(name="Send")
    after(report, load)
    after(send, report)
    JobDefinition.objects.filter(pk=report.pk).update(status="archived")
    after(load, send)


# --- Fields


@pytest.mark.parametrize(
    ("fields", "field", "code", "said"),
    [
        ({"condition": "always"}, "condition", "invalid_choice", "always"),
        ({"condition": None}, "condition", "null", "null"),
        (
            {"delay_after_completion_seconds": -1},
            "delay_after_completion_seconds",
            *("min_value", "0"),
        ),
        (
            {"delay_after_completion_seconds": 2_592_001},
            *("delay_after_completion_seconds", "max_value"),
            "At most 2592000, 30 days; give the job a schedule",
        ),
        (
            {"delay_after_completion_seconds": "soon"},
            *("delay_after_completion_seconds", "invalid", "soon"),
        ),
        ({"delay_after_completion_seconds": None}, "delay_after_completion_seconds", "null", ""),
        ({"is_active": "perhaps"}, "is_active", "invalid", "perhaps"),
        ({"fail_if_dependency_fails": None}, "fail_if_dependency_fails", "invalid", "True or F"),
        (
            {"condition": "failure", "fail_if_dependency_fails": False},
            *("fail_if_dependency_fails", "contradiction", "is condition completion: choose"),
        ),
        ({"output_mapping": None}, "output_mapping", "not_an_object", "Send an object"),
        ({"output_mapping": ["rows"]}, "output_mapping", "not_an_object", "Send an object"),
        (
            {"output_mapping": {"rows": 7}},
            *("output_mapping", "invalid_mapping", "rows: send its path as text"),
        ),
        (
            {"output_mapping": {"rows": "a..b"}},
            *("output_mapping", "invalid_mapping", "rows: 'a..b' has an empty part"),
        ),
        (
            {"output_mapping": {"rows": "a[0]"}},
            *("output_mapping", "invalid_mapping", "write an index as rows.0"),
        ),
        ({"output_mapping": {" ": "a"}}, "output_mapping", "invalid_mapping", "is no name of a"),
        ({"output_mapping": {"x" * 201: "a"}}, "output_mapping", "invalid_mapping", "1 to 200"),
        ({"output_mapping": {"rows": "a\x00"}}, "output_mapping", "not_storable", "NUL"),
        (
            {"output_mapping": {str(number): "a" for number in range(51)}},
            *("output_mapping", "too_many", "At most 50 parameters"),
        ),
        (
            {"condition": "failure", "output_mapping": {"rows": "a"}},
            *("output_mapping", "no_output", "A job that has failed has no output"),
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_each_bad_field_is_named(
    load: JobDefinition,
    report: JobDefinition,
    fields: dict[str, Any],
    field: str,
    code: str,
    said: str,
) -> None:
    with pytest.raises(InvalidInput) as refused:
        after(report, load, **fields)
    (problem,) = refused.value.problems
    assert (problem.field, problem.code) == (field, code)
    assert said in problem.detail
    assert not JobDependency.objects.exists()


def test_all_that_is_wrong_is_told_at_once(load: JobDefinition, report: JobDefinition) -> None:
    bad = {"condition": "x", "delay_after_completion_seconds": -1, "output_mapping": {"a": 1}}
    with pytest.raises(InvalidInput) as refused:
        after(report, load, **bad)
    assert {problem.field for problem in refused.value.problems} == {
        *("condition", "delay_after_completion_seconds", "output_mapping"),
    }


@pytest.mark.parametrize("seconds", [0, 1, 2_592_000])
def test_a_delay_may_be_up_to_thirty_days(
    load: JobDefinition, report: JobDefinition, seconds: int
) -> None:
    after(report, load, delay_after_completion_seconds=seconds)
    assert JobDependency.objects.get().delay_after_completion_seconds == seconds


@pytest.mark.parametrize("condition", ["success", "completion"])
def test_outputs_may_be_mapped_to_parameters(
    load: JobDefinition, report: JobDefinition, condition: str
) -> None:
    mapping = {"rows": "result.0.rows", "all": "$", "whole": ""}
    after(report, load, condition=condition, output_mapping=mapping)
    assert JobDependency.objects.get().output_mapping == mapping


def test_a_parameter_comes_from_one_job_only(load: JobDefinition, report: JobDefinition) -> None:
    other = make_job(name="Other")
    after(report, load, output_mapping={"rows": "a", "day": "b"})
    with pytest.raises(InvalidInput, match="Parameter rows comes from Load already") as refused:
        after(report, other, output_mapping={"rows": "c", "hour": "d"})
    assert [problem.code for problem in refused.value.problems] == ["parameter_taken"]
    inactive = after(report, other, output_mapping={"rows": "c"}, is_active=False)
    with pytest.raises(InvalidInput, match="comes from Load already"):
        change(inactive, is_active=True)
    change(inactive, is_active=True, output_mapping={"hour": "c"})


# --- The two jobs


def problem_of(act: Any) -> tuple[str, str, str]:
    with pytest.raises(InvalidInput) as refused:
        act()
    (problem,) = refused.value.problems
    return problem.field, problem.code, problem.detail


def test_a_job_cannot_wait_for_itself(load: JobDefinition) -> None:
    field, code, detail = problem_of(lambda: after(load, load))
    assert (field, code) == ("upstream", "depends_on_itself")
    assert detail == "Job Load cannot wait for itself."


def test_a_pair_depends_once(load: JobDefinition, report: JobDefinition) -> None:
    after(report, load, is_active=False)
    field, code, detail = problem_of(lambda: after(report, load))
    assert (field, code) == ("upstream", "dependency_exists")
    assert detail == "Report waits for Load already; change that dependency instead."


def test_an_upstream_that_is_unknown_or_missing_is_refused(report: JobDefinition) -> None:
    nobody = uuid4()
    assert problem_of(lambda: add(report))[:2] == ("upstream", "required")
    assert problem_of(lambda: add(report, upstream=None))[:2] == ("upstream", "required")
    refusal = ("upstream", "unknown_job", f"There is no job {nobody}.")
    assert problem_of(lambda: add(report, upstream_id=nobody)) == refusal


def test_a_dependency_stays_between_its_two_jobs(
    load: JobDefinition, report: JobDefinition
) -> None:
    dependency, other = after(report, load), make_job()
    assert problem_of(lambda: change(dependency, job=other))[:2] == ("job", "job_fixed")
    assert problem_of(lambda: add(report, upstream=other, job=load))[:2] == ("job", "job_fixed")
    field, code, detail = problem_of(lambda: change(dependency, upstream=other))
    assert (field, code) == ("upstream", "upstream_fixed")
    assert detail.startswith("It is on job Load, and stays so")


# --- How large it may be


def test_so_many_jobs_may_hang_together(
    load: JobDefinition, report: JobDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs.graph, "MOST_JOBS", 3)
    send, alone = make_job(name="Send"), make_job()
    after(report, load)
    after(send, report)
    field, code, detail = problem_of(lambda: after(alone, load))
    assert (field, code) == ("upstream", "too_many")
    assert detail.startswith("4 jobs with 3 dependencies would hang together; at most 3 with 5000")
    after(alone, make_job())  # apart from the others
    after(send, load)


def test_so_many_dependencies_may_be_between_them(
    load: JobDefinition, report: JobDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs.graph, "MOST_DEPENDENCIES", 1)
    inactive = after(make_job(), report, is_active=False)
    after(report, load)
    assert "2 dependencies would hang" in problem_of(lambda: after(make_job(), load))[2]
    assert problem_of(lambda: change(inactive, is_active=True))[1] == "too_many"
