"""What PostgreSQL can hold of what people and programs say."""

import json
import re
from typing import Any

MAX_JSON_BYTES = 1024 * 1024
# json.dumps writes NUL so; the same six characters in a string have their backslash doubled.
_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class NotStorable(ValueError):
    """A value that cannot be kept as strict JSON; the message says why."""


def clean(text: str, *, limit: int = 100_000) -> str:
    """Return ``text`` without what PostgreSQL refuses (NUL, lone surrogates), cut at ``limit``."""
    text = text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= limit else text[:limit] + f"… ({len(text) - limit} more characters)"


def strict_json(value: Any, *, what: str) -> str:
    """Return ``value`` as strict JSON text of at most 1 MiB, or raise :class:`NotStorable`.

    PostgreSQL's jsonb refuses NaN, infinities and the NUL character, so they are refused here,
    where the message can still name ``what`` carries them.
    """
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise NotStorable(f"{what} is not strict JSON: {error}") from None
    if _ESCAPED_NUL.search(text):
        raise NotStorable(f"{what} holds a NUL character, which PostgreSQL cannot store")
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        raise NotStorable(f"{what} holds text that is not valid Unicode") from None
    if size > MAX_JSON_BYTES:
        raise NotStorable(f"{what} has {size:,} bytes; at most {MAX_JSON_BYTES:,} are kept")
    return text
