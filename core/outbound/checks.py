"""Settings of outbound calls that cannot be understood are refused at start."""

from ipaddress import ip_network
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error


def check_outbound(**_: Any) -> list[CheckMessage]:
    """Check that what is allowed and denied are networks."""
    return [
        Error(
            f"{name} lists {entry!r}, which is no network.",
            hint="List networks such as 10.20.0.0/16 or fd00::/8, separated by commas.",
            id="core.E005",
        )
        for name in ("OUTBOUND_ALLOWED_CIDRS", "OUTBOUND_DENIED_CIDRS")
        for entry in getattr(settings, name)
        if not _is_network(entry)
    ]


def _is_network(entry: str) -> bool:
    try:
        ip_network(entry)
    except ValueError:
        return False
    return True
