"""Reading JSON bodies: strict, and nothing PostgreSQL could not store."""

import json
import math
from collections.abc import Iterator
from functools import reduce
from typing import Any

from rest_framework.exceptions import ErrorDetail, ParseError, ValidationError
from rest_framework.parsers import BaseParser

MAX_DEPTH = 64

Path = tuple[str | int, ...]


class StrictJsonParser(BaseParser):
    """Parses JSON, and names the place of what cannot be kept: it would fail much later."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            value = json.loads(
                stream.read().decode("utf-8"),
                parse_constant=_refuse_constant,
                object_pairs_hook=_without_repetition,
            )
        except RecursionError:
            raise ParseError(f"The JSON is nested deeper than {MAX_DEPTH} levels.") from None
        except ValueError as error:
            raise ParseError(f"The body is not valid JSON: {error}") from None
        for path, code, detail in _flaws(value, ()):
            nested: Any = [ErrorDetail(detail, code)]
            raise ValidationError(reduce(lambda inner, part: {part: inner}, path[::-1], nested))
        return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON; send null or a number")


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} is given twice; which one counts?")
    return values


def _flaws(value: Any, path: Path) -> Iterator[tuple[Path, str, str]]:
    """Yield the places of what PostgreSQL's text and jsonb refuse."""
    if len(path) > MAX_DEPTH:
        yield path[:1], "too_deep", f"Nested deeper than {MAX_DEPTH} levels."
    elif isinstance(value, str) and (flaw := _flaw_of_text(value)):
        yield path, "not_storable", flaw
    elif isinstance(value, float) and not math.isfinite(value):
        yield path, "not_storable", "The number is too large."
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _flaws(inner, (*path, index))
    elif isinstance(value, dict):
        for name, inner in value.items():
            if flaw := _flaw_of_text(name):
                yield path, "not_storable", f"A name in it is not storable: {flaw}"
            yield from _flaws(inner, (*path, name))


def _flaw_of_text(text: str) -> str | None:
    if "\x00" in text:
        return "It holds a NUL character, which cannot be stored."
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return "It holds half a surrogate pair, which is not valid Unicode."
    return None
