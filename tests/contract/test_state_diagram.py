"""The picture in docs/architecture.md and the table in the code are one state machine."""

import re
from pathlib import Path

from executions.states import ALLOWED_MOVES, FINAL

PAGE = Path("docs/architecture.md").read_text()


def drawn_moves() -> list[tuple[str, str]]:
    (picture,) = re.findall(r"```mermaid\nstateDiagram-v2\n(.*?)```", PAGE, re.DOTALL)
    arrow = re.compile(r"(\S+) --> ([^\s:]+)(?:: .+)?")
    matches = [arrow.fullmatch(line.strip()) for line in picture.splitlines()]
    assert all(matches), picture
    return [(match[1], match[2]) for match in matches if match]


def test_the_picture_draws_every_allowed_move_and_no_other() -> None:
    allowed = {(before, after) for before, moves in ALLOWED_MOVES.items() for after in moves}

    assert {move for move in drawn_moves() if "[*]" not in move} == allowed


def test_the_picture_ends_in_the_final_states_and_begins_as_executions_open() -> None:
    moves = drawn_moves()

    assert {before for before, after in moves if after == "[*]"} == set(FINAL)
    assert {after for before, after in moves if before == "[*]"} == {
        "scheduled",
        "waiting",
        "skipped",
    }


def test_no_arrow_is_drawn_twice() -> None:
    moves = drawn_moves()

    assert len(moves) == len(set(moves))
