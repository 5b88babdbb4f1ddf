"""Tables and coloured lines, in a terminal or a pipe."""

from shutil import get_terminal_size
from typing import Any, cast

from rich.console import Console
from rich.table import Table

_PIPE_WIDTH = 1_000  # whoever reads a pipe wants whole lines
_LEAST_WIDTH = 140  # below, a terminal breaks lines itself, which reads better than narrow cells


def make_console(stream: Any, *, no_color: bool = False) -> Console:
    """Return a console on ``stream``; plain and wide in a pipe. Obeys ``NO_COLOR``."""
    is_terminal = bool(getattr(stream, "isatty", lambda: False)())
    return Console(
        file=cast(Any, stream),
        force_terminal=is_terminal,
        width=max(_LEAST_WIDTH, get_terminal_size().columns) if is_terminal else _PIPE_WIDTH,
        no_color=no_color or None,
        markup=False,
        highlight=False,
        emoji=False,
        soft_wrap=True,
    )


def make_table(*columns: str) -> Table:
    """Return a table without lines, which reads well and cuts well."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column == "id")
    return table
