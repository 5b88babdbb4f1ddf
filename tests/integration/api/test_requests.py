"""Addresses with and without slash, request ids, bodies without length; sync and async."""

from io import BytesIO
from uuid import UUID, uuid4

import pytest
from asgiref.sync import async_to_sync
from django.core.handlers.asgi import ASGIRequest
from django.test import AsyncClient

from audit.models import JobAudit
from executions.models import JobExecution
from executions.views import JobViewSet
from tests.conftest import make_token
from tests.factories import make_job
from tests.integration.api.addresses import all_addresses

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", all_addresses(), ids=lambda address: address.name)
def test_a_slash_at_the_end_makes_no_difference(api, address):
    for method in address.methods:
        without = api.send(method, address.path)
        with_slash = api.send(method, address.path + "/")
        assert with_slash.status_code == without.status_code
        assert with_slash.status_code // 100 != 3


def test_a_post_with_a_slash_does_its_work(api):
    body = {"name": "x", "executionTypeName": "y"}
    assert api.send("post", "/api/jobs/", body).status_code == 201


def test_an_id_may_be_written_in_capitals(api):
    assert api.get(f"/api/jobs/{str(make_job().id).upper()}").status_code == 200


def test_the_start_page_is_the_admin(anonymous):
    answer = anonymous.get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_the_callers_request_id_is_answered_and_audited(api):
    request_id = uuid4()
    headers = {"X-Request-Id": str(request_id)}
    body = {"name": "x", "executionTypeName": "y"}
    answer = api.send("post", "/api/jobs", body, headers=headers)
    assert answer["X-Request-Id"] == str(request_id)
    assert JobAudit.objects.get().request_id == request_id


@pytest.mark.parametrize("sent", [None, "", "17", "x" * 5000, "a\tb"])
def test_another_request_id_is_replaced(api, sent):
    headers = {} if sent is None else {"X-Request-Id": sent}
    answered = api.get("/api/jobs", headers=headers)["X-Request-Id"]
    assert UUID(answered).version == 7


def test_a_body_without_length_is_read(alice):
    """A chunked request carries no Content-Length; what it says must not get lost."""
    job = make_job()
    headers = {
        "authorization": f"Bearer {make_token(alice)}",
        "content-type": "application/json",
        "transfer-encoding": "chunked",
    }
    scope = {
        "type": "http",
        "method": "POST",
        "path": f"/api/jobs/{job.id}/trigger",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    body = BytesIO(b'{"parameters": {"region": "EU"}}')
    view = JobViewSet.as_view({"post": "trigger"})
    assert view(ASGIRequest(scope, body), pk=str(job.id)).status_code == 202
    assert JobExecution.objects.get().input == {"region": "EU"}


@pytest.mark.django_db(transaction=True)
def test_the_api_works_in_an_asynchronous_server(alice):
    headers = {"Authorization": f"Bearer {make_token(alice)}"}
    answer = async_to_sync(AsyncClient().get)("/api/jobs", headers=headers)
    assert answer.status_code == 200
    assert UUID(answer["X-Request-Id"])
