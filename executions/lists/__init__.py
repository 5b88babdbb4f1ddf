"""Lists of executions that stay fast, however long the history and large the payloads."""

from executions.lists.newest import Newest
from executions.lists.rows import (
    LARGE_JSON,
    LARGE_TEXTS,
    LARGEST_SHOWN,
    cut,
    described,
    is_cut,
    listed,
)

__all__ = [
    "LARGEST_SHOWN",
    "LARGE_JSON",
    "LARGE_TEXTS",
    "Newest",
    "cut",
    "described",
    "is_cut",
    "listed",
]
