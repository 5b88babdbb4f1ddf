"""Paths into the output of an upstream job."""

from typing import Any

import pytest

from jobs.output_paths import InvalidPath, NothingThere, parse_path, take

OUTPUT = {"rows": [{"name": "Ada"}, {"name": None}], "7": "seven", "count": 2, "empty": {}}


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("", ()),
        ("$", ()),
        ("rows", ("rows",)),
        ("$.rows", ("rows",)),
        ("rows.0.name", ("rows", "0", "name")),
        ("a b.ü-1", ("a b", "ü-1")),
        ("$rows", ("$rows",)),
    ],
)
def test_a_path_is_its_steps(text: str, steps: tuple[str, ...]) -> None:
    assert parse_path(text) == steps


@pytest.mark.parametrize("text", [".", "a.", ".a", "a..b", "$.", " a", "a. b", "a.\tb", " "])
def test_an_empty_step_is_refused(text: str) -> None:
    with pytest.raises(InvalidPath, match=r"write it as rows\.0\.name, or \$ for the whole"):
        parse_path(text)


@pytest.mark.parametrize("text", ["rows[0]", "rows.[0]", "a]"])
def test_brackets_are_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(InvalidPath, match=r"has brackets; write an index as rows\.0\."):
        parse_path(text)


def test_a_path_has_a_longest_length() -> None:
    assert parse_path("a" * 500) == ("a" * 500,)
    with pytest.raises(InvalidPath, match="at most 500 characters"):
        parse_path("a" * 501)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", OUTPUT),
        ("rows.0.name", "Ada"),
        ("rows.1.name", None),
        ("7", "seven"),
        ("rows.1", {"name": None}),
        ("empty", {}),
    ],
)
def test_what_lies_at_a_path_is_taken(path: str, value: Any) -> None:
    assert take(OUTPUT, parse_path(path)) == value


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("total", "There is no 'total' in the output: it has 'rows', '7', 'count', 'empty'."),
        ("empty.x", "There is no 'x' in empty: it has nothing."),
        ("rows.0.age", "There is no 'age' in rows.0: it has 'name'."),
        ("rows.2", "There is no 2 in rows: it is a list of 2."),
        ("rows.first", "rows is a list, and 'first' is no index of one."),
        ("rows.-1", "rows is a list, and '-1' is no index of one."),
        ("rows.01", "rows is a list, and '01' is no index of one."),
        ("rows.٣", "rows is a list, and '٣' is no index of one."),
        ("count.x", "There is no 'x' in count: it is a number."),
        ("7.0", "There is no '0' in 7: it is a text."),
        ("rows.1.name.x", "There is no 'x' in rows.1.name: it is null."),
    ],
)
def test_what_is_missing_is_named(path: str, said: str) -> None:
    with pytest.raises(NothingThere) as missing:
        take(OUTPUT, parse_path(path))
    assert str(missing.value) == said


def test_no_output_has_nothing_but_itself() -> None:
    assert take(None, ()) is None
    with pytest.raises(NothingThere, match="There is no 'rows' in the output: it is null"):
        take(None, ("rows",))
    with pytest.raises(NothingThere, match="it is a boolean"):
        take(True, ("rows",))


def test_a_long_index_and_a_wide_object_make_no_long_message() -> None:
    with pytest.raises(NothingThere, match=f"'{'9' * 60}' is no index"):
        take([1], ("9" * 5_000,))
    with pytest.raises(NothingThere, match=r"it has '0', .*'9', …\.$"):
        take({str(number): 0 for number in range(1_000)}, ("x",))


def test_every_part_of_an_output_has_a_path() -> None:
    output = {"a b": [[1, {"ü": [None]}], []], "0": {"1": ["x"]}}
    waiting: list[tuple[tuple[str, ...], Any]] = [((), output)]
    seen = 0
    while waiting:
        path, value = waiting.pop()
        seen += 1
        assert take(output, parse_path(".".join(path))) == value
        if isinstance(value, dict):
            waiting += [((*path, key), inner) for key, inner in value.items()]
        if isinstance(value, list):
            waiting += [((*path, str(number)), inner) for number, inner in enumerate(value)]
    assert seen == 11
