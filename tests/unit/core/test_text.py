import json

import pytest

from core.text import MAX_JSON_BYTES, NotStorable, clean, strict_json


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain", "plain"),
        ("", ""),
        ("line\nbreak\ttab", "line\nbreak\ttab"),
        ("é 漢 😀", "é 漢 😀"),
        ("a\x00b", "a\ufffdb"),
        ("a\ud800b", "a?b"),
        ("\udfff", "?"),
    ],
)
def test_clean_replaces_only_what_postgresql_refuses(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (9, "x" * 9),
        (10, "x" * 10),
        (11, "x" * 10 + "… (1 more characters)"),
        (25, "x" * 10 + "… (15 more characters)"),
    ],
)
def test_clean_cuts_at_the_limit_and_says_how_much_is_missing(length: int, expected: str) -> None:
    assert clean("x" * length, limit=10) == expected


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -1.5, "", "é 😀", [], {}, {"a": [1, {"b": None}]}, "a\nb\\c", r"\u0000"],
)
def test_json_comes_back_as_it_went(value: object) -> None:
    assert json.loads(strict_json(value, what="it")) == value


def _circle() -> list[object]:
    circle: list[object] = []
    circle.append(circle)
    return circle


def _deep() -> list[object]:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    return deep


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (float("nan"), "not strict JSON"),
        (float("inf"), "not strict JSON"),
        ({"deep": [float("-inf")]}, "not strict JSON"),
        ({1, 2}, "set is not JSON serializable"),
        (b"bytes", "bytes is not JSON serializable"),
        ({(1, 2): 3}, "keys must be"),
        (_circle(), "Circular reference"),
        ("a\x00b", "NUL"),
        ({"a\x00b": 1}, "NUL"),
        ("\\\x00", "NUL"),
        ("\ud800", "not valid Unicode"),
    ],
)
def test_what_jsonb_refuses_is_refused_with_the_reason(value: object, says: str) -> None:
    with pytest.raises(NotStorable, match=says) as refusal:
        strict_json(value, what="The report")
    assert str(refusal.value).startswith("The report ")


def test_json_nested_too_deep_is_refused() -> None:
    with pytest.raises(NotStorable, match="not strict JSON"):
        strict_json(_deep(), what="it")


@pytest.mark.parametrize(
    ("text", "is_kept"),
    [
        ("x" * (MAX_JSON_BYTES - 2), True),
        ("x" * (MAX_JSON_BYTES - 1), False),
        ("é" * (MAX_JSON_BYTES // 2 - 1), True),
        ("é" * (MAX_JSON_BYTES // 2), False),
    ],
    ids=["ascii-at", "ascii-above", "two-byte-at", "two-byte-above"],
)
def test_size_is_counted_in_bytes_with_the_quotes(text: str, is_kept: bool) -> None:
    if is_kept:
        assert len(strict_json(text, what="it").encode()) == MAX_JSON_BYTES
    else:
        with pytest.raises(NotStorable, match="at most 1,048,576"):
            strict_json(text, what="it")
