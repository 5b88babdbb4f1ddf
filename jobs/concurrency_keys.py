"""Keys of concurrency: which executions of a job share a limit; pure."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from core.text import clean

MISSING = "-"
"""What stands in a key for a parameter that is not given, or null."""
LONGEST_KEY = 200
"""Characters; a longer key is cut, and told from its like by a digest."""

_DIGEST = 16
_NAME = r"[\w-]+"
_PLACE = re.compile(rf"\{{({_NAME}(?:\.{_NAME})*)\}}")


def concurrency_key(template: str, parameters: Mapping[str, Any]) -> str | None:
    """Return the key of an execution with these parameters; None where the job has no template.

    It never fails: a parameter that is missing or null becomes ``-`` (as an empty key does), an
    object or a list its JSON.
    """
    if not template:
        return None
    key = _PLACE.sub(lambda place: _show(_look_up(parameters, place[1])), template)
    return clean(_shorten(key)) or MISSING


def problems_of_template(template: str) -> str | None:
    """Return what is wrong with a template and how to mend it, or None."""
    rest = _PLACE.sub("", template)
    if "{" in rest or "}" in rest:
        return (
            "Braces stand around the name of a parameter alone, or a path to a value in one, as in"
            " customer:{customer_id} or {order.region}: no spaces, no formats, no indexes."
        )
    if template and rest == template:
        return (
            "It names no parameter, so all executions would have one key: put at least one in"
            " braces, such as customer:{customer_id}, or use the limit of the job alone."
        )
    return None


def _look_up(parameters: Mapping[str, Any], path: str) -> Any:
    value: Any = parameters
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _show(value: Any) -> str:
    if value is None:
        return MISSING
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def _shorten(key: str) -> str:
    if len(key) <= LONGEST_KEY:
        return key
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    return f"{key[: LONGEST_KEY - _DIGEST - 1]}…{digest}"
