"""Running a job for the slots of a range of the past, a few at a time.

What is asked for is previewed and started (``starting``), let go bit by bit by beat
(``releasing``), counted (``progress``) and, if need be, cancelled (``cancelling``).
"""

from executions.backfills.cancelling import cancel_backfill
from executions.backfills.progress import Progress, progress_of
from executions.backfills.range import LEFT_OUT, Include, LeftOut, Range, RangeSlot
from executions.backfills.releasing import release_backfills
from executions.backfills.starting import BackfillRequest, preview_backfill, start_backfill

__all__ = [
    "LEFT_OUT",
    "BackfillRequest",
    "Include",
    "LeftOut",
    "Progress",
    "Range",
    "RangeSlot",
    "cancel_backfill",
    "preview_backfill",
    "progress_of",
    "release_backfills",
    "start_backfill",
]
