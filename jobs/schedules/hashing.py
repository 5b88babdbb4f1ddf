"""``H`` in cron: a value picked by hash, so that many schedules do not all fire at once."""

from hashlib import sha256


def pick(key: str, field: str, values: list[int], step: int | None) -> list[int]:
    """One of the values, or with a step every so-manieth from a picked start on.

    ``key`` is the schedule's id. The same key and field always pick alike: nothing else goes into
    the hash, and neither may ever change.
    """
    digest = sha256(f"{key}\n{field}".encode()).digest()
    number = int.from_bytes(digest[:8], "big")
    if step is None:
        return [values[number % len(values)]]
    return values[number % min(step, len(values)) :: step]
