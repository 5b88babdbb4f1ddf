"""The API is closed: who may not, gets nothing, and is told how to ask."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from core.clock import database_now
from core.models import ApiToken
from core.tokens import generate_token
from tests.conftest import make_token
from tests.factories import make_execution, make_job
from tests.integration.api.addresses import NOBODY, api_addresses
from tests.integration.api.conftest import ApiClient

pytestmark = pytest.mark.django_db

# The token in the address of a callback is all that it takes (test_callbacks).
OPEN = {"callback-receiver"}
EVERY_CALL = [
    (method, address.path)
    for address in api_addresses()
    if address.name not in OPEN
    for method in address.methods
]
# Who is signed in may read how the API is called; a browser is sent to sign in (test_documents).
DESCRIPTION = {"/api/schema", "/api/docs"}


def test_the_routes_are_found():
    paths = {path for _, path in EVERY_CALL}
    assert {"/api/jobs", f"/api/jobs/{NOBODY}/trigger", "/api/dashboard/stats"} <= paths


@pytest.mark.parametrize(("method", "path"), [c for c in EVERY_CALL if c[1] != "/api/docs"])
def test_every_route_is_closed_to_anonymous_callers(anonymous, method, path):
    answer = anonymous.send(method, path)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "path"), [c for c in EVERY_CALL if c[1] not in DESCRIPTION])
def test_every_route_is_closed_to_users_without_permission(bob_api, method, path):
    assert bob_api.send(method, path).status_code == 403


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": timedelta(seconds=-1)},
        {"expires_at": timedelta(0)},
        {"revoked_at": timedelta(seconds=-1)},
    ],
)
def test_a_token_that_is_over_does_not_open(alice, change):
    now = database_now()
    token = make_token(alice, **{name: now + delta for name, delta in change.items()})
    answer = ApiClient(headers={"Authorization": f"Bearer {token}"}).get("/api/jobs")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="api", error="invalid_token"'


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        f"Bearer {generate_token()}",
        "Bearer " + "x" * 5000,
        "Bearer sch_ä_ö",
        "Bearer two words",
        "Basic YWxpY2U6cGFzc3dvcmQ=",
        "Token abc",
    ],
)
def test_garbage_does_not_open(alice, header):
    answer = ApiClient().get("/api/jobs", headers={"Authorization": header})
    assert answer.status_code == 401


def test_a_token_with_another_secret_does_not_open(alice):
    token = make_token(alice)
    ApiToken.objects.update(digest="0" * 64)
    answer = ApiClient().get("/api/jobs", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


def test_a_token_ends_with_its_user(alice):
    token = make_token(alice)
    alice.is_active = False
    alice.save()
    answer = ApiClient().get("/api/jobs", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


def test_the_scheme_may_be_written_in_any_case(alice):
    headers = {"Authorization": f"bearer {make_token(alice)}"}
    assert ApiClient().get("/api/jobs", headers=headers).status_code == 200


def test_a_session_opens_too(alice):
    browser = Client()
    browser.force_login(alice)
    assert browser.get("/api/jobs").status_code == 200


def test_a_session_does_not_write_without_its_csrf_token(alice):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    answer = browser.post("/api/jobs", {}, content_type="application/json")
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"


def test_the_last_use_is_written_at_most_once_a_minute(api, django_assert_num_queries):
    api.get("/api/jobs")
    token = ApiToken.objects.get()
    assert token.last_used_at is not None
    with django_assert_num_queries(2):  # the token, the jobs
        api.get("/api/jobs")
    recently = token.last_used_at
    ApiToken.objects.update(last_used_at=recently - timedelta(seconds=59))
    api.get("/api/jobs")
    assert ApiToken.objects.get().last_used_at == recently - timedelta(seconds=59)
    ApiToken.objects.update(last_used_at=recently - timedelta(seconds=61))
    api.get("/api/jobs")
    assert ApiToken.objects.get().last_used_at >= recently


def allow(user, *codenames):
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))


def test_reading_takes_the_view_permission_and_no_more(bob, bob_api):
    job = make_job()
    allow(bob, "view_jobdefinition")
    assert bob_api.get(f"/api/jobs/{job.id}").status_code == 200
    assert bob_api.send("head", "/api/jobs").status_code == 200
    assert bob_api.send("post", "/api/jobs", {"name": "x"}).status_code == 403
    assert bob_api.send("post", f"/api/jobs/{job.id}/trigger").status_code == 403
    assert bob_api.get("/api/executions").status_code == 403


def test_triggering_takes_the_right_to_add_executions(bob, bob_api):
    job = make_job()
    allow(bob, "add_jobexecution")
    assert bob_api.send("post", f"/api/jobs/{job.id}/trigger").status_code == 202
    assert bob_api.send("put", f"/api/jobs/{job.id}/status", {"status": 2}).status_code == 403


def test_cancelling_takes_the_right_to_change_executions(bob, bob_api):
    execution = make_execution()
    allow(bob, "change_jobexecution")
    assert bob_api.send("post", f"/api/executions/{execution.id}/cancel").status_code == 202
    assert bob_api.get(f"/api/executions/{execution.id}").status_code == 403
