"""The platform of one chaos test, and what must hold after every one of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos import faults, promise
from tests.platform import SHORT_TIMES, Platform


@pytest.fixture
def platform(
    request: pytest.FixtureRequest, transactional_db: None, tmp_path: Path
) -> Iterator[Platform]:
    """Real processes, with short times unless the test is marked ``production``.

    The broker is empty at the start; nothing may be left at the end.
    """
    faults.flush_broker()
    is_production = request.node.get_closest_marker("production") is not None
    platform = Platform(tmp_path, {} if is_production else SHORT_TIMES)
    yield platform
    report = getattr(request.node, "report", None)
    if report is not None and report.failed:
        report.sections.append(("processes", platform.logs()))
    platform.end()
    promise.assert_never_two_at_once(platform)
    promise.assert_nothing_left(platform)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.report = report  # type: ignore[attr-defined]
    return report
