"""One exchange with the other side, within the time that the attempt has left."""

import time
from datetime import datetime, timedelta

from core.outbound.guard import Answer, fetch
from core.text import MAX_JSON_BYTES
from executions.handlers.http.requests import Request
from executions.watchdog import Guard

# So much longer than the attempt may take: it is the watchdog that ends it.
_SPARE_SECONDS = 5.0


def send(guard: Guard, request: Request, *, most_seconds: float = float("inf")) -> Answer:
    """Send the request; the body of the answer is cut one byte after what an output may have."""
    left = guard.times_out_at - time.monotonic() + _SPARE_SECONDS
    return fetch(
        request.url,
        timeout=min(left, most_seconds),
        most_bytes=MAX_JSON_BYTES + 1,
        method=request.method,
        headers=request.all_headers,
        content=request.content,
    )


def now_of(guard: Guard) -> datetime:
    """Return the time of the database, as far as the attempt knows it."""
    return guard.claim.deadline - timedelta(seconds=guard.times_out_at - time.monotonic())
