"""What fields say of a value that they do not take, in words that tell what to send instead."""

from collections.abc import Mapping
from typing import Any, NoReturn

from django.db.models import QuerySet
from rest_framework import serializers

_SHOWN = 60  # characters of a foreign name
_MOST_NAMED = 10
_WORDS: Mapping[type[Any], Mapping[str, str]] = {
    serializers.IntegerField: {
        "invalid": "Send a whole number.",
        "max_string_length": "Send a whole number, of fewer digits.",
    },
    serializers.BooleanField: {"invalid": "Send true or false."},
    serializers.CharField: {"invalid": "Send a text."},
}


def reword(field: Any) -> None:
    """Let a field, or those of a list, speak plainly, where it has no words of its own."""
    for kind, words in _WORDS.items():
        if isinstance(field, kind):
            for key, text in words.items():
                if field.error_messages[key] is kind.default_error_messages[key]:
                    field.error_messages[key] = text
    if isinstance(field, serializers.ListField):
        reword(field.child)


class RowField(serializers.PrimaryKeyRelatedField[Any]):
    """Another row, by its key; where that is its name, a refusal names those there are."""

    default_error_messages = {
        "does_not_exist": "There is no {kind} {given}.{names}",
        "incorrect_type": "Send the {called} of a {kind} as text.",
    }

    def fail(self, key: str, **kwargs: Any) -> NoReturn:
        rows: Any = self.get_queryset()
        meta = rows.model._meta
        super().fail(
            key,
            kind=meta.verbose_name,
            called=meta.pk.name,
            given=repr(str(kwargs.get("pk_value")))[:_SHOWN],
            names=_names(rows) if meta.pk.name == "name" else "",
        )


def _names(rows: QuerySet[Any]) -> str:
    names = list(rows.order_by("pk").values_list("pk", flat=True)[: _MOST_NAMED + 1])
    more = ", and more" if len(names) > _MOST_NAMED else ""
    return f" There are: {', '.join(names[:_MOST_NAMED])}{more}." if names else ""
