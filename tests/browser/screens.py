"""Take pictures of the main screens of a running platform, for people to look at and for docs.

    python -m tests.browser.screens --base-url http://127.0.0.1:8000 --out docs/screens

The account is ``admin`` with the password in ``SCREENS_PASSWORD``, unless ``--user`` names another.
"""

import argparse
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.chromium import open_browser

WIDTHS = {"wide": 1280, "narrow": 390}
THEMES = ("light", "dark")
EXECUTIONS = "/admin/executions/jobexecution/"
LONGEST = 780  # pixels; of a longer page only so much is shown


def screens(page: Page) -> Iterator[tuple[str, str]]:
    """Yield name and address of each screen; those of rows are found in the lists."""
    yield "dashboard", "/admin/"
    yield "jobs", "/admin/jobs/jobdefinition/"
    yield "executions", EXECUTIONS
    yield "queues", "/admin/jobs/queue/"
    yield "workers", "/admin/executions/worker/"
    for name, list_address in (
        ("job", "/admin/jobs/jobdefinition/?q=Heartbeat"),
        ("schedule", "/admin/jobs/jobschedule/?q=Sales"),
        ("execution-failed", f"{EXECUTIONS}?status=failed"),
        ("execution-running", f"{EXECUTIONS}?status=running"),
        ("queue", "/admin/jobs/queue/"),
        ("calendar", "/admin/jobs/holidaycalendar/"),
        ("exclusion", "/admin/jobs/exclusionwindow/"),
    ):
        page.goto(list_address)
        first = page.locator("#result_list tbody th a").first
        if first.count():
            address = first.get_attribute("href") or list_address
            anchor = f"#section-days-of-{datetime.now(UTC).year}" if name == "calendar" else ""
            yield name, address + anchor
            if name == "schedule":
                yield "simulator", address.partition("change/")[0] + "simulator/"


def take(page: Page, address: str, file: Path) -> None:
    """Save a picture of a page once its scripts have run and its fonts are there."""
    page.goto(address)
    page.locator("html:not([x-cloak])").wait_for()
    page.evaluate("document.fonts.ready")
    height = page.evaluate("document.documentElement.scrollHeight")
    width = page.viewport_size["width"] if page.viewport_size else WIDTHS["wide"]
    page.set_viewport_size({"width": width, "height": min(max(height, 600), LONGEST)})
    page.screenshot(path=file)


def sign_in(browser: Browser, base_url: str, user: str, password: str, theme: str) -> Page:
    """Return a page in which the user is signed in."""
    context = browser.new_context(
        base_url=base_url,
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto("/admin/login/?next=/admin/")
    page.get_by_label("Username").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
    return page


def main() -> None:
    """Take every screen in both themes and both widths."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base-url", default="http://127.0.0.1:8000")
    parser.add_argument("--out", type=Path, default=Path("docs/screens"))
    parser.add_argument("--user", default="admin")
    parser.add_argument("--only", nargs="*", default=[], help="such as dashboard-wide-dark")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    password = os.environ["SCREENS_PASSWORD"]
    with open_browser() as browser:
        for theme in THEMES:
            page = sign_in(browser, options.base_url, options.user, password, theme)
            for name, address in list(screens(page)):
                for size, width in WIDTHS.items():
                    whole = f"{name}-{size}-{theme}"
                    if options.only and whole not in options.only:
                        continue
                    page.set_viewport_size({"width": width, "height": 900})
                    take(page, address, options.out / f"{whole}.png")
            page.context.close()


if __name__ == "__main__":
    main()
