"""Spreading fires that share an instant over the seconds after it."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256


def spread_delay(
    key: str, slot: datetime, following: datetime | None, spread_seconds: int
) -> timedelta:
    """How long after its slot a fire starts: whole seconds, fewer than ``spread_seconds``.

    The same for one key and slot for ever, and never as late as the slot that follows. The slot
    stays the fire's identity; the delay is only what to wait before.
    """
    room = spread_seconds
    if following is not None:
        room = min(room, int((following - slot).total_seconds()))
    if room <= 0:
        return timedelta(0)
    written = f"{key} {slot.astimezone(UTC).isoformat()}"
    return timedelta(seconds=int.from_bytes(sha256(written.encode()).digest()) % room)
