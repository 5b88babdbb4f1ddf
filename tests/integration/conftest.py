"""What tests of pages and calls need."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture(autouse=True)
def _quick_web(settings: Any, tmp_path: Any) -> None:
    """Spare whitenoise the look at files that nobody has collected, and passwords their price."""
    settings.STATIC_ROOT = str(tmp_path)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def as_alice(client: Client, alice: User) -> Client:
    """A browser in which the superuser is signed in."""
    client.force_login(alice)
    return client
