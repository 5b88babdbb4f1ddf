"""Secrets by reference: a job says where one is kept, never what it is.

Wherever a job takes a text that may be secret it also takes ``{"secret": "env:JOBSECRET_NAME"}``, a
variable of the worker, or ``{"secret": "file:name"}``, a file in ``SCHEDULER_SECRETS_DIR`` of the
worker; ``"prefix": "Bearer "`` puts a text before it. Only the worker that runs an attempt reads
it, and hides what it has read from all that the attempt leaves behind.
"""

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.conf import settings

from core.masking import Hider

_VARIABLE = re.compile(r"JOBSECRET_[A-Z0-9_]+", re.ASCII)
_FILE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*", re.ASCII)
_MOST_BYTES = 64 * 1024
_FORM = '{"secret": "env:JOBSECRET_NAME"} or {"secret": "file:name"}'


class SecretMissing(Exception):
    """The secret cannot be read here; the message says where it was looked for."""


def is_reference(value: Any) -> bool:
    """Whether the value is meant as a reference to a secret."""
    return isinstance(value, dict) and "secret" in value


def check(value: Any) -> str | None:
    """Say what is wrong with a value that has to be text or a reference, None if nothing is."""
    return None if isinstance(value, str) else check_reference(value)


def check_reference(value: Any) -> str | None:
    """Say what is wrong with a value that has to be a reference, None if nothing is."""
    if not is_reference(value) or not set(value) <= {"secret", "prefix"}:
        return f"Write a reference to a secret: {_FORM}."
    if not isinstance(value.get("prefix", ""), str):
        return 'The prefix is a text to put before the secret, such as "Bearer ".'
    kind, _, name = str(value["secret"]).partition(":")
    if kind == "env" and _VARIABLE.fullmatch(name):
        return None
    if kind == "file" and _FILE.fullmatch(name):
        return None
    return (
        f"It names no secret: write {_FORM}, with a variable of capital letters, digits and _, or a"
        " file of letters, digits, _, - and . in SCHEDULER_SECRETS_DIR."
    )


def resolve(value: Any) -> str:
    """Return the text that a value stands for; raise ``SecretMissing`` if it is not to be had."""
    if isinstance(value, str):
        return value
    if problem := check_reference(value):
        raise SecretMissing(problem)
    return str(value.get("prefix", "")) + _read(str(value["secret"]))


class Mask(Hider):
    """The secrets that one attempt has read, hidden in what it says."""

    def resolve(self, value: Any) -> str:
        """Return the text that a value stands for, and hide it from now on if it is a secret."""
        text = resolve(value)
        if not isinstance(value, str):
            secret = text.removeprefix(str(value.get("prefix", "")))
            for part in (secret, *_passwords_in(secret)):
                self.add(part)
        return text


def _passwords_in(secret: str) -> set[str]:
    """Return the passwords of a secret that is an address, or several, as written and as meant.

    Up to the last ``@``: one whose password is not escaped can be read in no other way.
    """
    found = set()
    for address in (secret, *secret.split(";")):
        user, _, _ = address.partition("://")[2].rpartition("@")
        password = user.partition(":")[2]
        found |= {password, unquote(password)}
    return found - {""}


def _read(reference: str) -> str:
    kind, _, name = reference.partition(":")
    text = os.environ.get(name) if kind == "env" else _read_file(name)
    if not text:
        where = f"variable {name}" if kind == "env" else f"file {name} in SCHEDULER_SECRETS_DIR"
        raise SecretMissing(
            f"The secret {reference} is not there: set the {where} of the worker that runs the job."
        )
    return text


def _read_file(name: str) -> str | None:
    """Return what the file holds less its last line breaks; a link may not lead out of there."""
    if not settings.SCHEDULER_SECRETS_DIR:
        return None
    folder = Path(settings.SCHEDULER_SECRETS_DIR).resolve()
    try:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder) or path.stat().st_size > _MOST_BYTES:
            return None
        return path.read_text().rstrip("\r\n")
    except (OSError, ValueError):
        return None
