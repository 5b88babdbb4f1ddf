"""What a fire stands for: the wall-clock time its rule names, and what became of it."""

from dataclasses import dataclass
from datetime import date, datetime

_OF_THE_WALL = date.min


@dataclass(frozen=True, slots=True)
class Nominal:
    """The named wall-clock time behind one fire (naive), and remarks where that is not plain.

    ``business_date`` is the day the fire is for. Unless given it is the date of ``wall``: a time
    that the clock left out belongs to its own day, even where the fire itself falls on the next.
    """

    wall: datetime
    notes: tuple[str, ...] = ()
    business_date: date = _OF_THE_WALL

    def __post_init__(self) -> None:
        if self.business_date is _OF_THE_WALL:
            object.__setattr__(self, "business_date", self.wall.date())
