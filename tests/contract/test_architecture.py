"""What the documents say of settings, files and guards is so."""

import re
from pathlib import Path

import pytest

PAGE = Path("docs/architecture.md").read_text()
OPERATIONS = Path("docs/operations.md").read_text()
SETTINGS = Path("scheduler_project/settings.py").read_text()
ELSEWHERE = {"SCHEDULER_VAR", "SCHEDULER_ALLOW_EMBEDDED"}  # read before there are settings


def documented() -> dict[str, str]:
    return dict(re.findall(r"^\| `(SCHEDULER_\w+)` \| (.+?) \|", OPERATIONS, re.MULTILINE))


def test_every_setting_of_ours_is_documented_and_no_other() -> None:
    read = set(re.findall(r'env\.\w+\(\s*"(SCHEDULER_\w+)"', SETTINGS))

    assert set(documented()) == read | ELSEWHERE


@pytest.mark.parametrize(
    ("name", "default"),
    re.findall(r'env\.(?:int|float)\(\s*"(SCHEDULER_\w+)", ([\d_.]+)\)', SETTINGS),
)
def test_the_documented_default_is_the_real_one(name: str, default: str) -> None:
    assert float(documented()[name]) == float(default)


def test_every_file_that_is_named_exists() -> None:
    named = set(re.findall(r"`((?:docs|tests|executions|core)/[\w/.]+)`", PAGE))

    assert len(named) > 20
    assert [path for path in sorted(named) if not Path(path).exists()] == []


def test_every_invariant_has_a_guard() -> None:
    rows = re.findall(r"^\| (\d+) \| .+? \| (.+?) \|$", PAGE, re.MULTILINE)

    assert [int(number) for number, _ in rows] == list(range(1, 13))
    assert all("`tests/" in guards for _, guards in rows)
