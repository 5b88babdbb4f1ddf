"""The colours of rows in a terminal, by what state the row is in."""

_STYLES = {
    "succeeded": "green",
    "failed": "red",
    "timed_out": "yellow",
    "retrying": "yellow",
    "running": "blue",
    "paused": "yellow",
    "not served": "red",
    "silent": "red",
    "disabled": "dim",
    "archived": "dim",
    "draft": "dim",
    "stopped": "dim",
    "ended": "dim",
    "completed": "dim",
    "stuck": "red",
    "ends soon": "yellow",
}


def style_of(state: str) -> str | None:
    """Return the style of a row in this state; None where it stands for nothing special."""
    return _STYLES.get(state)
