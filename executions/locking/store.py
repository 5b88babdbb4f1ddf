"""Locks as Redis keeps them: each a hash that expires, beside who waits for it.

Every call may raise :data:`UNREACHABLE`; none takes longer than a second.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import redis
from django.conf import settings

UNREACHABLE = (redis.RedisError, OSError)

_PREFIX = "scheduler:lock"
_NAMES = f"{_PREFIX}:names"
_PATIENCE_SECONDS = 1.0
_WAIT_LISTED_MS = 5_000  # who waits asks again several times a second

_LUA = {path.stem: path.read_text() for path in (Path(__file__).parent / "lua").glob("*.lua")}


@dataclass(frozen=True)
class Token:
    """What proves that a lock is held by one call of one attempt."""

    execution_id: UUID
    fence: int
    nonce: str

    def __str__(self) -> str:
        return f"{self.execution_id}.{self.fence}.{self.nonce}"


@dataclass(frozen=True)
class Holder:
    """Who has a lock that somebody else wants."""

    execution_id: UUID
    job_name: str
    since: datetime


@dataclass(frozen=True)
class LockWait:
    """What the handler of an execution waits for."""

    name: str
    since: datetime
    holder: Holder | None


@dataclass(frozen=True)
class StoredLock:
    """One lock that is held, as Redis has it."""

    name: str
    token: str
    holder: Holder
    fence: int | None
    expires_in: float
    waiters: tuple[UUID, ...]


def take(name: str, token: Token, *, job_name: str, is_waiting: bool) -> Holder | None:
    """Take a lock for the length of a lease; return who has it if that is somebody else."""
    answer = _run(
        "take",
        [_key(name), _waiters(name), _wait(token.execution_id), _NAMES],
        [
            name,
            str(token),
            job_name,
            str(token.execution_id),
            _lease_ms(),
            _WAIT_LISTED_MS if is_waiting else 0,
        ],
    )
    return None if answer[0] == 1 else _holder(*answer[1:])


def keep(name: str, token: Token, *, fence: int | None = None) -> bool:
    """Hold a lock for another lease, and note its fencing number; return whether it is held."""
    number = "" if fence is None else fence
    return bool(_run("keep", [_key(name)], [str(token), _lease_ms(), number]))


def release(name: str, token: Token) -> bool:
    """Give a lock back, and stop waiting for it; return whether it was held."""
    execution = str(token.execution_id)
    keys = [_key(name), _waiters(name), _wait(execution), _NAMES]
    return bool(_run("release", keys, [name, str(token), execution]))


def take_away(lock: StoredLock) -> bool:
    """Take a lock from the one who was seen to hold it; return whether he still did."""
    keys = [_key(lock.name), _waiters(lock.name), _wait(""), _NAMES]
    return bool(_run("release", keys, [lock.name, lock.token, ""]))


def read_locks(names: Iterable[str] | None = None) -> Iterator[StoredLock]:
    """Return the locks that are held, by name: all, or those of ``names``."""
    wanted = sorted(_client().smembers(_NAMES) if names is None else names)
    steps = _client().pipeline(transaction=False)
    for name in wanted:
        steps.hgetall(_key(name))
        steps.pttl(_key(name))
        steps.zrange(_waiters(name), 0, -1)
    answers = iter(steps.execute())
    for name, fields, ttl, waiters in zip(wanted, answers, answers, answers, strict=False):
        if fields:
            yield _stored(name, fields, ttl, waiters)
        elif names is None:
            _client().srem(_NAMES, name)  # it has expired


def find_wait(execution_id: UUID) -> LockWait | None:
    """Return the lock that the execution's handler waits for, if it does."""
    wait = _client().hgetall(_wait(execution_id))
    if not wait:
        return None
    held = _client().hmget(_key(wait["name"]), "token", "job", "since")
    holder = _holder(*held) if held[0] else None
    return LockWait(wait["name"], _moment(wait["since"]), holder)


def read_waits(executions: Iterable[UUID]) -> dict[UUID, datetime]:
    """Return since when each of these executions waits for a lock, if it still does."""
    asked = list(executions)
    steps = _client().pipeline(transaction=False)
    for execution in asked:
        steps.hget(_wait(execution), "since")
    found = zip(asked, steps.execute(), strict=True)
    return {execution: _moment(since) for execution, since in found if since}


@lru_cache(maxsize=1)
def _client() -> Any:  # typed, its answers would be bytes or text
    return redis.Redis.from_url(
        settings.CELERY_BROKER_URL,
        socket_timeout=_PATIENCE_SECONDS,
        socket_connect_timeout=_PATIENCE_SECONDS,
        decode_responses=True,
        retry=None,
    )


@lru_cache
def _script(name: str) -> Any:
    return _client().register_script(_LUA[name])


def _run(name: str, keys: list[str], arguments: list[Any]) -> Any:
    return _script(name)(keys=keys, args=arguments)


def _key(name: str) -> str:
    return f"{_PREFIX}:held:{name}"


def _waiters(name: str) -> str:
    return f"{_PREFIX}:waiters:{name}"


def _wait(execution: UUID | str) -> str:
    return f"{_PREFIX}:wait:{execution}"


def _lease_ms() -> int:
    return int(settings.SCHEDULER_LEASE_SECONDS * 1000)


def _stored(name: str, fields: dict[str, str], ttl: int, waiters: list[str]) -> StoredLock:
    return StoredLock(
        name=name,
        token=fields["token"],
        holder=_holder(fields["token"], fields["job"], fields["since"]),
        fence=int(fields["fence"]) if "fence" in fields else None,
        expires_in=max(ttl, 0) / 1000,
        waiters=tuple(map(UUID, waiters)),
    )


def _holder(token: str, job_name: str, since: str) -> Holder:
    return Holder(UUID(token.partition(".")[0]), job_name, _moment(since))


def _moment(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
