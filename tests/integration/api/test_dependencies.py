"""Dependencies between jobs by REST."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User

from audit.models import JobAudit
from jobs.definitions import set_job_status
from jobs.dependencies import add_dependency
from jobs.models import JobDefinition, JobDependency, JobStatus
from tests.factories import TESTER, make_job
from tests.integration.api.test_problems import problem_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def load() -> JobDefinition:
    return make_job(name="Load Sales")


@pytest.fixture
def report() -> JobDefinition:
    return make_job(name="Report")


def of(job: JobDefinition, pk: Any = None) -> str:
    return f"/api/jobs/{job.pk}/dependencies" + (f"/{pk}" if pk else "")


def after(job: JobDefinition, upstream: JobDefinition, **fields: Any) -> JobDependency:
    return add_dependency(actor=TESTER, job=job, fields={"upstream": upstream, **fields})


def errors_of(answer: Any) -> list[tuple[str, str]]:
    errors = problem_of(answer, 400, "validation_error")["errors"]
    return [(error["pointer"], error["code"]) for error in errors]


def test_a_dependency_is_added_with_its_defaults(
    api: Any, load: JobDefinition, report: JobDefinition
) -> None:
    sent = {"upstreamJobId": str(load.pk), "createdBy": "Ada"}
    answer = api.send("post", of(report), sent)
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert answer["Location"] == of(report, body["id"])
    assert api.get(answer["Location"]).json() == body
    assert body.pop("createdAtUtc").endswith("Z")
    assert body == {
        "id": body["id"],
        "jobDefinitionId": str(report.pk),
        "jobName": "Report",
        "upstreamJobId": str(load.pk),
        "upstreamJobName": "Load Sales",
        "condition": "success",
        "delayAfterCompletionSeconds": 0,
        "failIfDependencyFails": True,
        "outputMapping": {},
        "isActive": True,
        "createdBy": "Ada",
        "updatedBy": None,
        "updatedAtUtc": None,
    }
    entry = JobAudit.objects.get(action="DependencyAdded")
    assert (entry.actor, entry.claimed_actor) == ("alice", "Ada")


def test_the_upstream_job_may_be_given_by_name(
    api: Any, load: JobDefinition, report: JobDefinition
) -> None:
    sent = {
        "upstreamJobName": "Load Sales",
        "condition": 3,
        "delayAfterCompletionSeconds": 60,
        "failIfDependencyFails": False,
        "outputMapping": {"rows": "counts.rows"},
        "isActive": False,
    }
    body = api.send("post", of(report), sent).json()
    assert body["upstreamJobId"] == str(load.pk)
    shown = sent | {"condition": "completion"}
    assert {name: body[name] for name in shown} == shown


def test_what_is_answered_can_be_sent_again(
    api: Any, load: JobDefinition, report: JobDefinition
) -> None:
    here = api.send("post", of(report), {"upstreamJobId": str(load.pk)})["Location"]
    body = api.get(here).json()
    assert api.send("put", here, body).json() == body
    assert not JobAudit.objects.filter(action="DependencyChanged").exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [(1, "success"), (2, "failure"), ("Completion", "completion"), ("failure", "failure")],
)
def test_a_condition_is_taken_by_number_and_name(
    api: Any, load: JobDefinition, report: JobDefinition, given: Any, kept: str
) -> None:
    sent = {"upstreamJobId": str(load.pk), "condition": given}
    assert api.send("post", of(report), sent).json()["condition"] == kept


def test_patch_changes_what_is_given_and_put_the_whole(
    api: Any, load: JobDefinition, report: JobDefinition
) -> None:
    dependency = after(report, load, delay_after_completion_seconds=5, is_active=False)
    here = of(report, dependency.pk)
    body = api.send("patch", here, {"condition": "completion", "updatedBy": "Ada"}).json()
    assert (body["condition"], body["delayAfterCompletionSeconds"]) == ("completion", 5)
    assert (body["isActive"], body["updatedBy"]) == (False, "Ada")
    body = api.send("put", here, {"failIfDependencyFails": False}).json()
    assert (body["condition"], body["delayAfterCompletionSeconds"]) == ("success", 0)
    assert (body["failIfDependencyFails"], body["isActive"]) == (False, False)
    assert api.send("patch", here, {"isActive": True}).json()["isActive"] is True


def test_a_removed_dependency_is_gone(api: Any, load: JobDefinition, report: JobDefinition) -> None:
    here = of(report, after(report, load).pk)
    answer = api.send("delete", here)
    assert (answer.status_code, answer.content) == (204, b"")
    assert not JobDependency.objects.exists()
    for method in ("get", "delete"):
        problem_of(api.send(method, here), 404, "not_found")


def test_lists_go_upstream_and_downstream(
    api: Any, load: JobDefinition, report: JobDefinition
) -> None:
    send = make_job(name="Send")
    after(report, load)
    after(send, load, is_active=False)
    after(send, report)
    ups = api.get(of(send)).json()
    assert [row["upstreamJobName"] for row in ups["results"]] == ["Report", "Load Sales"]
    downs = api.get(f"/api/jobs/{load.pk}/dependents?pageSize=1").json()
    assert [row["jobName"] for row in downs["results"]] == ["Send"]
    assert [row["jobName"] for row in api.get(downs["next"]).json()["results"]] == ["Report"]
    assert api.get(of(load)).json()["results"] == []


def test_a_list_reads_the_names_of_jobs_at_once(
    api: Any, report: JobDefinition, django_assert_num_queries: Any
) -> None:
    for _ in range(5):
        after(report, make_job())
    api.get(of(report))
    with django_assert_num_queries(3):  # the token, the job, the rows
        assert len(api.get(of(report)).json()["results"]) == 5


def test_a_cycle_is_named_at_its_field(
    api: Any, load: JobDefinition, report: JobDefinition
) -> None:
    after(report, load)
    problem = problem_of(
        api.send("post", of(load), {"upstreamJobName": "Report"}), 400, "validation_error"
    )
    (error,) = problem["errors"]
    assert (error["pointer"], error["code"]) == ("#/upstreamJobId", "cycle")
    assert "Load Sales -> Report -> Load Sales" in error["detail"]
    inactive = api.send("post", of(load), {"upstreamJobName": "Report", "isActive": False})
    answer = api.send("patch", inactive["Location"], {"isActive": True})
    assert errors_of(answer) == [("#/upstreamJobId", "cycle")]


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"condition": 4}, ("#/condition", "invalid_choice")),
        ({"condition": "always"}, ("#/condition", "invalid_choice")),
        ({"delayAfterCompletionSeconds": -1}, ("#/delayAfterCompletionSeconds", "min_value")),
        ({"delayAfterCompletionSeconds": "1.5"}, ("#/delayAfterCompletionSeconds", "invalid")),
        (
            {"delayAfterCompletionSeconds": 2_592_001},
            ("#/delayAfterCompletionSeconds", "max_value"),
        ),
        ({"failIfDependencyFails": "maybe"}, ("#/failIfDependencyFails", "invalid")),
        (
            {"failIfDependencyFails": False, "condition": "failure"},
            ("#/failIfDependencyFails", "contradiction"),
        ),
        ({"outputMapping": []}, ("#/outputMapping", "not_an_object")),
        ({"outputMapping": {"rows": 1}}, ("#/outputMapping", "invalid_mapping")),
        ({"outputMapping": {"rows": "a\x00"}}, ("#/outputMapping/rows", "not_storable")),
        ({"isActive": None}, ("#/isActive", "null")),
        ({"upstreamJobName": "Reprot"}, ("#/upstreamJobName", "unknown_job")),
        ({"upstreamJobId": str(uuid4())}, ("#/upstreamJobId", "does_not_exist")),
        ({"upstreamJobId": "17"}, ("#/upstreamJobId", "invalid")),
        ({"upstreamJobName": "Other"}, ("#/upstreamJobName", "contradiction")),
        ({"jobDefinitionId": "{other}"}, ("#/jobDefinitionId", "job_fixed")),
        ({"upstream": "Load Sales"}, ("#/upstream", "unknown_field")),
        ({"delayAfterCompletion": 5}, ("#/delayAfterCompletion", "unknown_field")),
    ],
    ids=lambda value: str(value)[:60],
)
def test_each_bad_field_is_named(
    api: Any,
    load: JobDefinition,
    report: JobDefinition,
    sent: dict[str, Any],
    error: tuple[str, str],
) -> None:
    other = make_job(name="Other")
    sent = {k: str(other.pk) if v == "{other}" else v for k, v in sent.items()}
    answer = api.send("post", of(report), {"upstreamJobId": str(load.pk), **sent})
    assert errors_of(answer) == [error]
    assert not JobDependency.objects.exists()


def test_messages_name_fields_and_jobs(
    api: Any, load: JobDefinition, report: JobDefinition
) -> None:
    def detail(sent: dict[str, Any]) -> str:
        problem = problem_of(api.send("post", of(report), sent), 400, "validation_error")
        (error,) = problem["errors"]
        text: str = error["detail"]
        return text

    assert detail({}) == "Name the job that is waited for, by its name or its id."
    said = "There is no job 'Load sale'. Did you mean Load Sales?"
    assert detail({"upstreamJobName": "Load sale"}) == said
    both = {"upstreamJobId": str(load.pk), "upstreamJobName": "Report"}
    assert detail(both).startswith("upstreamJobId is that of Load Sales: send one of the two")
    unmet = {"upstreamJobId": str(load.pk), "condition": 2, "failIfDependencyFails": False}
    assert "or let failIfDependencyFails be true" in detail(unmet)
    assert detail({"upstreamJobName": "Report"}) == "Job Report cannot wait for itself."


def test_the_two_jobs_of_a_dependency_stay(
    api: Any, load: JobDefinition, report: JobDefinition
) -> None:
    other = make_job(name="Other")
    here = of(report, after(report, load).pk)
    answer = api.send("patch", here, {"upstreamJobName": "Other"})
    assert errors_of(answer) == [("#/upstreamJobId", "upstream_fixed")]
    answer = api.send("put", here, {"jobDefinitionId": str(other.pk)})
    assert errors_of(answer) == [("#/jobDefinitionId", "job_fixed")]


def test_a_dependency_is_found_below_its_own_job_only(
    api: Any, load: JobDefinition, report: JobDefinition
) -> None:
    dependency = after(report, load)
    problem_of(api.get(of(load, dependency.pk)), 404, "not_found")
    problem_of(api.send("delete", of(load, dependency.pk)), 404, "not_found")
    nowhere = f"/api/jobs/{uuid4()}"
    for path in ("dependencies", "dependents", f"dependencies/{dependency.pk}"):
        problem_of(api.get(f"{nowhere}/{path}"), 404, "not_found")
    problem_of(api.send("post", f"{nowhere}/dependencies", {}), 404, "not_found")
    assert JobDependency.objects.exists()


def test_an_archived_job_is_a_conflict(
    api: Any, load: JobDefinition, report: JobDefinition
) -> None:
    set_job_status(actor=TESTER, job=load, status=JobStatus.ARCHIVED)
    answer = api.send("post", of(report), {"upstreamJobId": str(load.pk)})
    assert "Job Load Sales is archived" in problem_of(answer, 409, "job_archived")["detail"]


def test_both_forms_of_the_address_answer(
    api: Any, load: JobDefinition, report: JobDefinition
) -> None:
    dependency = after(report, load)
    for path in (of(report), of(report, dependency.pk), f"/api/jobs/{load.pk}/dependents"):
        assert api.get(path).json() == api.get(f"{path}/").json()


@pytest.mark.parametrize(
    ("method", "permission"),
    [
        ("get", "view"),
        ("post", "add"),
        ("patch", "change"),
        ("put", "change"),
        ("delete", "delete"),
    ],
)
def test_each_call_takes_its_permission(
    bob_api: Any,
    bob: User,
    load: JobDefinition,
    report: JobDefinition,
    method: str,
    permission: str,
) -> None:
    dependency = after(report, load)
    here = of(load) if method == "post" else of(report, dependency.pk)
    body = {"upstreamJobId": str(make_job().pk)} if method == "post" else {}
    problem_of(bob_api.send(method, here, body), 403, "permission_denied")
    bob.user_permissions.add(Permission.objects.get(codename=f"{permission}_jobdependency"))
    assert bob_api.send(method, here, body).status_code in (200, 201, 204)


def test_who_may_look_at_dependencies_may_look_in_both_directions(
    bob_api: Any, bob: User, report: JobDefinition
) -> None:
    for path in ("dependencies", "dependents"):
        problem_of(bob_api.get(f"/api/jobs/{report.pk}/{path}"), 403, "permission_denied")
    bob.user_permissions.add(Permission.objects.get(codename="view_jobdependency"))
    for path in ("dependencies", "dependents"):
        assert bob_api.get(f"/api/jobs/{report.pk}/{path}").status_code == 200
