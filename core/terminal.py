"""Tables and coloured lines, in a terminal or a pipe."""

import re
from collections.abc import Iterable
from shutil import get_terminal_size
from typing import Any, cast

from rich.console import Console
from rich.segment import Segment
from rich.table import Table

_PIPE_WIDTH = 1_000  # whoever reads a pipe wants whole lines
_LEAST_WIDTH = 140  # below, a terminal breaks lines itself, which reads better than narrow cells

# What would move the cursor, rename the window or end the line: names and error texts are foreign.
_CONTROLS = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"}
_CONTROLS |= dict.fromkeys(range(0x7F, 0xA0), "\N{REPLACEMENT CHARACTER}")


class _PlainConsole(Console):
    """Colours what it is told to; characters that would command the terminal become visible."""

    def _render_buffer(self, buffer: Iterable[Segment]) -> str:
        return super()._render_buffer(
            segment if segment.control else segment._replace(text=visible(segment.text))
            for segment in buffer
        )


def visible(text: str) -> str:
    """Return the text with a sign in place of each character that a terminal would obey."""
    return text.translate(_CONTROLS)


def as_json_text(document: str) -> str:
    """Return JSON with the characters escaped that JSON allows and some terminals obey."""
    return re.sub("[\x7f-\x9f]", lambda found: f"\\u{ord(found[0]):04x}", document)


def make_console(stream: Any, *, no_color: bool = False) -> Console:
    """Return a console on ``stream``; plain and wide in a pipe. Obeys ``NO_COLOR``."""
    is_terminal = bool(getattr(stream, "isatty", lambda: False)())
    return _PlainConsole(
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
