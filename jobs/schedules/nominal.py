"""What a fire stands for: the wall-clock time its rule names, and what became of it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Nominal:
    """The named wall-clock time behind one fire (naive), and remarks where that is not plain.

    The date of ``wall`` is the fire's business date: a time that the clock left out belongs to
    its own day, even where the fire itself falls on the next.
    """

    wall: datetime
    notes: tuple[str, ...] = ()
