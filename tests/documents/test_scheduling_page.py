"""docs/scheduling.md: each preview answers what the page says."""

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from core.clock import database_now
from jobs.calendars.changing import create_calendar
from jobs.models import ExclusionWindow
from tests.factories import TESTER
from tests.platform import ROOT

pytestmark = pytest.mark.django_db

PAGE = ROOT / "docs/scheduling.md"
_EXAMPLE = re.compile(r"^```json preview\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", re.M | re.S)
EXAMPLES = _EXAMPLE.findall(PAGE.read_text())


@pytest.fixture
def client(settings: Any, tmp_path: Any) -> APIClient:
    settings.STATIC_ROOT = str(tmp_path)  # there is nothing collected to look at
    client = APIClient()
    client.force_authenticate(User.objects.create_superuser("reader"))
    return client


@pytest.fixture(autouse=True)
def _what_the_page_takes_for_granted() -> None:
    years = {"first_year": 2025, "last_year": 2030}
    england = [{"country": "GB", "subdivision": "ENG"}]
    for name, sources in (("England", england), ("New York", [{"market": "XNYS"}])):
        create_calendar(actor=TESTER, fields={"name": name, "sources": sources, **years})
    ExclusionWindow.objects.create(
        name="Freeze",
        on_excluded="defer",
        days_of_week=127,
        from_time="11:00",
        until_time="13:30",
        created_by="tester",
        created_at=database_now(),
    )


def show(answer: dict[str, Any]) -> str:
    """What the page prints of an answer: the words, then a line for each fire."""
    lines = [answer["description"]]
    for fire in answer["fires"]:
        parts = [fire["fireUtc"], fire["local"]]
        if fire["businessDate"] != fire["local"][:10]:
            parts.append(f"for {fire['businessDate']}")
        lines.append("  ".join([*parts, *fire["notes"]]))
    return "\n".join([*lines, *(["nothing after that"] if answer["exhausted"] else [])]) + "\n"


@pytest.mark.parametrize(("body", "expected"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_a_preview_answers_what_the_page_says(body: str, expected: str, client: APIClient) -> None:
    response = client.post("/api/schedules/preview", json.loads(body), format="json")

    assert response.status_code == 200, response.json()
    assert show(response.json()) == expected


def test_the_page_has_an_example_of_each_kind_that_can_be_previewed() -> None:
    kinds = {json.loads(body)["scheduleType"] for body, _ in EXAMPLES}
    assert kinds >= {
        *("cron", "daily", "weekly", "monthly", "monthly_business_day"),
        *("interval", "delay", "after_completion"),
    }
