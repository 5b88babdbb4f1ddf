import hashlib
import re

import pytest

from core.tokens import generate_token, parse_token


def test_a_generated_token_can_be_parsed() -> None:
    token = generate_token()
    _, key, secret, _ = token.split("_")

    parsed = parse_token(token)

    assert parsed is not None
    assert parsed.key == key
    assert parsed.digest == hashlib.sha256(secret.encode()).hexdigest()


def test_a_token_has_the_form_that_scanners_look_for() -> None:
    shape = re.compile(r"sch_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}")

    assert all(shape.fullmatch(generate_token()) for _ in range(100))


def test_two_tokens_share_nothing() -> None:
    one, other = generate_token().split("_"), generate_token().split("_")

    assert all(a != b for a, b in zip(one[1:], other[1:], strict=True))


def test_a_token_with_any_one_character_changed_is_refused() -> None:
    token = generate_token()

    for place, character in enumerate(token):
        other = "x" if character != "x" else "y"
        assert parse_token(token[:place] + other + token[place + 1 :]) is None, place


DAMAGES = {
    "nothing": lambda token: "",
    "underscore": lambda token: "_",
    "cut": lambda token: token[:-1],
    "longer": lambda token: token + "0",
    "upper case": lambda token: token.upper(),
    "space before": lambda token: " " + token,
    "line break after": lambda token: token + "\n",
    "dashes": lambda token: token.replace("_", "-"),
    "no prefix": lambda token: token.removeprefix("sch_"),
    "other prefix": lambda token: "abc" + token[3:],
    "no checksum": lambda token: "_".join(token.split("_")[:3]),
    "twice": lambda token: token + "_" + token,
    "not ASCII": lambda token: "sch_" + "é" * 8 + token[12:],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_not_a_token_is_refused(damage: str) -> None:
    assert parse_token(DAMAGES[damage](generate_token())) is None
