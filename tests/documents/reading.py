"""The examples of a document: its fenced blocks, and what their words ask of the test.

- ``bash``: run, in one shell for the whole document, and has to succeed
- ``bash service``: started in the background and kept until the document ends
- ``bash elsewhere=PATH``: run by that test, which exists
- ``python file=NAME``: the file NAME; workers that are running are started anew with it
- ``text``: what the ``bash`` block before it prints; ``…`` stands for anything
"""

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^ *```(?P<words>[^\n`]+)\n(?P<text>.*?)^ *```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Example:
    """One fenced block; ``prints`` is the text block that follows a shell block."""

    place: str  # "README.md:12"
    language: str
    words: tuple[str, ...]
    text: str
    prints: str | None = None

    def word(self, name: str) -> str | None:
        """Return what stands after ``name=``."""
        return next((w.partition("=")[2] for w in self.words if w.startswith(f"{name}=")), None)


def read_examples(page: Path) -> list[Example]:
    """Return the blocks of a page that can be run, in order."""
    source = page.read_text()
    examples: list[Example] = []
    end = 0
    for match in _FENCE.finditer(source):
        language, *words = match["words"].split()
        place = f"{page.name}:{source.count(chr(10), 0, match.start()) + 1}"
        if language == "text" and examples and not source[end : match.start()].strip():
            before = examples.pop()
            examples.append(
                Example(before.place, before.language, before.words, before.text, match["text"])
            )
        elif language in ("bash", "python"):
            examples.append(Example(place, language, tuple(words), match["text"]))
        end = match.end()
    return examples


def matches(printed: str, expected: str) -> bool:
    """Whether a text reads as announced; a line of ``…`` alone stands for any number of lines."""
    pattern = []
    for line in expected.rstrip().splitlines():
        if line.strip() == "…":
            pattern.append(r"(?:.*\n)*?")
        else:
            # Columns are as wide as their content, so any run of spaces is like any other.
            parts = [re.escape(part) for part in re.split(r"\s+", line.strip())]
            said = r"[^\S\n]+".join(parts).replace(re.escape("…"), ".*")
            pattern.append(rf"[^\S\n]*{said}[^\S\n]*\n")
    return re.fullmatch("".join(pattern), printed.rstrip() + "\n") is not None
