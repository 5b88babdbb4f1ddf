"""Backfills in a terminal: their slots, how far they are, and what a bar shows of that."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from core.terminal import make_table
from core.times import show_time
from executions.backfills import LEFT_OUT, Progress, Range, progress_of
from executions.management.colours import style_of
from executions.models import Backfill

_MOST_SHOWN = 200
_LOOK_SECONDS = 0.5


def show_slots(found: Range) -> RenderableType:
    """The slots of a range, and in a line how many would be opened."""
    table = make_table("slot (UTC)", "business date", "left out")
    for slot in found.slots[:_MOST_SHOWN]:
        left_out = "" if slot.left_out is None else LEFT_OUT[slot.left_out]
        style = None if slot.left_out is None else "dim"
        table.add_row(_utc(slot.at), f"{slot.business_date}", left_out, style=style)
    hidden = len(found.slots) - _MOST_SHOWN
    rest = [Text(f"… and {hidden:,} more")] if hidden > 0 else []
    problem = [Text(f"Here it ends: {found.problem}.", style="red")] if found.problem else []
    return Group(table, *rest, *problem, Text(count_slots(found)))


def count_slots(found: Range) -> str:
    """Such as "24 slots to run; left out: 3 ran, 1 excluded"."""
    count = len(found.opened)
    left_out: Counter[Any] = found.left_out
    said = ", ".join(f"{number:,} {why}" for why, number in left_out.most_common())
    return f"{count:,} slot{'s' * (count != 1)} to run" + (f"; left out: {said}" if said else "")


def show_backfills(rows: Sequence[Backfill]) -> Table:
    """A line for each, with how far it is."""
    table = make_table("id", "job", "from (UTC)", "until (UTC)", "state", "over", "of", "failed")
    progress = progress_of(rows)
    for row in rows:
        own = progress[row.pk]
        table.add_row(
            *(str(row.pk), row.job.name, _utc(row.from_at), _utc(row.until_at), own.state),
            *(f"{own.finished:,}", f"{own.total:,}", f"{own.failed:,}"),
            style=style_of(own.state),
        )
    return table


def follow_backfill(backfill: Backfill) -> Iterator[Progress]:
    """Yield how far it is, first at once, then whenever that has changed, until it is over."""
    shown = None
    while True:
        backfill.refresh_from_db(fields=["cancelled_at"])
        progress = progress_of([backfill])[backfill.pk]
        if progress != shown:
            shown = progress
            yield progress
        if progress.is_over:
            return
        time.sleep(_LOOK_SECONDS)


def draw_progress(backfill: Backfill, console: Console) -> Progress:
    """Draw a bar until it is over, or in a pipe print a line for each change; return the last."""
    if not console.is_terminal:
        for progress in follow_backfill(backfill):
            console.print(_words(progress))
        return progress
    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bar(*columns, console=console) as bar:
        task = bar.add_task("", total=None)
        for progress in follow_backfill(backfill):
            total, words = progress.total, _words(progress)
            bar.update(task, total=total, completed=progress.finished, description=words)
    return progress


def _words(progress: Progress) -> str:
    counts = ", ".join(f"{count:,} {status}" for status, count in sorted(progress.counts.items()))
    return f"{progress.finished:,} of {progress.total:,} over: {counts}"


def _utc(moment: Any) -> str:
    return show_time(moment).removesuffix(" UTC")
