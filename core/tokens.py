"""API tokens: made once, shown once, kept as a hash.

Format ``sch_<8 id>_<43 secret>_<6 checksum>`` over base 62. The checksum (CRC-32 of what stands
before it) lets secret scanners tell a token from noise without asking us.
"""

import hashlib
import secrets
import string
import zlib
from dataclasses import dataclass

PREFIX = "sch"
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase


@dataclass(frozen=True)
class ParsedToken:
    """A well-formed token: its public id and the hash of its secret."""

    key: str
    digest: str


def generate_token() -> str:
    """Return a new random token; 43 base-62 characters carry 256 bits."""
    body = f"{PREFIX}_{_random(8)}_{_random(43)}"
    return f"{body}_{_checksum(body)}"


def parse_token(text: str) -> ParsedToken | None:
    """Return the token's parts, or None when it is not one of ours (form or checksum)."""
    body, _, checksum = text.rpartition("_")
    parts = body.split("_")
    well_formed = [len(part) for part in parts] == [len(PREFIX), 8, 43] and parts[0] == PREFIX
    if not well_formed or not secrets.compare_digest(checksum.encode(), _checksum(body).encode()):
        return None
    return ParsedToken(key=parts[1], digest=hashlib.sha256(parts[2].encode()).hexdigest())


def _random(length: int) -> str:
    return "".join(secrets.choice(_DIGITS) for _ in range(length))


def _checksum(body: str) -> str:
    value, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        value, digit = divmod(value, 62)
        digits = _DIGITS[digit] + digits
    return digits
