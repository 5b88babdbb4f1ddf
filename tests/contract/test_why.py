"""docs/why.md has every cause there is."""

import re
from pathlib import Path

from executions.waits import Code

PAGE = Path("docs/why.md").read_text()


def test_the_page_has_every_cause_in_the_words_of_the_code() -> None:
    table = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE, re.MULTILINE))
    assert {code.value: code.meaning for code in Code}.items() <= table.items()
    assert set(table) - {code.value for code in Code} == {"summary"}
