"""What a job waits for, in its page: every row is written by the service."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from audit.models import JobAudit
from jobs.definitions import set_job_status
from jobs.dependencies import add_dependency, remove_dependency
from jobs.models import JobDefinition, JobDependency, JobStatus
from tests.factories import TESTER, make_job
from tests.integration.jobs.test_admin import JOBS, job_values
from tests.integration.pages import do, page_of, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def load() -> JobDefinition:
    return make_job(name="Load")


@pytest.fixture
def report() -> JobDefinition:
    return make_job(name="Report")


def after(job: JobDefinition, upstream: JobDefinition, **fields: Any) -> JobDependency:
    return add_dependency(actor=TESTER, job=job, fields={"upstream": upstream, **fields})


def row(upstream: JobDefinition, **changes: Any) -> dict[str, Any]:
    """A row as the page sends it; a box that is not ticked is None."""
    return {
        "upstream": str(upstream.pk),
        "condition": "success",
        "fail_if_dependency_fails": "on",
        "delay_after_completion_seconds": 0,
        "output_mapping": "{}",
        "is_active": "on",
        **changes,
    }


def kept(dependency: JobDependency, **changes: Any) -> dict[str, Any]:
    return row(dependency.upstream, id=str(dependency.pk), **changes)


def save(client: Client, job: JobDefinition, *rows: dict[str, Any]) -> Any:
    """Save a job's page with these rows; those that have an id are there already."""
    rows = tuple(sorted(rows, key=lambda one: "id" not in one))
    values = {
        "dependencies-TOTAL_FORMS": len(rows),
        "dependencies-INITIAL_FORMS": sum("id" in one for one in rows),
    }
    for number, one in enumerate(rows):
        sent = {name: value for name, value in one.items() if value is not None}
        values |= {f"dependencies-{number}-{name}": value for name, value in sent.items()}
    return client.post(page_of(job), job_values(name=job.name, **values))


def errors(answer: Any) -> list[dict[str, list[str]]]:
    """What each row is refused for."""
    (formset,) = answer.context["inline_admin_formsets"]
    return [dict(form.errors) for form in formset.formset.forms]


def test_a_row_adds_a_dependency(
    as_alice: Client, load: JobDefinition, report: JobDefinition
) -> None:
    given = {"condition": "completion", "delay_after_completion_seconds": 60}
    mapping = '{"rows": "counts.rows"}'
    answer = save(as_alice, report, row(load, **given, output_mapping=mapping))
    assert answer.status_code == 302
    dependency = JobDependency.objects.get()
    assert (dependency.job, dependency.upstream) == (report, load)
    assert (dependency.condition, dependency.delay_after_completion_seconds) == ("completion", 60)
    assert dependency.output_mapping == {"rows": "counts.rows"}
    entry = JobAudit.objects.get(action="DependencyAdded")
    assert (entry.actor, entry.object_id) == ("alice", str(dependency.pk))


def test_rows_are_changed_and_removed(
    as_alice: Client, load: JobDefinition, report: JobDefinition
) -> None:
    first, second = after(report, load), after(report, make_job())
    save(as_alice, report, kept(first, is_active=None), kept(second, DELETE="on"))
    dependency = JobDependency.objects.get()
    assert (dependency, dependency.is_active) == (first, False)
    actions = JobAudit.objects.filter(actor="alice", object_type="dependency")
    assert set(actions.values_list("action", flat=True)) == {
        *("DependencyChanged", "DependencyRemoved"),
    }


def test_rows_that_stay_leave_no_trace(
    as_alice: Client, load: JobDefinition, report: JobDefinition
) -> None:
    save(as_alice, report, kept(after(report, load)))
    assert not JobAudit.objects.filter(actor="alice", object_type="dependency").exists()


def test_a_cycle_is_refused_with_its_path_at_the_field(
    as_alice: Client, load: JobDefinition, report: JobDefinition
) -> None:
    after(report, load)
    answer = save(as_alice, load, row(report))
    (refused,) = errors(answer)
    assert list(refused) == ["upstream"]
    assert "Load -> Report -> Load" in refused["upstream"][0]
    assert "Load -&gt; Report -&gt; Load" in answer.text
    assert JobDependency.objects.count() == 1
    assert not JobAudit.objects.filter(actor="alice").exists()


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"upstream": ""}, "upstream", "required"),
        ({"condition": "always"}, "condition", "valid choice"),
        ({"delay_after_completion_seconds": "-1"}, "delay_after_completion_seconds", "0"),
        (
            {"delay_after_completion_seconds": "2592001"},
            "delay_after_completion_seconds",
            "30 days",
        ),
        ({"output_mapping": "{"}, "output_mapping", "JSON"),
        ({"output_mapping": "[]"}, "output_mapping", "JSON object"),
        ({"output_mapping": '{"rows": "a..b"}'}, "output_mapping", "empty part"),
        (
            {"condition": "failure", "fail_if_dependency_fails": None},
            *("fail_if_dependency_fails", "condition completion"),
        ),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_row_stands_at_its_field(
    as_alice: Client,
    load: JobDefinition,
    report: JobDefinition,
    changes: dict[str, Any],
    field: str,
    said: str,
) -> None:
    (refused,) = errors(save(as_alice, report, row(load) | changes))
    assert list(refused) == [field]
    assert said in refused[field][0]
    assert not JobDependency.objects.exists()


