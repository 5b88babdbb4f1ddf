"""Checks that reach outside: a web address, or a file; databases have a module of their own."""

import os

from django.conf import settings

from core.outbound.guard import OutboundFailed, OutboundRefused, fetch
from executions.conditions.bounded import CheckFailed
from jobs.conditions.terms import FileCheck, HttpCheck

Answered = tuple[bool, str]


def ask_http(check: HttpCheck) -> Answered:
    """Whether the address answers with one of the statuses."""
    try:
        status = fetch(check.url, timeout=check.timeout).status
    except (OutboundRefused, OutboundFailed) as error:
        raise CheckFailed(f"{check.url}: {error}") from None
    return status in check.statuses, f"{check.url} answered {status}"


def ask_file(check: FileCheck) -> Answered:
    """Whether the file or folder is there, below one of the folders that may be looked at."""
    real = os.path.realpath(check.file)
    roots = [os.path.realpath(root) for root in settings.SCHEDULER_CONDITION_FILE_ROOTS]
    if not any(os.path.commonpath((root, real)) == root for root in roots):
        raise CheckFailed(f"{check.file} is not below any folder of SCHEDULER_CONDITION_FILE_ROOTS")
    try:
        os.stat(real)
        is_there = True
    except (FileNotFoundError, NotADirectoryError):
        is_there = False
    except OSError as error:
        raise CheckFailed(f"{check.file} cannot be looked at: {error.strerror}") from None
    return is_there, f"{check.file} {'exists' if is_there else 'does not exist'}"
