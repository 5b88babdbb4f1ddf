"""Counting the lines of a ledger."""

from collections import Counter
from dataclasses import dataclass, field

from executions.ledger.entries import ACCOUNTED, Entry, Fate


@dataclass
class Totals:
    """How many slots came to what. Well when as many are accounted for as were expected."""

    fates: Counter[Fate] = field(default_factory=Counter)

    def add(self, entry: Entry) -> None:
        self.fates[entry.fate] += 1

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(self.fates + other.fates)

    @property
    def accounted(self) -> int:
        return sum(count for fate, count in self.fates.items() if fate in ACCOUNTED)

    @property
    def missed(self) -> int:
        return self.fates[Fate.MISSED]

    @property
    def expected(self) -> int:
        """Slots that were due: those still to come, and those that no rule names, aside."""
        return self.accounted + self.missed
