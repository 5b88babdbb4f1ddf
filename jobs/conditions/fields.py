"""Reading the fields of one check, every problem noted with its path and what to write instead."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from core.errors import FieldProblem

MOST_URL_CHARACTERS = 2_000
MOST_PROBLEMS = 50
_MISSING = object()


class EnoughProblems(Exception):
    """Nobody reads any more of them."""


@dataclass
class Problems:
    """What is wrong with a condition so far; ``EnoughProblems`` is raised after the last."""

    found: list[FieldProblem] = field(default_factory=list)

    def add(self, path: str, code: str, detail: str) -> None:
        where = f"{path}: " if path else ""
        self.found.append(FieldProblem("conditions", code, f"{where}{detail}"))
        if len(self.found) >= MOST_PROBLEMS:
            raise EnoughProblems


class Fields:
    """The fields of the check at ``path``. A bad one is noted, and something stands in for it."""

    def __init__(self, path: str, values: Mapping[str, Any], problems: Problems) -> None:
        self.path = path
        self._values = dict(values)
        self._problems = problems
        self._known: list[str] = []

    def note(self, name: str, code: str, detail: str) -> None:
        self._problems.add(f"{self.path}.{name}", code, detail)

    def given(self, *names: str) -> list[str]:
        """Those of ``names`` that are there."""
        self._known += names
        return [name for name in names if name in self._values]

    def value(self, name: str) -> Any:
        return self._values[name]

    def text(self, name: str, example: str, *, most: int = 300) -> str:
        """A text that has to be given."""
        value = self._take(name, example)
        if isinstance(value, str) and value.strip() and len(value) <= most and "\x00" not in value:
            return value
        if value is not _MISSING:
            self.note(
                name, "invalid", f"Write a text of 1 to {most} characters, such as {example}."
            )
        return ""

    def optional_text(self, name: str, example: str) -> str | None:
        if self._values.get(name) is None:
            self._known.append(name)
            return None
        return self.text(name, example)

    def words(self, name: str, known: Collection[str], *, aliases: Mapping[str, str]) -> Any:
        """One or more words out of ``known``, whatever their case and underscores."""
        value = self._take(name, f'["{next(iter(known))}"]')
        if value is _MISSING:
            return ()
        listed = value if isinstance(value, list) else [value]
        words = [read_word(word, known, aliases) for word in listed]
        if listed and None not in words:
            return tuple(words)
        self.note(name, "unknown_choice", f"Write a list of some of {', '.join(known)}.")
        return ()

    def word(self, name: str, known: Collection[str]) -> str:
        """One word out of ``known``."""
        value = self._take(name, next(iter(known)))
        if value in known:
            return str(value)
        if value is not _MISSING:
            self.note(name, "unknown_choice", f"Write one of {', '.join(known)}.")
        return ""

    def number(self, name: str, *, default: float | None, least: float, most: float) -> Any:
        """A number of seconds, or ``default`` when it is not given."""
        self._known.append(name)
        value = self._values.get(name)
        if value is None:
            return default
        if is_number(value) and least <= value <= most:
            return value
        self.note(name, "out_of_range", f"Write a number of seconds from {least:,} to {most:,}.")
        return default

    def statuses(self, name: str) -> tuple[int, ...]:
        """HTTP statuses, 200 when none are given."""
        self._known.append(name)
        value = self._values.get(name)
        listed = [200] if value is None else value if isinstance(value, list) else [value]
        if listed and all(type(one) is int and 100 <= one <= 599 for one in listed):
            return tuple(listed)
        self.note(name, "invalid", "Write a list of HTTP statuses from 100 to 599, such as [200].")
        return (200,)

    def url(self, name: str) -> str:
        """An address of http or https, without a password in it."""
        url = self.text(name, "https://example.com/ready", most=MOST_URL_CHARACTERS)
        problem = _problem_of_url(url) if url else None
        if problem is not None:
            self.note(name, "invalid_url", problem)
        return url

    def finish(self) -> None:
        """Note each field that this check does not take."""
        for name in self._values:
            if name not in self._known:
                known = ", ".join(dict.fromkeys(self._known))
                self.note(str(name)[:60], "unknown_field", f"This check takes only {known}.")

    def _take(self, name: str, example: str) -> Any:
        self._known.append(name)
        value = self._values.get(name, _MISSING)
        if value is _MISSING:
            self.note(name, "required", f"It has to be given, such as {example}.")
        return value


def is_number(value: object) -> bool:
    """Whether it is a finite number and no truth value."""
    return type(value) is int or (isinstance(value, float) and abs(value) < float("inf"))


def read_word(
    word: object, known: Collection[str], aliases: Mapping[str, str] | None = None
) -> str | None:
    """The word of ``known`` that is meant (``TimedOut`` and ``TIMED_OUT`` as well), or None."""
    if not isinstance(word, str):
        return None
    bare = {name.replace("_", "").lower(): name for name in known} | dict(aliases or {})
    return bare.get(word.replace("_", "").lower())


def _problem_of_url(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return f"It is no address: {error}."
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "Write a whole address that begins with http:// or https://."
    if parts.username is not None or parts.password is not None:
        return "It holds a user name or password, which everybody could read here; leave it out."
    if re.search(r"[\x00-\x20\x7f]", url):
        return "It holds a blank or control character; write it as %20 or the like."
    return None
