"""What the platform calls on behalf of people: public addresses only, and never for long."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from core.outbound.addresses import AddressPolicy
from core.outbound.checks import check_outbound
from core.outbound.guard import Answer, OutboundFailed, OutboundRefused, fetch

NEVER = [
    "0.0.0.0",  # noqa: S104
    *("127.0.0.1", "127.255.255.254", "0.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "100.127.255.255", "198.18.0.1", "192.0.2.1"),
    *("192.88.99.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("::7f00:1", "::8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1"),
    *("fec0::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "3fff::1"),
    *("168.63.129.16", "192.0.0.1", "192.0.0.9", "192.0.0.192", "::ffff:0:127.0.0.1"),
    *("::ffff:0:8.8.8.8", "100::1", "100:0:0:1::1", "1::1", "4000::1", "e000::1"),
    *("2001:db8::1", "2001::1", "2002:7f00:1::", "2002:808:808::1", "5f00::1", "ff02::1"),
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "::ffff:8.8.8.8", "2606:4700:4700::1111", "2a00:1450:4009::200e"]


def policy(**settings: Any) -> AddressPolicy:
    return AddressPolicy.read(**{"allow_private": False, "allowed": [], "denied": [], **settings})


@pytest.mark.parametrize("address", NEVER)
def test_what_is_not_the_public_internet_may_not_be_called(address: str) -> None:
    assert not policy().allows(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_may_be_called(address: str) -> None:
    assert policy().allows(address)


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "::1", "fd00::1", "100.64.0.1"])
def test_private_networks_may_be_called_where_that_is_allowed(address: str) -> None:
    assert policy(allow_private=True).allows(address)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "fe80::1", "0.0.0.1", "::", "224.0.0.1", "64:ff9b::a00:1"]
)
def test_what_allows_private_networks_allows_no_metadata_servers_and_no_disguise(
    address: str,
) -> None:
    assert not policy(allow_private=True).allows(address)


METADATA = [
    *("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "fe80::a9fe:a9fe"),
    *("168.63.129.16", "192.0.0.192", "fd20:ce::254", "::ffff:169.254.169.254"),
]


@pytest.mark.parametrize("address", METADATA)
def test_a_metadata_server_is_called_only_where_it_is_allowed_by_itself(address: str) -> None:
    wide = policy(allow_private=True, allowed=["0.0.0.0/0", "::/0", "100.64.0.0/10", "fd00::/8"])
    itself = address.removeprefix("::ffff:")

    assert not policy(allow_private=True).allows(address)
    assert not wide.allows(address)
    assert policy(allowed=[itself]).allows(address)


@pytest.mark.parametrize(
    ("allowed", "public", "private"),
    [
        ("64:ff9b::/96", "64:ff9b::8.8.8.8", "64:ff9b::10.0.0.1"),
        ("64:ff9b::/96", "64:ff9b::1.1.1.1", "64:ff9b::169.254.169.254"),
        ("::ffff:0:0:0/96", "::ffff:0:8.8.8.8", "::ffff:0:127.0.0.1"),
        ("2002::/16", "2002:808:808::1", "2002:a00:1::1"),
    ],
)
def test_what_allows_a_translator_allows_of_what_is_behind_only_what_may_be_called(
    allowed: str, public: str, private: str
) -> None:
    assert policy(allowed=[allowed]).allows(public)
    assert not policy(allowed=[allowed]).allows(private)


def test_a_private_address_behind_a_translator_may_be_allowed_too() -> None:
    assert policy(allowed=["64:ff9b::/96", "10.0.0.0/8"]).allows("64:ff9b::10.0.0.1")
    assert policy(allowed=["::1/128"]).allows("::1")


def test_single_networks_may_be_allowed_also_by_their_mapped_form() -> None:
    allowing = policy(allowed=["10.20.0.0/16", "fd00::/8"])

    assert allowing.allows("10.20.3.4")
    assert allowing.allows("::ffff:10.20.3.4")
    assert allowing.allows("fd00::1")
    assert not allowing.allows("10.21.0.1")
    assert not allowing.allows("64:ff9b::a14:304")


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "8.8.8.8"]
)
def test_a_denial_wins_in_every_disguise(address: str) -> None:
    denying = policy(
        allow_private=True,
        allowed=["0.0.0.0/0", "::/0"],
        denied=["10.0.0.0/24", "8.8.8.8/32"],
    )

    assert denying.allows("9.9.9.9")
    assert denying.allows("10.0.1.1")
    assert not denying.allows(address)


# --- Real calls


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[tuple[int, list[int]]]:
    """A server on this machine that does ``answer`` to each caller; gives its port and callers."""
    callers: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    caller, address = listener.accept()
                except OSError:
                    return
                callers.append(address[1])
                with caller:
                    try:
                        caller.recv(65_536)
                        answer(caller)
                    except OSError:
                        pass  # the caller has had enough

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], callers
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def saying(text: bytes) -> Callable[[socket.socket], None]:
    return lambda caller: caller.sendall(text)


OK = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")


@pytest.fixture
def _allowing_this_machine(settings: Settings) -> None:
    settings.OUTBOUND_ALLOWED_CIDRS = ["127.0.0.0/8"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"]
)
def test_this_machine_is_not_called_under_any_name(host: str) -> None:
    with serving(OK) as (port, callers):
        with pytest.raises(OutboundRefused, match="OUTBOUND_ALLOWED_CIDRS"):
            fetch(f"http://{host}:{port}/", timeout=5)
        assert callers == []


def test_the_guard_is_in_place_for_https_too() -> None:
    with serving(OK) as (port, callers):
        with pytest.raises(OutboundRefused):
            fetch(f"https://localhost:{port}/", timeout=5)
        assert callers == []


@pytest.mark.usefixtures("_allowing_this_machine")
def test_what_is_allowed_is_called_and_its_answer_cut() -> None:
    with serving(OK) as (port, _):
        assert fetch(f"http://127.0.0.1:{port}/", timeout=5) == Answer(200, b"")
        assert fetch(f"http://127.0.0.1:{port}/", timeout=5, most_bytes=3) == Answer(200, b"hel")


@pytest.mark.usefixtures("_allowing_this_machine")
def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with serving(OK) as (target, callers):
        move = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{target}/\r\n\r\n".encode()
        with serving(saying(move)) as (port, _):
            assert fetch(f"http://127.0.0.1:{port}/", timeout=5).status == 302
        assert callers == []


@pytest.mark.usefixtures("_allowing_this_machine")
def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(OK) as (port, _), serving(OK) as (proxy, callers):
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy}")
        fetch(f"http://127.0.0.1:{port}/", timeout=5)
        assert callers == []


def answer_names(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Let each name have these addresses; return the names that are looked up."""
    asked: list[str] = []

    def look_up(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr("core.outbound.guard.socket.getaddrinfo", look_up)
    return asked


def test_one_forbidden_address_among_public_ones_refuses_the_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(OK) as (port, callers):
        asked = answer_names(monkeypatch, "8.8.8.8", "127.0.0.1")
        with pytest.raises(OutboundRefused, match=r"sly.example is at 127\.0\.0\.1"):
            fetch(f"http://sly.example:{port}/", timeout=5)
    assert asked == ["sly.example"]
    assert callers == []


@pytest.mark.usefixtures("_allowing_this_machine")
def test_a_name_is_looked_up_once_and_the_checked_address_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(OK) as (port, callers):
        asked = answer_names(monkeypatch, "127.0.0.1")
        assert fetch(f"http://good.example:{port}/", timeout=5).status == 200
    assert len(callers) == 1
    assert asked[0] == "good.example"
    assert "good.example" not in asked[1:]


def test_a_name_that_is_looked_up_for_ever_ends_with_the_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_over = threading.Event()

    def look_up(*_: Any, **__: Any) -> list[Any]:
        is_over.wait(30)
        raise OSError

    monkeypatch.setattr("core.outbound.guard.socket.getaddrinfo", look_up)
    began = time.monotonic()
    with pytest.raises(OutboundFailed, match=r"no answer within 0\.3 s"):
        fetch("http://slow.example/", timeout=0.3)
    assert time.monotonic() - began < 3
    is_over.set()


def test_a_name_without_an_address_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr("core.outbound.guard.socket.getaddrinfo", look_up)
    with pytest.raises(OutboundFailed, match=r"gone\.example has no address: .*not known"):
        fetch("http://gone.example/", timeout=5)


@pytest.mark.usefixtures("_allowing_this_machine")
def test_an_address_with_a_token_in_it_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with serving(OK) as (port, _), caplog.at_level("DEBUG"):
        fetch(f"http://127.0.0.1:{port}/?token=s3cret", timeout=5)
    assert "s3cret" not in caplog.text


@pytest.mark.usefixtures("_allowing_this_machine")
def test_an_answer_that_drips_ends_with_the_timeout() -> None:
    def drip(caller: socket.socket) -> None:
        pause = threading.Event()
        caller.sendall(b"HTTP/1.1 200 OK\r\n")
        for number in range(100):
            caller.sendall(f"X-{number}: 1\r\n".encode())
            pause.wait(0.1)

    began = time.monotonic()
    with serving(drip) as (port, _):
        with pytest.raises(OutboundFailed, match=r"no answer within 0\.5 s"):
            fetch(f"http://127.0.0.1:{port}/", timeout=0.5)
        assert time.monotonic() - began < 3


@pytest.mark.usefixtures("_allowing_this_machine")
def test_whoever_does_not_answer_is_told_apart_from_who_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(OutboundFailed, match="no answer"):
        fetch(f"http://127.0.0.1:{port}/", timeout=5)
    with serving(saying(b"nonsense\r\n\r\n")) as (port, _), pytest.raises(OutboundFailed):
        fetch(f"http://127.0.0.1:{port}/", timeout=5)
    with pytest.raises(OutboundFailed):
        fetch("http://", timeout=5)


# --- Settings


@pytest.mark.parametrize("name", ["OUTBOUND_ALLOWED_CIDRS", "OUTBOUND_DENIED_CIDRS"])
def test_what_is_no_network_is_refused_at_start(settings: Settings, name: str) -> None:
    setattr(settings, name, ["10.0.0.0/8", "10.0.0.1/8", "intranet"])

    problems = check_outbound()

    assert [problem.id for problem in problems] == ["core.E005", "core.E005"]
    assert f"{name} lists '10.0.0.1/8'" in problems[0].msg


def test_the_defaults_are_understood() -> None:
    assert check_outbound() == []
