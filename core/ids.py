"""Identifiers that sort by the time they were made."""

import secrets
import time
from uuid import UUID


def uuid7() -> UUID:
    """Return a new UUID of version 7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, 74 random."""
    milliseconds = time.time_ns() // 1_000_000
    random = secrets.randbits(74)
    value = (
        milliseconds << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & (2**62 - 1)
    )
    return UUID(int=value)
