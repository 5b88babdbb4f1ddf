"""The examples of docs/conditions.md are conditions, and its tables name what there is."""

import json
import re
from pathlib import Path

import pytest

from jobs.conditions.cel import VARIABLES, CelEvaluator
from jobs.conditions.kinds import DAY_KINDS, KINDS, OUTCOMES
from jobs.conditions.reading import read_conditions

PAGE = Path("docs/conditions.md").read_text()


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_there_are_examples_of_both_forms() -> None:
    assert len(examples("json")) >= 6
    assert len(examples("cel")) >= 3


@pytest.mark.parametrize("example", examples("json"))
def test_each_list_can_be_read(example: str) -> None:
    read_conditions(json.loads(example))


@pytest.mark.parametrize("example", examples("cel"))
def test_each_expression_can_be_compiled(example: str) -> None:
    CelEvaluator().check(example)


def test_every_check_has_its_line_and_every_name_is_explained() -> None:
    rows = re.findall(r"^\| (`.+?) \|", PAGE, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([\w.]+)`", row)}

    assert named >= {*KINDS, *VARIABLES}
    assert all(f"`{word}`" in PAGE for word in (*OUTCOMES, *DAY_KINDS, "none"))
