"""The reader of examples does not let a wrong one pass."""

from pathlib import Path

import pytest

from tests.documents.reading import matches, read_examples


@pytest.mark.parametrize(
    ("printed", "expected", "agrees"),
    [
        ("a  b\n", "a b", True),
        ("a b\n", "a b c", False),
        ("id 0199-7\n", "id …", True),
        ("one\ntwo\nthree\n", "one\n…\nthree", True),
        ("one\ntwo\n", "one", False),
        ("one\n", "one\ntwo", False),
        ("done (1 s)\n", "done (2 s)", False),
    ],
)
def test_a_text_agrees_or_not(printed: str, expected: str, agrees: bool) -> None:
    assert matches(printed, expected) is agrees


def test_blocks_are_read_with_their_words_and_what_they_print(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Text\n\n```bash service\nrun\n```\n\n```text\nready\n```\nmore\n```text\nloose\n```\n"
        "```python file=jobs.py\npass\n```\n"
    )

    first, second = read_examples(page)

    assert (first.place, first.words, first.prints) == ("page.md:3", ("service",), "ready\n")
    assert (second.word("file"), second.text) == ("jobs.py", "pass\n")
