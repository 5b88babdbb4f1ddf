"""Pages by cursor."""

from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from executions.lists import listed
from executions.models import JobExecution
from tests.factories import make_execution, make_job
from tests.integration.api.test_problems import problem_of

pytestmark = pytest.mark.django_db

LISTS = ["/api/jobs", "/api/executions", "/api/executions/running", "/api/executions/failed-today"]


def read(api, address):
    answer = api.get(address)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert set(body) == {"next", "previous", "results"}
    return body


def test_pages_follow_each_other_there_and_back(api):
    jobs = [str(make_job().id) for _ in range(5)][::-1]
    first = read(api, "/api/jobs?pageSize=2")
    second = read(api, first["next"])
    third = read(api, second["next"])
    pages = [[job["id"] for job in page["results"]] for page in (first, second, third)]
    assert pages == [jobs[:2], jobs[2:4], jobs[4:]]
    assert first["previous"] is third["next"] is None
    assert read(api, third["previous"])["results"] == second["results"]


def test_new_rows_do_not_shift_the_next_page(api):
    job = make_job()
    made = [str(make_execution(job).id) for _ in range(4)][::-1]
    first = read(api, "/api/executions?pageSize=2")
    make_execution(job)
    assert [row["id"] for row in read(api, first["next"])["results"]] == made[2:]


def test_what_is_deleted_while_a_page_is_read_does_not_end_the_list(api, monkeypatch):
    job = make_job()
    made = [make_execution(job).pk for _ in range(4)][::-1]

    def delete_newest(rows):
        JobExecution.objects.filter(pk=made[0]).delete()
        return listed(rows)

    monkeypatch.setattr("executions.lists.newest.listed", delete_newest)
    page = read(api, "/api/executions?pageSize=2")
    assert [row["id"] for row in page["results"]] == [str(pk) for pk in made[1:3]]
    assert [row["id"] for row in read(api, page["next"])["results"]] == [str(made[3])]


def test_a_filter_holds_on_the_next_page(api):
    for status in ["failed", "succeeded"] * 3:
        make_execution(status=status)
    page = read(api, "/api/executions?status=failed&pageSize=2")
    assert [row["status"] for row in read(api, page["next"])["results"]] == ["failed"]


def test_a_page_has_fifty_rows_unless_asked_otherwise_and_200_at_most(api):
    job = make_job()
    for _ in range(51):
        make_execution(job)
    assert len(read(api, "/api/executions")["results"]) == 50
    assert len(read(api, "/api/executions?pageSize=200")["results"]) == 51


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("size", ["201", "0", "-1", "x", "", "9" * 400])
def test_another_size_is_refused_by_the_name_of_the_parameter(api, path, size):
    problem = problem_of(api.get(f"{path}?pageSize={size}"), 400, "validation_error")
    assert problem["errors"][0]["parameter"] == "pageSize"


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("cursor", ["x", "cD0x", "bz1hYmM=", "\x00", "é", "cj14", "y" * 501, ""])
def test_a_foreign_cursor_is_refused_by_the_name_of_the_parameter(api, path, cursor):
    answer = api.get(f"{path}?cursor={quote(cursor)}")
    problem = problem_of(answer, 400, "validation_error")
    assert problem["errors"][0]["parameter"] == "cursor"


def test_a_parameter_given_twice_is_refused(api):
    problem = problem_of(api.get("/api/jobs?pageSize=2&pageSize=3"), 400, "validation_error")
    assert problem["errors"][0]["parameter"] == "pageSize"


@pytest.mark.parametrize("path", LISTS)
def test_an_unknown_parameter_is_refused(api, path):
    problem = problem_of(api.get(f"{path}?page_size=10"), 400, "validation_error")
    assert problem["errors"][0]["parameter"] == "page_size"
    assert "pageSize" in problem["errors"][0]["detail"]


@pytest.mark.parametrize("path", LISTS)
def test_nothing_is_counted(api, path):
    make_execution(status="running")
    api.get(path)
    with CaptureQueriesContext(connection) as queries:
        read(api, path)
    assert not [q["sql"] for q in queries if "count(" in q["sql"].lower()]
    assert any("LIMIT 51" in query["sql"] for query in queries[-2:])
