"""Finding the browser that this machine has; Playwright's own downloads are not used."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")


class NoBrowser(Exception):
    """There is no browser; the message says what to install."""


def find_browser() -> str:
    """Return the path of a Chromium: ``BROWSER_PATH``, or the first one on the PATH."""
    if path := os.environ.get("BROWSER_PATH"):
        return path
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    raise NoBrowser(
        f"No browser: none of {', '.join(_NAMES)} is on the PATH. Install Debian's package"
        " chromium (apt-get install chromium), or name one in BROWSER_PATH."
    )


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Run a headless browser; as root it cannot have its sandbox."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=arguments)
        yield browser
        browser.close()
