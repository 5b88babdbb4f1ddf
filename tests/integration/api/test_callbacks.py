"""Where the other side of an HTTP job answers: open to who knows the token, and once."""

from typing import Any

import pytest

from executions.callbacks import open_callback
from executions.models import Callback
from tests.factories import make_execution
from tests.integration.api.conftest import ApiClient
from tests.integration.api.test_problems import problem_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def address() -> str:
    execution = make_execution(status="running")
    token = open_callback(execution_id=execution.pk, attempt=1).token
    return f"/api/callbacks/{token}"


@pytest.mark.parametrize("slash", ["", "/"])
def test_who_knows_the_address_may_answer_without_an_account(
    anonymous: ApiClient, address: str, slash: str
) -> None:
    answer = anonymous.send("post", address + slash, {"status": "succeeded", "output": [1, None]})

    assert (answer.status_code, answer.content) == (204, b"")
    assert Callback.objects.get().answer == {"status": "succeeded", "output": [1, None]}


def test_a_second_answer_is_a_409(anonymous: ApiClient, address: str) -> None:
    anonymous.send("post", address, {"status": "failed", "message": "no disk"})

    problem_of(anonymous.send("post", address, {"status": "succeeded"}), 409, "callback_used")
    assert Callback.objects.get().answer == {"status": "failed", "message": "no disk"}


def test_a_late_answer_is_a_409(anonymous: ApiClient) -> None:
    execution = make_execution(status="timed_out")
    token = open_callback(execution_id=execution.pk, attempt=1).token

    answer = anonymous.send("post", f"/api/callbacks/{token}", {"status": "succeeded"})

    problem_of(answer, 409, "callback_late")


@pytest.mark.parametrize("token", ["x" * 43, "x", "x" * 101, "a.b"])
def test_an_unknown_address_is_a_404(anonymous: ApiClient, token: str) -> None:
    answer = anonymous.send("post", f"/api/callbacks/{token}", {"status": "succeeded"})

    problem_of(answer, 404, "not_found")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/status"),
        ({"status": "done"}, "#/status"),
        ({"status": "succeeded", "result": 1}, "#/result"),
        ({"status": "succeeded", "output": "a\x00b"}, "#/output"),
        ({"status": "succeeded", "output": "x" * 1024 * 1024}, "#/output"),
        ({"status": "failed", "message": "x" * 10_001}, "#/message"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_answer_is_refused_by_field_and_the_address_stays_good(
    anonymous: ApiClient, address: str, body: Any, pointer: str
) -> None:
    problem = problem_of(anonymous.send("post", address, body), 400, "validation_error")

    assert problem["errors"][0]["pointer"] == pointer
    assert anonymous.send("post", address, {"status": "succeeded"}).status_code == 204
