"""Time zones by IANA name."""

from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from jobs.schedules.errors import InvalidRule


@cache
def zone_names() -> frozenset[str]:
    """Every usable name, links included. Read once: listing the zones walks the whole database."""
    # "localtime" is whatever this machine is set to, "Factory" says that nobody set it.
    return frozenset(available_timezones() - {"localtime", "Factory"})


@cache
def load_zone(name: str) -> ZoneInfo:
    """The zone of that exact IANA name; raise ``InvalidRule`` with the nearest name if unknown.

    Each is read once and kept; there are some 600, of a few kilobytes.
    """
    if name not in zone_names():
        raise InvalidRule.single("timezone", "unknown_timezone", _unknown(name))
    return ZoneInfo(name)


# What people call the zones of large places; an abbreviation is no zone, it is half a year of one.
_ABBREVIATED = {
    **dict.fromkeys(("BST",), "Europe/London"),
    **dict.fromkeys(("CEST", "MEZ", "MESZ"), "Europe/Berlin"),
    **dict.fromkeys(("EDT", "ET"), "America/New_York"),
    **dict.fromkeys(("CST", "CDT", "CT"), "America/Chicago"),
    **dict.fromkeys(("MDT", "MT"), "America/Denver"),
    **dict.fromkeys(("PST", "PDT", "PT"), "America/Los_Angeles"),
    **dict.fromkeys(("AEST", "AEDT"), "Australia/Sydney"),
    "IST": "Asia/Kolkata",
    "JST": "Asia/Tokyo",
    "SGT": "Asia/Singapore",
    "HKT": "Asia/Hong_Kong",
}


def _unknown(name: str) -> str:
    by_lower = {known.lower(): known for known in zone_names()}
    near = get_close_matches(name[:64].lower(), by_lower, n=1)
    meant = _ABBREVIATED.get(name.upper()) or (by_lower[near[0]] if near else None)
    hint = f"; did you mean {meant}?" if meant else ""
    return f"{name!r} is not an IANA time zone; use a name such as Europe/London or UTC{hint}"
