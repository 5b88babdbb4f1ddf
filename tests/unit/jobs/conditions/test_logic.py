"""What follows from true, false and errors, and which checks are asked at all."""

from itertools import product

import pytest

from jobs.conditions.logic import Finding, Truth, explain, weigh
from jobs.conditions.terms import (
    AllOf,
    AnyOf,
    Check,
    EnvironmentCheck,
    ExpressionCheck,
    FileCheck,
    HttpCheck,
    Not,
    Term,
)

T, F, E = Truth.TRUE, Truth.FALSE, Truth.ERROR
NAMED = {"t": T, "f": F, "e": E}


def local(name: str) -> Check:
    return EnvironmentCheck(name, ("DEV",))


def outside(name: str) -> Check:
    return FileCheck(name, "/x")


def judge(check: Check) -> Finding:
    """The first letter of a check's place says what comes of it."""
    return Finding(check, NAMED[check.path[0]], f"why {check.path}")


def asked(term: Term) -> list[str]:
    return [finding.check.path for finding in weigh(term, judge)[1]]


def expected(values: tuple[str, ...], decisive: Truth, otherwise: Truth) -> Truth:
    truths = [NAMED[value] for value in values]
    if decisive in truths:
        return decisive
    return E if E in truths else otherwise


@pytest.mark.parametrize("values", [v for n in (1, 2, 3) for v in product("tfe", repeat=n)])
@pytest.mark.parametrize("make", [local, outside])
def test_groups_follow_the_logic_of_three_values(values: tuple[str, ...], make: object) -> None:
    terms = tuple(map(make, values))  # type: ignore[call-overload]

    assert weigh(AllOf(terms), judge)[0] is expected(values, F, T)
    assert weigh(AnyOf(terms), judge)[0] is expected(values, T, F)
    # De Morgan
    negated = AnyOf(tuple(Not(term) for term in terms))
    assert weigh(Not(AllOf(terms)), judge)[0] is weigh(negated, judge)[0]


def test_nothing_more_is_asked_once_a_group_is_decided() -> None:
    assert asked(AllOf((local("t1"), local("f2"), local("t3")))) == ["t1", "f2"]
    assert asked(AnyOf((local("f1"), local("t2"), local("f3")))) == ["f1", "t2"]


def test_an_error_does_not_keep_the_others_from_deciding() -> None:
    assert weigh(AllOf((local("e1"), local("f2"))), judge)[0] is F
    assert weigh(AnyOf((local("e1"), local("t2"))), judge)[0] is T


def test_what_reaches_outside_is_asked_last_the_expression_before_it() -> None:
    term = AllOf(
        (
            HttpCheck("t1", "http://x", (200,), 5),
            Not(AnyOf((outside("f2"), local("f3")))),
            local("t4"),
            ExpressionCheck("t5", "true"),
        )
    )

    assert asked(term) == ["t4", "t5", "t1", "f3", "f2"]
    assert asked(AllOf((outside("t1"), local("f2")))) == ["f2"]


def test_the_explanation_names_what_decided() -> None:
    truth, findings = weigh(AllOf((local("t1"), local("f2"))), judge)
    assert explain(truth, findings) == "The condition does not hold: f2: why f2."

    truth, findings = weigh(AllOf((local("t1"), local("e2"))), judge)
    assert explain(truth, findings) == "The condition could not be evaluated: e2: why e2."

    truth, findings = weigh(Not(local("t1")), judge)
    assert explain(truth, findings) == "The condition does not hold: t1: why t1."

    truth, findings = weigh(AnyOf(tuple(local(f"f{n}") for n in range(5))), judge)
    assert explain(truth, findings).endswith("f2: why f2; and 2 more.")
    assert explain(T, []) == "The condition holds."
