"""A real browser before a real server, and what every page has to keep to."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client
from django.test.utils import override_settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.chromium import NoBrowser, find_browser, open_browser

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def _empty_static_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Spare whitenoise the look at files that nobody has collected: it finds them in the apps."""
    with override_settings(STATIC_ROOT=str(tmp_path_factory.mktemp("static"))):
        yield


@pytest.fixture(scope="session")
def live_server(_empty_static_root: None, live_server: LiveServer) -> LiveServer:
    """pytest-django's server, with that folder from its start."""
    return live_server


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests.

    Playwright's synchronous interface keeps an event loop running in this thread, which Django
    takes for asynchronous code and refuses its ORM. No coroutine of ours ever runs in that loop,
    so nothing can share a connection by accident: the check is switched off for its lifetime.
    """
    try:
        find_browser()
    except NoBrowser as problem:
        pytest.fail(str(problem), pytrace=False)
    with pytest.MonkeyPatch.context() as patch, open_browser() as running:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield running


class Watch:
    """Notes what no page may do: err, or ask another server than its own."""

    def __init__(self, context: BrowserContext, server: str) -> None:
        self.problems: list[str] = []
        self._server = urlsplit(server).netloc
        context.on("console", self._note_message)
        context.on("weberror", lambda error: self.problems.append(str(error.error)))
        context.on("request", self._note_request)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"{message.type}: {message.text} ({message.location})")

    def _note_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.netloc != self._server:
            self.problems.append(f"asked {request.url}")


@pytest.fixture
def context(
    browser: Browser, transactional_db: None, live_server: LiveServer
) -> Iterator[BrowserContext]:
    """A fresh profile. Afterwards nothing may have gone wrong in any of its pages."""
    expect.set_options(timeout=10_000)
    profile = browser.new_context(base_url=live_server.url, viewport=WIDE)  # type: ignore[arg-type]
    profile.set_default_timeout(10_000)
    watch = Watch(profile, live_server.url)
    yield profile
    profile.close()
    assert watch.problems == []


@pytest.fixture
def page(context: BrowserContext, live_server: LiveServer, alice: User) -> Page:
    """A page in which the superuser is signed in."""
    client = Client()
    client.force_login(alice)
    cookie = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    context.add_cookies(
        [{"name": django_settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
    )
    return context.new_page()
