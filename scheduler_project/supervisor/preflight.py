"""What can be known before anything starts: ports, addresses, environment."""

import os
import socket

import redis
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connection

from scheduler_project.embedded import files
from scheduler_project.embedded.servers import read_env
from scheduler_project.environment import VAR_DIR
from scheduler_project.supervisor.errors import CannotStart
from scheduler_project.supervisor.processes import Choices

OLDEST_POSTGRES = 180000
CONNECT_SECONDS = 5


def check_all(choices: Choices) -> dict[str, str]:
    """Return the addresses of the servers that were given; the others have to be started."""
    urls = {name: _given_url(name) for name in ("DATABASE_URL", "REDIS_URL")}
    given = {name: url for name, url in urls.items() if url}
    _refuse_embedded_in_production(embedded=len(given) < len(urls))
    _claim_folder()
    _check_port("--port", choices.host, choices.port)
    _check_port("--flower-port", "127.0.0.1", choices.flower_port)
    if choices.port == choices.flower_port:
        raise CannotStart("--port and --flower-port need different ports")
    if "DATABASE_URL" in given:
        _check_database()
    if "REDIS_URL" in given:
        _check_broker(given["REDIS_URL"])
    return given


def _given_url(name: str) -> str:
    """Return the server address somebody set; empty when the embedded server is meant.

    The settings also read what an ``up`` that was killed has left behind: that is not given.
    """
    url: str = getattr(settings, name)
    left_behind = read_env(VAR_DIR) or {}
    return "" if url == left_behind.get(name) else url


def _refuse_embedded_in_production(*, embedded: bool) -> None:
    """Production deserves real servers, unless somebody decided otherwise."""
    allowed = os.environ.get("SCHEDULER_ALLOW_EMBEDDED") == "1"
    if settings.IS_PRODUCTION and embedded and not allowed:
        raise CannotStart(
            "the embedded servers are not for production: set DATABASE_URL and REDIS_URL, "
            "or SCHEDULER_ALLOW_EMBEDDED=1 if one machine without a spare is enough"
        )


def _claim_folder() -> None:
    """Make ``var/run`` ours for as long as this process lives."""
    run = VAR_DIR / "run"
    try:
        files.make_private_directory(VAR_DIR)
        files.make_private_directory(run)
        lock = files.lock(run / "up.lock")
    except OSError as error:
        raise CannotStart(
            f"{VAR_DIR} cannot be used: {error.strerror} (SCHEDULER_VAR names another folder)"
        ) from error
    if lock is None:
        raise CannotStart(f"another `manage.py up` is running with {VAR_DIR}")


def _check_port(option: str, host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise CannotStart(
                f"port {port} of {host} cannot be used: {reason} (choose another with {option})"
            ) from error


def _check_database() -> None:
    """Connect once with exactly the settings the platform uses."""
    try:
        connection.ensure_connection()
        version = connection.connection.info.server_version
    except ImproperlyConfigured as error:
        raise CannotStart(
            "DATABASE_URL does not work: it has to look like postgresql://user:password@host/name"
        ) from error
    except Error as error:
        raise CannotStart(f"DATABASE_URL does not work: {_first_line(error)}") from error
    finally:
        connection.close()
    if version < OLDEST_POSTGRES:
        raise CannotStart(
            f"DATABASE_URL names PostgreSQL {version // 10000}; "
            f"{OLDEST_POSTGRES // 10000} is the oldest that works"
        )


def _check_broker(url: str) -> None:
    """Connect once."""
    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=CONNECT_SECONDS, retry=None
        ) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise CannotStart(f"REDIS_URL does not work: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    """Return the reason alone: the further lines repeat it, or guess."""
    return str(error).strip().split("\n", 1)[0]
