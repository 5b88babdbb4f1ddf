"""The platform of one chaos test, and what must hold after every one of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings

from tests.platform import SHORT_TIMES, Platform


@pytest.fixture
def platform(
    request: pytest.FixtureRequest, transactional_db: None, tmp_path: Path
) -> Iterator[Platform]:
    """Real processes with short times; the broker is empty at the start, nothing is left at the end."""
    broker = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    broker.flushall()
    broker.close()
    platform = Platform(tmp_path, SHORT_TIMES)
    yield platform
    report = getattr(request.node, "report", None)
    if report is not None and report.failed:
        report.sections.append(("processes", platform.logs()))
    platform.end()
    assert not list(platform.evidence.glob("*.overlap")), "two handlers of one execution at once"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.report = report  # type: ignore[attr-defined]
    return report