def test_each_bad_row_is_told_and_none_is_written(
    as_alice: Client, load: JobDefinition, report: JobDefinition
) -> None:
    known, other = after(report, load), make_job()
    answer = save(as_alice, report, kept(known), row(load), row(report), row(other))
    assert errors(answer) == [
        {},
        {"upstream": ["Report waits for Load already; change that dependency instead."]},
        {"upstream": ["Job Report cannot wait for itself."]},
        {},
    ]
    assert JobDependency.objects.get() == known


def test_a_parameter_may_go_from_one_row_to_another(
    as_alice: Client, load: JobDefinition, report: JobDefinition
) -> None:
    first = after(report, load, output_mapping={"rows": "a"})
    new = row(make_job(name="Other"), output_mapping='{"rows": "b"}')
    assert save(as_alice, report, kept(first, DELETE="on"), new).status_code == 302
    assert JobDependency.objects.get().output_mapping == {"rows": "b"}


def test_the_job_of_a_row_stays(
    as_alice: Client, load: JobDefinition, report: JobDefinition
) -> None:
    dependency = after(report, load)
    save(as_alice, report, kept(dependency) | {"upstream": str(make_job().pk)})
    assert JobDependency.objects.get().upstream == load


def test_a_row_removed_meanwhile_is_told(
    as_alice: Client, load: JobDefinition, report: JobDefinition
) -> None:
    dependency = after(report, load)
    values = kept(dependency, condition="completion")
    remove_dependency(actor=TESTER, dependency=JobDependency.objects.get())
    answer = save(as_alice, report, values)
    assert answer.status_code == 200
    assert not JobDependency.objects.exists()


def test_the_page_shows_what_waits_for_the_job(
    as_alice: Client, load: JobDefinition, report: JobDefinition
) -> None:
    assert "Nothing waits for it." in as_alice.get(page_of(load)).text
    after(
        *(report, load),
        delay_after_completion_seconds=90,
        condition="completion",
        fail_if_dependency_fails=False,
    )
    page = as_alice.get(page_of(load)).text
    assert f'<a href="{page_of(report)}">Report</a>' in page
    assert "has ended, in whatever way, and then 1 min 30 s" in page
    assert "runs regardless" in page


def test_who_archives_is_told_how_many_wait(
    as_alice: Client, load: JobDefinition, report: JobDefinition
) -> None:
    after(report, load)
    assert "Load, with 0 active schedules; 1 job waits for it" in do(as_alice, "archive", load).text
    after(make_job(), load)
    assert "; 2 jobs wait for it" in do(as_alice, "archive", load).text


def test_the_rows_of_an_archived_job_are_shown_and_cannot_be_changed(
    as_alice: Client, load: JobDefinition, report: JobDefinition
) -> None:
    after(report, load)
    set_job_status(actor=TESTER, job=report, status=JobStatus.ARCHIVED)
    page = as_alice.get(page_of(report)).text
    assert "Report after Load" in page
    assert 'name="dependencies-0-condition"' not in page


def test_rows_take_permissions_of_their_own(
    client: Client, bob: User, load: JobDefinition, report: JobDefinition
) -> None:
    after(report, load)
    sign_in(client, bob, "view_jobdefinition", "change_jobdefinition")
    assert "Report after Load" not in client.get(page_of(report)).text
    assert page_of(report) not in client.get(page_of(load)).text
    sign_in(client, bob, "view_jobdefinition", "change_jobdefinition", "view_jobdependency")
    page = client.get(page_of(report)).text
    assert "Report after Load" in page
    assert 'name="dependencies-0-condition"' not in page
    assert page_of(report) in client.get(page_of(load)).text
    save(client, report, row(make_job()))
    assert JobDependency.objects.count() == 1


def test_a_new_job_has_no_rows_yet(as_alice: Client) -> None:
    assert "What it waits for" not in as_alice.get(f"{JOBS}add/").text


def test_what_the_failure_of_a_job_ends_is_chosen_in_its_form(
    as_alice: Client, report: JobDefinition
) -> None:
    as_alice.post(page_of(report), job_values(name="Report", fail_fast="run"))
    report.refresh_from_db()
    assert report.fail_fast == "run"
    answer = as_alice.post(page_of(report), job_values(name="Report", fail_fast="all"))
    assert list(answer.context["adminform"].form.errors) == ["fail_fast"]
