"""What a command is told: by environment and by a file, never on its command line.

It gets none of the worker's own variables but a few that every program expects, so no address or
key of the platform reaches it.
"""

import json
import os
import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any, Protocol

from executions.capture import LogBuffer
from executions.claim import Claim

PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ")
MOST_BYTES = 32 * 1024  # of one parameter; the kernel takes at most 128 KiB in one variable

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


class Places(Protocol):
    """Where a command finds and leaves its files, as the command sees them."""

    folder: str
    parameters_file: str
    upstream_file: str
    output_file: str


def build_environment(claim: Claim, places: Places, lines: LogBuffer) -> dict[bytes, bytes]:
    """Return the command's environment; ``lines`` says which parameters could not be part of it."""
    own = {
        name: value
        for name, value in os.environ.items()
        if name in PASSED_ON or name.startswith("LC_")
    }
    defaults = {"PATH": os.defpath, "LANG": "C.UTF-8"}
    attempt = describe_attempt(claim, places, lines) | {"TMPDIR": places.folder}
    return {
        name.encode(): value.encode("utf-8", "surrogateescape")
        for name, value in (defaults | own | attempt).items()
    }


def describe_attempt(claim: Claim, places: Places, lines: LogBuffer) -> dict[str, str]:
    """Return the variables that tell of the attempt and its parameters."""
    attempt = {
        "SCHEDULER_EXECUTION_ID": str(claim.execution_id),
        "SCHEDULER_ATTEMPT": str(claim.attempt),
        "SCHEDULER_SCHEDULED_FOR": _utc(claim.scheduled_for),
        "SCHEDULER_DEADLINE": _utc(claim.deadline),
        "SCHEDULER_PARAMETERS_FILE": places.parameters_file,
        "SCHEDULER_OUTPUT_FILE": places.output_file,
    }
    dates = {
        "SCHEDULER_BUSINESS_DATE": claim.business_date,
        "SCHEDULER_PREVIOUS_BUSINESS_DATE": claim.previous_business_date,
        "SCHEDULER_NEXT_BUSINESS_DATE": claim.next_business_date,
    }
    if claim.has_upstream:
        attempt["SCHEDULER_UPSTREAM_FILE"] = places.upstream_file
    attempt |= {name: day.isoformat() for name, day in dates.items() if day is not None}
    variables, left_out = name_parameters(claim.parameters)
    for reason in left_out:
        lines.add(level="WARNING", stream="platform", message=reason)
    return attempt | variables


def name_parameters(parameters: dict[str, Any]) -> tuple[dict[str, str], list[str]]:
    """Return the variables that stand for parameters, and why others are only in the file.

    ``region`` becomes ``PARAM_REGION``. Text is taken as it is, numbers and truth values as JSON
    writes them. What is null has no variable; nor have lists and objects.
    """
    scalars = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in parameters.items()
        if isinstance(value, str | int | float)
    }
    names = Counter(name.upper() for name in scalars)
    variables: dict[str, str] = {}
    left_out: list[str] = []
    for name, text in scalars.items():
        if not _NAME.fullmatch(name):
            problem = "only letters, digits and _ can be part of a variable's name"
        elif names[name.upper()] > 1:
            problem = "another one differs from it only in upper and lower case"
        elif len(text.encode()) > MOST_BYTES:
            problem = f"it has more than {MOST_BYTES:,} bytes"
        else:
            variables[f"PARAM_{name.upper()}"] = text
            continue
        left_out.append(f"The parameter {name!r} is only in the parameters file: {problem}.")
    return variables, left_out


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
