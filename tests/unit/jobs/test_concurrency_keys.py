"""The key of an execution: a template over its parameters that never fails."""

from random import Random
from typing import Any

import pytest

from jobs.concurrency_keys import LONGEST_KEY, concurrency_key, problems_of_template


@pytest.mark.parametrize(
    ("template", "parameters", "key"),
    [
        ("customer:{customer_id}", {"customer_id": 42}, "customer:42"),
        (
            "{region}/{order.customer.id}",
            {"region": "EU", "order": {"customer": {"id": "7"}}},
            "EU/7",
        ),
        ("{a}{a}", {"a": "x"}, "xx"),
        ("{größe-1}", {"größe-1": "L"}, "L"),
        ("is:{flag}", {"flag": True}, "is:true"),
        ("of:{list}", {"list": [1, {"b": 2, "a": None}]}, 'of:[1,{"a":null,"b":2}]'),
    ],
)
def test_a_key_holds_the_values_that_its_template_names(
    template: str, parameters: dict[str, Any], key: str
) -> None:
    assert problems_of_template(template) is None
    assert concurrency_key(template, parameters) == key


def test_a_job_without_a_template_has_no_keys() -> None:
    assert concurrency_key("", {"customer_id": 42}) is None
    assert problems_of_template("") is None


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"order": None},
        {"order": {}},
        {"order": {"id": None}},
        {"order": "text"},
        {"order": [1]},
    ],
)
def test_what_is_not_there_is_a_dash_and_no_error(parameters: dict[str, Any]) -> None:
    assert concurrency_key("order:{order.id}", parameters) == "order:-"


def test_a_long_key_is_cut_and_still_told_from_its_like() -> None:
    keys = [concurrency_key("{a}", {"a": "x" * 5_000 + end}) for end in ("1", "2", "1")]

    assert keys[0] == keys[2] != keys[1]
    assert {len(str(key)) for key in keys} == {LONGEST_KEY}
    assert concurrency_key("{a}", {"a": "y" * LONGEST_KEY}) == "y" * LONGEST_KEY


def any_value(random: Random, depth: int = 3) -> Any:
    kind = random.randrange(8 if depth else 6)
    if kind < 6:
        return random.choice([None, True, -1, 1e300, "", "\ud800\x00{a}", "é" * 300, "x"])
    inner = [any_value(random, depth - 1) for _ in range(random.randrange(3))]
    return inner if kind == 6 else dict(zip("bc", inner, strict=False))


@pytest.mark.parametrize("seed", range(200))
def test_whatever_the_parameters_there_is_a_key_that_can_be_stored(seed: int) -> None:
    random = Random(seed)  # noqa: S311
    parameters = {name: any_value(random) for name in random.sample(["a", "b", "c"], 2)}

    key = concurrency_key("k:{a}:{a.b}:{b.c.b}", parameters)

    assert key is not None
    assert len(key) <= LONGEST_KEY
    assert "\x00" not in key
    key.encode()


@pytest.mark.parametrize(
    "template",
    [
        "{",
        "}",
        "{}",
        "customer:{customer id}",
        "{a!r}",
        "{a:>3}",
        "{a[0]}",
        "{{a}}",
        "{a.}",
        "{.a}",
    ],
)
def test_a_template_with_other_braces_is_refused_with_the_fix(template: str) -> None:
    assert "customer:{customer_id}" in str(problems_of_template(template))


def test_a_template_that_names_no_parameter_is_refused_with_the_fix() -> None:
    assert "names no parameter" in str(problems_of_template("customer"))
