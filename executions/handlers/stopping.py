"""Putting off a stop while what is done must not be torn apart."""

from collections.abc import Iterator
from contextlib import contextmanager

from executions.watchdog import Guard


@contextmanager
def undisturbed(guard: Guard) -> Iterator[None]:
    """Let no ``StopJob`` be raised meanwhile; one that is decided is raised at the end."""
    guard.is_armed = False
    try:
        yield
    finally:
        guard.is_armed = True
    guard.raise_stop()
