"""Settings that contradict each other are refused at start, not found at night."""

import os
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error


def check_times(**_: Any) -> list[CheckMessage]:
    """Check that lease, margin, renewal and polls fit into each other."""
    lease = settings.SCHEDULER_LEASE_SECONDS
    margin = settings.SCHEDULER_LEASE_MARGIN_SECONDS
    renew = settings.SCHEDULER_RENEW_SECONDS
    poll = settings.SCHEDULER_CANCEL_POLL_SECONDS
    problems: list[CheckMessage] = []
    if not 0 < margin < lease:
        problems.append(
            Error(
                f"SCHEDULER_LEASE_MARGIN_SECONDS is {margin:g}, the lease {lease:g} s.",
                hint="The margin must be above 0 and below SCHEDULER_LEASE_SECONDS.",
                id="executions.E001",
            )
        )
    if not 0 < 2 * renew <= lease - margin:
        problems.append(
            Error(
                f"SCHEDULER_RENEW_SECONDS is {renew:g}: a lease of {lease:g} s less its margin of"
                f" {margin:g} s leaves no room for two renewals.",
                hint="Renew at least twice within lease minus margin.",
                id="executions.E002",
            )
        )
    if not 0 < poll <= renew:
        problems.append(
            Error(
                f"SCHEDULER_CANCEL_POLL_SECONDS is {poll:g}, the renewal {renew:g} s.",
                hint="Look for a cancel at least as often as the lease is renewed.",
                id="executions.E003",
            )
        )
    return problems


def check_retention(**_: Any) -> list[CheckMessage]:
    """Check that nobody tells retention to delete what has just ended."""
    return [
        Error(
            f"{name} is {getattr(settings, name)}.",
            hint=f"Use {least} or more.",
            id="executions.E004",
        )
        for name, least in (
            ("SCHEDULER_KEEP_DAYS", 1),
            ("SCHEDULER_KEEP_LOG_DAYS", 1),
            ("SCHEDULER_KEEP_EXECUTIONS", 0),
        )
        if getattr(settings, name) < least
    ]


def check_allowed_commands(**_: Any) -> list[CheckMessage]:
    """Check that each allowed command is an absolute path, or a pattern of such paths."""
    return [
        Error(
            f"SCHEDULER_ALLOWED_COMMANDS lists {entry!r}, which no command can match.",
            hint="List absolute paths without '.', '..' and '//', or patterns of them such as"
            " /opt/reports/bin/*, separated by commas and without blanks.",
            id="executions.E005",
        )
        for entry in settings.SCHEDULER_ALLOWED_COMMANDS
        if not is_plain_path(entry)
    ]


def check_condition_databases(**_: Any) -> list[CheckMessage]:
    """Check that each entry has a name and an address; it is not shown, it may hold a password."""
    names = [entry.partition("=")[0] for entry in settings.SCHEDULER_CONDITION_DATABASES]
    return [
        Error(
            f"Entry {place} of SCHEDULER_CONDITION_DATABASES is no name and address.",
            hint="Write each name once, as name=postgresql://user:password@host:5432/database,"
            " separated by commas; write a comma in a password as %2C.",
            id="executions.E006",
        )
        for place, entry in enumerate(settings.SCHEDULER_CONDITION_DATABASES, 1)
        if not _is_named_address(entry) or entry.partition("=")[0] in names[: place - 1]
    ]


def check_condition_roots(**_: Any) -> list[CheckMessage]:
    """Check that the folders in which conditions may look are absolute paths."""
    return [
        Error(
            f"SCHEDULER_CONDITION_FILE_ROOTS lists {entry!r}, which is no absolute path.",
            hint="List absolute paths without '.', '..' and '//', such as /data/in, separated by"
            " commas and without blanks.",
            id="executions.E007",
        )
        for entry in settings.SCHEDULER_CONDITION_FILE_ROOTS
        if not is_plain_path(entry)
    ]


def check_containers(**_: Any) -> list[CheckMessage]:
    """Check what containers may be and where they run, where any may."""
    problems: list[CheckMessage] = [
        Error(
            f"SCHEDULER_ALLOWED_IMAGES lists {entry!r}, which no image can match.",
            hint="List images as jobs name them, or patterns of them such as"
            " registry.example.com/reports/*, separated by commas and without blanks. A"
            " registry's host has no wildcard.",
            id="executions.E008",
        )
        for entry in settings.SCHEDULER_ALLOWED_IMAGES
        if not _may_match_image(entry)
    ]
    if settings.SCHEDULER_ALLOWED_IMAGES and not _is_docker_host(settings.SCHEDULER_DOCKER_HOST):
        problems.append(
            Error(
                f"SCHEDULER_DOCKER_HOST is {settings.SCHEDULER_DOCKER_HOST!r}.",
                hint="Use unix:///path/of/docker.sock, or tcp://host:2376 with DOCKER_TLS_VERIFY"
                " and DOCKER_CERT_PATH.",
                id="executions.E009",
            )
        )
    return problems + [
        Error(f"{name} is {getattr(settings, name):g}.", hint=hint, id="executions.E010")
        for name, least, hint in (
            ("SCHEDULER_CONTAINER_MEMORY_MB", 6, "Give MiB, 6 or more."),
            ("SCHEDULER_CONTAINER_CPUS", 0.01, "Give a number of CPUs from 0.01 on."),
            ("SCHEDULER_CONTAINER_PIDS", 1, "Give a number of processes from 1 on."),
            *(
                (
                    f"SCHEDULER_CONTAINER_MOST_{limit}",
                    getattr(settings, f"SCHEDULER_CONTAINER_{limit}"),
                    f"Give no less than SCHEDULER_CONTAINER_{limit}.",
                )
                for limit in ("MEMORY_MB", "CPUS", "PIDS")
            ),
        )
        if getattr(settings, name) < least
    ]


def _may_match_image(entry: str) -> bool:
    host, slash, _ = entry.partition("/")
    has_vague_host = bool(slash and set(host) & set(".:") and set(host) & set("*?["))
    return bool(entry) and entry == "".join(entry.split()) and not ("//" in entry or has_vague_host)


def is_plain_path(path: str) -> bool:
    """Return whether a path is absolute and has no ``.``, ``..`` or empty part."""
    return path.startswith("/") and not path.startswith("//") and os.path.normpath(path) == path


def _is_named_address(entry: str) -> bool:
    name, _, url = entry.partition("=")
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(name.strip()) and parts.scheme in ("postgresql", "postgres") and bool(parts.netloc)


def _is_docker_host(address: str) -> bool:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme == "unix":
        return is_plain_path(parts.path) and not host
    return parts.scheme in ("tcp", "http", "https") and bool(host and port)
