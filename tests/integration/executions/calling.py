"""Calling the platform's commands as ``manage.py`` does."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command


def run(*arguments: str) -> tuple[str, str]:
    """Call a command; return what it said on standard output and on standard error."""
    out, err = StringIO(), StringIO()
    call_command(*arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def read(*arguments: str) -> Any:
    """Call a command with ``--json``; return the one document it printed."""
    return json.loads(run(*arguments, "--json")[0])


def refuse(*arguments: str) -> CommandError:
    """Call a command that must fail; return its one line."""
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError) as refusal:
        call_command(*arguments, stdout=out, stderr=err)
    assert "\n" not in str(refusal.value)
    return refusal.value


def rows(*arguments: str) -> list[list[str]]:
    """Call a command that prints a table; return its cells, heading first."""
    lines = run(*arguments)[0].splitlines()
    starts = _column_starts(lines)
    bounds = list(zip(starts, [*starts[1:], None], strict=True))
    return [[line[begin:end].strip() for begin, end in bounds] for line in lines]


def _column_starts(lines: list[str]) -> list[int]:
    """A column begins where all lines have two blanks before, and the heading has a letter."""
    head = lines[0]
    return [
        place
        for place, letter in enumerate(head)
        if letter != " " and (place == 0 or head[max(place - 2, 0) : place] == "  ")
    ]
