"""Callers of the API, as a test client each."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.conftest import make_token


class ApiClient(Client):
    """A test client that sends and reads JSON."""

    def send(self, method: str, path: str, body: Any = None, **extra: Any) -> Any:
        data = body if isinstance(body, (str, bytes)) else json.dumps(body)
        if body is None:
            return self.generic(method.upper(), path, **extra)
        return self.generic(method.upper(), path, data, "application/json", **extra)


@pytest.fixture(autouse=True)
def _no_time_lost(settings: Any, tmp_path: Any) -> None:
    """Spare every test the slow hash of a password, and the look at files nobody collected."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STATIC_ROOT = str(tmp_path)
    settings.WHITENOISE_USE_FINDERS = False


@pytest.fixture
def api(alice: User) -> ApiClient:
    """Alice, who may do everything, with a token."""
    return ApiClient(headers={"Authorization": f"Bearer {make_token(alice)}"})


@pytest.fixture
def bob_api(bob: User) -> ApiClient:
    """Bob, who may do nothing, with a token."""
    return ApiClient(headers={"Authorization": f"Bearer {make_token(bob)}"})


@pytest.fixture
def anonymous() -> ApiClient:
    """Nobody in particular."""
    return ApiClient()
