"""Say where the platform can be reached, once each part really answers."""

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.program import PROGRAM
from scheduler_project.supervisor.processes import Choices

PROBE_EVERY_SECONDS = 0.2
PROBE_TIMEOUT_SECONDS = 2.0


@dataclass(frozen=True)
class Address:
    """An address to probe, and the lines to print when it answers."""

    probe: str
    lines: Sequence[str]


def platform_addresses(choices: Choices, password: str | None, flower_login: str) -> list[Address]:
    """Return what people need to know; passwords appear here and nowhere else."""
    web = f"http://{_reachable(choices.host)}:{choices.port}"
    flower = f"http://127.0.0.1:{choices.flower_port}"
    user, _, flower_password = flower_login.partition(":")
    account = (
        f"user admin, password {password}"
        if password
        else f"`{PROGRAM} changepassword admin` sets a new password"
    )
    return [
        Address(
            f"{web}/health/live", [f"Admin   {web}/admin/   ({account})", f"API     {web}/api/docs"]
        ),
        Address(flower, [f"Flower  {flower}/   (user {user}, password {flower_password})"]),
    ]


def announce(addresses: Sequence[Address], say: Callable[[str], None]) -> None:
    """Probe in the background, for as long as this process lives."""
    for address in addresses:
        threading.Thread(target=_announce_one, args=(address, say), daemon=True).start()


def _announce_one(address: Address, say: Callable[[str], None]) -> None:
    while not _answers(address.probe):
        time.sleep(PROBE_EVERY_SECONDS)
    for line in address.lines:
        say(line)


def _reachable(host: str) -> str:
    """Return where a browser on this machine finds a server that listens on ``host``."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not listened on
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _answers(url: str) -> bool:
    """Return whether something there is ready: to refuse a stranger is an answer too."""
    try:
        with urllib.request.urlopen(url, timeout=PROBE_TIMEOUT_SECONDS):  # noqa: S310 - our own
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False
