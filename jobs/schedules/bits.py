"""Small sets of numbers, kept as one integer whose bit ``n`` is set when ``n`` is a member."""

from collections.abc import Iterable


def bitset(numbers: Iterable[int]) -> int:
    """The set of these numbers, each 0 or more."""
    bits = 0
    for number in numbers:
        bits |= 1 << number
    return bits


def lowest(bits: int) -> int:
    """The smallest member; ``bits`` must not be empty."""
    return (bits & -bits).bit_length() - 1


def members(bits: int) -> list[int]:
    """The members in rising order."""
    return [number for number in range(bits.bit_length()) if bits >> number & 1]
