"""A web client for addresses that people have written down: it reaches only what it may.

A name is looked up once. Every answer has to be allowed, and the connection goes to one of these
very addresses, so nothing can change between the look and the call. TLS still checks the name.
Nothing is followed, no proxy or password is taken from the environment, and all of it, however
slowly the other side answers, ends with one timeout.
"""

import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

import httpcore2
import httpx2
from django.conf import settings

from core.outbound.addresses import AddressPolicy

USER_AGENT = "scheduler"

# They would write each address, with the tokens in it, into the log of whatever runs.
for _library in ("httpx2", "httpcore2"):
    logging.getLogger(_library).setLevel(logging.WARNING)


class OutboundRefused(Exception):
    """The address may not be called; the message names it and the setting that would allow it."""


class OutboundFailed(Exception):
    """The call did not get an answer; the message says why."""


@dataclass(frozen=True)
class Answer:
    """What a web address answered; the body may be cut. The names of headers are in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)


def policy() -> AddressPolicy:
    """What this installation allows."""
    return AddressPolicy.read(
        allow_private=settings.OUTBOUND_ALLOW_PRIVATE_NETWORKS,
        allowed=settings.OUTBOUND_ALLOWED_CIDRS,
        denied=settings.OUTBOUND_DENIED_CIDRS,
    )


def fetch(
    url: str,
    *,
    timeout: float,
    most_bytes: int = 0,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
) -> Answer:
    """Call ``url`` within ``timeout`` seconds, and read at most ``most_bytes`` of what it answers.

    Raise ``OutboundRefused`` when the address may not be called, ``OutboundFailed`` when it does
    not answer.
    """
    sent = {"User-Agent": USER_AGENT, **(headers or {})}
    try:
        with (
            _client(timeout) as client,
            client.stream(method, url, headers=sent, content=content) as response,
        ):
            body = _read(response, most_bytes)
            return Answer(response.status_code, body, dict(response.headers))
    except httpx2.TimeoutException:
        raise OutboundFailed(f"no answer within {timeout:g} s") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError, OSError) as error:
        raise OutboundFailed(f"no answer: {error or type(error).__name__}") from None


def _client(timeout: float) -> httpx2.Client:
    return httpx2.Client(
        transport=_GuardedTransport(GuardedBackend(policy(), ends_at=time.monotonic() + timeout)),
        timeout=timeout,
        trust_env=False,
        follow_redirects=False,
    )


def _read(response: httpx2.Response, most_bytes: int) -> bytes:
    body = b""
    for part in response.iter_raw() if most_bytes else ():
        body += part
        if len(body) >= most_bytes:
            break
    return body[:most_bytes]


class _GuardedTransport(httpx2.HTTPTransport):
    """The library's transport, on connections of our own making."""

    def __init__(self, backend: "GuardedBackend") -> None:
        context = httpx2.create_ssl_context(trust_env=False)
        super().__init__(verify=context, trust_env=False)
        # A private name of the pinned version; a test holds that the guard is really in its place.
        self._pool = httpcore2.ConnectionPool(ssl_context=context, network_backend=backend)


class GuardedBackend(httpcore2.NetworkBackend):
    """Connects to allowed addresses only, until ``ends_at`` (monotonic)."""

    def __init__(self, policy: AddressPolicy, *, ends_at: float) -> None:
        self._policy = policy
        self._ends_at = ends_at
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        failure: Exception | None = None
        for address in self._look_up(host, port):
            try:
                stream = self._sockets.connect_tcp(
                    address, port, _left(self._ends_at, timeout), local_address, socket_options
                )
            except httpcore2.ConnectError as error:
                failure = error
            else:
                return _TimedStream(stream, self._ends_at)
        raise failure or httpcore2.ConnectError(f"{host} has no address")

    def connect_unix_socket(self, path: str, *_: Any, **__: Any) -> httpcore2.NetworkStream:
        raise OutboundRefused(f"{path} is no web address")

    def _look_up(self, host: str, port: int) -> list[str]:
        """The addresses of a name; raise ``OutboundRefused`` if any of them is not allowed."""
        addresses = _resolve(host, port, _left(self._ends_at, None))
        for address in addresses:
            if not self._policy.allows(address):
                raise OutboundRefused(
                    f"{host} is at {address}, which the platform may not call; its operator can"
                    " allow that network in OUTBOUND_ALLOWED_CIDRS"
                )
        return addresses


def _resolve(host: str, port: int, timeout: float) -> list[str]:
    """The addresses of a name. The system's resolver knows no timeout, so a thread waits for it."""
    answer: SimpleQueue[list[str] | Exception] = SimpleQueue()

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
        except Exception as error:
            answer.put(error)

    threading.Thread(target=look_up, name="outbound-look-up", daemon=True).start()
    try:
        said = answer.get(timeout=timeout)
    except Empty:
        raise httpcore2.ConnectTimeout(f"{host} is still being looked up") from None
    if isinstance(said, Exception):
        raise httpcore2.ConnectError(f"{host} has no address: {said}")
    return said


class _TimedStream(httpcore2.NetworkStream):
    """A connection on which nothing is waited for beyond ``ends_at`` (monotonic)."""

    def __init__(self, stream: httpcore2.NetworkStream, ends_at: float) -> None:
        self._stream = stream
        self._ends_at = ends_at

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._ends_at, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._ends_at, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        timeout = _left(self._ends_at, timeout)
        stream = self._stream.start_tls(ssl_context, server_hostname, timeout)
        return _TimedStream(stream, self._ends_at)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(ends_at: float, timeout: float | None) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the time for the whole call is over")
    return left if timeout is None else min(left, timeout)
