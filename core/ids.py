"""Identifiers that sort by the time they were made."""

import secrets
import time
from datetime import datetime, timedelta
from uuid import UUID


def uuid7() -> UUID:
    """Return a new UUID of version 7 (RFC 9562 §5.7, its §6.2 method 3).

    48 bits of Unix milliseconds, 12 bits of their fraction, so that what one process makes one
    after another also sorts so, and 62 random bits.
    """
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = nanoseconds * 4096 // 1_000_000
    value = milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62)
    return UUID(int=value)


def first_uuid7(moment: datetime, *, shift: timedelta = timedelta(0)) -> UUID:
    """Return the lower bound of the ids made from ``moment + shift`` on, to the millisecond."""
    milliseconds = int((moment.timestamp() + shift.total_seconds()) * 1000)
    return UUID(int=min(max(milliseconds, 0), 2**48 - 1) << 80)
