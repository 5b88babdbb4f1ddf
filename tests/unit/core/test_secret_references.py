"""Where secrets may be kept, how they are read, and that they do not show."""

import json
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from core.masking import HIDDEN
from core.secret_references import Mask, SecretMissing, check, check_reference, resolve

TOKEN = "a-token-that-nobody-may-see"


@pytest.fixture
def _folder(settings: Settings, tmp_path: Path) -> None:
    settings.SCHEDULER_SECRETS_DIR = str(tmp_path / "secrets")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "api-token").write_text(f"{TOKEN}\n")
    (tmp_path / "outside").write_text(TOKEN)
    (tmp_path / "secrets" / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "secrets" / "large").write_text("x" * 65_537)
    (tmp_path / "secrets" / "empty").write_text("\n")
    (tmp_path / "secrets" / "folder").mkdir()


@pytest.mark.parametrize(
    "value",
    [
        *("text", ""),
        *({"secret": "env:JOBSECRET_A1"}, {"secret": "file:api-token.txt"}),
        {"secret": "env:JOBSECRET_A", "prefix": "Bearer "},
    ],
    ids=str,
)
def test_text_and_references_are_taken(value: Any) -> None:
    assert check(value) is None


@pytest.mark.parametrize(
    "value",
    [
        *(None, 1, True, [], {}, {"secret": None}, {"secret": ""}, {"secret": "JOBSECRET_A"}),
        *({"secret": f"env:{name}"} for name in ("", "PATH", "SECRET_KEY", "JOBSECRET_", "x")),
        *({"secret": f"env:{name}"} for name in ("JOBSECRET_a", "JOBSECRET_A\n")),
        *({"secret": f"file:{name}"} for name in ("", "..", ".", "../x", "/etc/passwd", "a/b")),
        *({"secret": f"file:{name}"} for name in (".hidden", "a\x00b", "a\n")),
        *({"secret": "vault:x"}, {"secret": "env:JOBSECRET_A", "more": 1}),
        {"secret": "env:JOBSECRET_A", "prefix": 1},
    ],
    ids=repr,
)
def test_anything_else_is_refused_with_what_to_write(value: Any) -> None:
    assert check_reference(value)
    problem = check(value)
    assert problem is not None
    assert "JOBSECRET_NAME" in problem or "prefix" in problem
    with pytest.raises(SecretMissing):
        resolve(value)


def test_a_plain_text_is_no_reference() -> None:
    problem = check_reference("redis://:password@host/0")

    assert problem is not None
    assert "password" not in problem


def test_a_variable_of_the_worker_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBSECRET_TOKEN", TOKEN)

    assert resolve({"secret": "env:JOBSECRET_TOKEN"}) == TOKEN
    assert resolve({"secret": "env:JOBSECRET_TOKEN", "prefix": "Bearer "}) == f"Bearer {TOKEN}"
    assert resolve("plain") == "plain"


@pytest.mark.usefixtures("_folder")
def test_a_file_of_the_folder_is_read_without_its_last_line_break() -> None:
    assert resolve({"secret": "file:api-token"}) == TOKEN


@pytest.mark.usefixtures("_folder")
@pytest.mark.parametrize("name", ["absent", "link", "large", "empty", "folder"])
def test_what_is_no_secret_of_the_folder_is_missing(name: str) -> None:
    with pytest.raises(SecretMissing, match=rf"file:{name} is not there.*SCHEDULER_SECRETS_DIR"):
        resolve({"secret": f"file:{name}"})


def test_without_a_folder_no_file_is_read(settings: Settings) -> None:
    settings.SCHEDULER_SECRETS_DIR = ""

    with pytest.raises(SecretMissing, match="SCHEDULER_SECRETS_DIR"):
        resolve({"secret": "file:requirements.txt"})


def test_a_variable_that_is_not_set_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBSECRET_EMPTY", "")
    for name in ("JOBSECRET_ABSENT", "JOBSECRET_EMPTY"):
        with pytest.raises(SecretMissing, match=f"set the variable {name} of the worker"):
            resolve({"secret": f"env:{name}"})


# --- Hiding


@pytest.fixture
def mask(monkeypatch: pytest.MonkeyPatch) -> Mask:
    monkeypatch.setenv("JOBSECRET_TOKEN", TOKEN)
    mask = Mask()
    mask.resolve({"secret": "env:JOBSECRET_TOKEN", "prefix": "Bearer "})
    return mask


def test_what_was_read_is_hidden_wherever_it_stands(mask: Mask) -> None:
    said = mask.hide(f"Authorization: Bearer {TOKEN}; again: {TOKEN}.")

    assert said == f"Authorization: Bearer {HIDDEN}; again: {HIDDEN}."


def test_a_plain_text_is_not_hidden(mask: Mask) -> None:
    assert mask.resolve("reports") == "reports"
    assert mask.hide("the reports") == "the reports"


def test_each_line_of_a_secret_is_hidden_and_so_is_how_json_writes_it() -> None:
    mask = Mask()
    mask.add('first "line"\nsecond line')

    assert mask.hide('x first "line" y') == f"x {HIDDEN} y"
    assert mask.hide(json.dumps({"a": 'first "line"\nsecond line'})) == f'{{"a": "{HIDDEN}"}}'
    assert mask.hide("second line") == HIDDEN


def test_a_secret_in_json_is_hidden_whether_letters_are_escaped_or_not() -> None:
    mask = Mask()
    mask.add('ümlaut "quoted"')

    for is_ascii in (True, False):
        written = json.dumps({"a": 'ümlaut "quoted"'}, ensure_ascii=is_ascii)
        assert mask.hide(written) == f'{{"a": "{HIDDEN}"}}'


@pytest.mark.parametrize(
    ("url", "hidden"),
    [
        ("redis://:p%23ssword@host/0", ["p%23ssword", "p#ssword"]),
        ("amqp://robot:pa#ss/word@host/0", ["pa#ss/word"]),
        ("amqp://a:first@one/;amqp://a:second@two/", ["first", "second"]),
    ],
)
def test_the_password_of_an_address_is_hidden_also_by_itself(
    monkeypatch: pytest.MonkeyPatch, url: str, hidden: list[str]
) -> None:
    monkeypatch.setenv("JOBSECRET_URL", url)
    mask = Mask()

    assert mask.resolve({"secret": "env:JOBSECRET_URL"}) == url
    for password in hidden:
        assert mask.hide(f"it is {password}.") == f"it is {HIDDEN}."


def test_a_secret_within_a_longer_one_leaves_nothing_of_it() -> None:
    mask = Mask()
    mask.add("abcd")
    mask.add("abcdefgh")

    assert mask.hide("abcdefgh abcd") == f"{HIDDEN} {HIDDEN}"


def test_a_secret_too_short_to_be_one_does_not_blot_out_the_rest() -> None:
    mask = Mask()
    mask.add("a")

    assert mask.hide("a banana") == "a banana"


def test_json_stays_json_without_the_secret() -> None:
    mask = Mask()
    mask.add("12345")
    mask.add('a "quoted" word')

    said = mask.hide_in_json('{"12345":[12345,1234,"x 12345",null,true,"a \\"quoted\\" word"]}')

    expected = {HIDDEN: [HIDDEN, 1234, f"x {HIDDEN}", None, True, HIDDEN]}
    assert json.loads(said) == expected
    assert mask.hide_in_json('{"a": 1}') == '{"a": 1}'
