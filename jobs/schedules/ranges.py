"""Whole numbers of a rule's fields, held against what they may be."""

from jobs.schedules.errors import InvalidRule


def positive(value: int, *, field: str, highest: int) -> int:
    """The value, if it is 1 to ``highest``; raise ``InvalidRule`` otherwise."""
    if type(value) is not int or not 1 <= value <= highest:
        raise _out_of_range(value, field, f"a whole number from 1 to {highest}")
    return value


def from_either_end(value: int, *, field: str, highest: int) -> int:
    """The value, if it is 1 to ``highest`` or -1 (the last) to ``-highest``."""
    if type(value) is not int or not 1 <= abs(value) <= highest:
        raise _out_of_range(value, field, f"1 to {highest}, or -1 (the last) to -{highest}")
    return value


def forth_or_back(value: int, *, field: str, highest: int) -> int:
    """The value, if it is from ``-highest`` to ``highest``."""
    if type(value) is not int or abs(value) > highest:
        raise _out_of_range(value, field, f"a whole number from -{highest} to {highest}")
    return value


def _out_of_range(value: object, field: str, allowed: str) -> InvalidRule:
    return InvalidRule.single(field, "out_of_range", f"{value!r} is not {allowed}")
