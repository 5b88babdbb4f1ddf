"""Fields of the contract: enumerations by number or name, bit flags, UTC times, JSON objects."""

from collections.abc import Collection, Mapping
from datetime import UTC, time
from enum import IntEnum
from typing import Any

from rest_framework import serializers

from core.text import NotStorable, strict_json


def _key(name: str) -> str:
    """Return what ``ExponentialWithJitter`` and ``exponential_with_jitter`` have in common."""
    return "".join(character for character in name.casefold() if character.isalnum())


class WireChoiceField(serializers.Field[str, Any, str, Any]):
    """One of an enumeration: the contract's number or a name in any case in, snake_case out.

    ``numbers`` is the whole enumeration of the contract, ``available`` what may be chosen today.
    """

    default_error_messages = {
        "invalid_choice": "{given} is not one of {names}.",
        "not_available": "{given} is not available yet; use one of {names}.",
    }

    def __init__(
        self, numbers: Mapping[int, str], available: Collection[str] | None = None, **kwargs: Any
    ) -> None:
        self.numbers = numbers
        self.available = list(numbers.values() if available is None else available)
        self._by_key = {_key(name): name for name in numbers.values()}
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        name = self._find(data)
        if name not in self.available:
            self.fail(
                "invalid_choice" if name is None else "not_available",
                given=repr(data)[:60] if name is None else name,
                names=", ".join(self.available),
            )
        return name

    def _find(self, data: Any) -> str | None:
        if isinstance(data, str):
            is_number = data.isascii() and data.isdigit() and len(data) < 4
            return self.numbers.get(int(data)) if is_number else self._by_key.get(_key(data))
        is_number = isinstance(data, int) and not isinstance(data, bool)
        return self.numbers.get(data) if is_number else None

    def to_representation(self, value: str) -> str:
        return str(value)


class FlagsField(serializers.Field[int, Any, int, Any]):
    """Bit flags: their sum, a name, or a list of names in; the sum out."""

    default_error_messages = {
        "invalid_flags": "{given} is not a sum or a list of {names}.",
        "no_flags": "Choose at least one of {names}.",
    }

    def __init__(self, flags: type[IntEnum], **kwargs: Any) -> None:
        self.flags = flags
        self._names = ", ".join(f"{flag.value} {str(flag.name).lower()}" for flag in flags)
        self._by_key: dict[str, int] = {_key(str(flag.name)): flag.value for flag in flags}
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        total = 0
        for part in self._parts(data):
            bits = self._by_key.get(_key(part), -1) if isinstance(part, str) else part
            is_number = isinstance(bits, int) and not isinstance(bits, bool)
            if not is_number or not 0 <= bits <= sum(self.flags):
                self.fail("invalid_flags", given=repr(part)[:60], names=self._names)
            total |= bits
        if not total:
            self.fail("no_flags", names=self._names)
        return total

    @staticmethod
    def _parts(data: Any) -> list[Any]:
        if isinstance(data, str):
            return [int(p) if p.strip().isdecimal() else p for p in data[:200].split(",")]
        return data if isinstance(data, list) else [data]

    def to_representation(self, value: int) -> int:
        return int(value)


class UtcDateTimeField(serializers.DateTimeField):
    """An instant: written with a Z; read as UTC where the caller gives no offset."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)


class WallTimeField(serializers.TimeField):
    """A time of day on a wall clock, so without an offset: the schedule's zone decides."""

    default_error_messages = {"offset": "Leave the offset out; the schedule's timezone decides."}

    def to_internal_value(self, value: Any) -> time:
        parsed = super().to_internal_value(value)
        if isinstance(value, str) and set(value) & set("+-zZ"):
            self.fail("offset")
        return parsed


class JsonObjectField(serializers.JSONField):
    """A JSON object of at most 1 MiB."""

    default_error_messages = {"not_an_object": "Send a JSON object, such as {{}}."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            self.fail("not_an_object")
        try:
            strict_json(data, what="It")
        except NotStorable as error:
            raise serializers.ValidationError(str(error), "not_storable") from None
        return data
