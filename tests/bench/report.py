"""Figures as tables for people, and as JSON for programs."""

import json
from dataclasses import asdict, dataclass, field
from math import ceil
from pathlib import Path
from statistics import median
from typing import Self

import rich.table
from rich.console import Console


@dataclass(frozen=True)
class Spread:
    """A median, and how far the rounds lie apart."""

    median: float
    least: float
    most: float
    digits: int = 1

    @classmethod
    def of(cls, values: list[float], *, digits: int = 1) -> Self:
        return cls(median(values), min(values), max(values), digits)

    def median_only(self) -> float:
        return round(self.median, self.digits)

    def __str__(self) -> str:
        middle, least, most = (
            f"{value:.{self.digits}f}" for value in (self.median, self.least, self.most)
        )
        return middle if least == most else f"{middle} ({least}-{most})"


Cell = Spread | float | int | str | None


@dataclass
class Table:
    """One table of one part of the bench."""

    part: str
    title: str
    columns: list[str]
    rows: list[list[Cell]] = field(default_factory=list)

    def add(self, *cells: Cell) -> None:
        self.rows.append(list(cells))


def percentile(values: list[float], percent: float) -> float:
    """Return the smallest value that ``percent`` of all values do not exceed."""
    return sorted(values)[max(ceil(len(values) * percent / 100) - 1, 0)]


def show(tables: list[Table], console: Console) -> None:
    """Print the tables, never cut: columns that do not fit are broken over lines."""
    for table in tables:
        shown = rich.table.Table(title=f"({table.part}) {table.title}", title_justify="left")
        for number, column in enumerate(table.columns):
            shown.add_column(column, justify="right" if number else "left")
        for row in table.rows:
            shown.add_row(*("-" if cell is None else str(cell) for cell in row))
        console.print(shown)


def write(tables: list[Table], path: Path, about: dict[str, object]) -> None:
    """Write the tables, and what they were measured on, as JSON."""
    content = {"about": about, "tables": [asdict(table) for table in tables]}
    path.write_text(json.dumps(content, indent=2) + "\n")
