"""Names and error texts of others are shown, not obeyed."""

import io
import json

import pytest

from core.terminal import as_json_text, make_console, make_table

FOREIGN = "evil\x1b]0;pwn\x07\x9b31m\x7f name"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_would_command_the_terminal_becomes_visible_in_tables_and_lines() -> None:
    terminal = Terminal()
    console = make_console(terminal, no_color=True)
    table = make_table("name")
    table.add_row(FOREIGN)

    console.print(table)
    console.print(FOREIGN)

    shown = terminal.getvalue()
    assert shown.count("evil\u241b]0;pwn") == 2
    for ours in ("\x1b[1m", "\x1b[0m"):  # the head of the table is bold
        shown = shown.replace(ours, "")
    assert shown.replace("\n", "").isprintable()


def test_colours_of_our_own_still_come_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()

    make_console(terminal).print("failed", style="red")

    assert "\x1b[31mfailed\x1b[0m" in terminal.getvalue()


def test_json_says_the_same_without_characters_that_some_terminals_obey() -> None:
    text = as_json_text(json.dumps({"name": FOREIGN}, ensure_ascii=False))

    assert json.loads(text) == {"name": FOREIGN}
    assert text.isprintable()
