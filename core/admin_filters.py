"""Filters of the lists, as plain fields: each has its label, and the keyboard knows them."""

from typing import Any

from django import forms
from unfold.contrib.filters.admin import DropdownFilter, TextFilter
from unfold.widgets import UnfoldAdminSelectWidget


class ChoiceForm(forms.Form):
    """One field to choose from."""

    def __init__(self, name: str, label: str, choices: Any, *args: Any, **kwargs: Any) -> None:
        kwargs.pop("multiple", None)
        super().__init__(*args, **kwargs)
        self.fields[name] = forms.ChoiceField(
            label=label, required=False, choices=choices, widget=UnfoldAdminSelectWidget()
        )


class ChoiceFilter(DropdownFilter):
    """A filter by one of several values; an address may hold any text as its value."""

    form_class = ChoiceForm

    def value(self) -> str | None:
        return _storable(super().value())


class WordFilter(TextFilter):
    """A filter by what somebody types."""

    def value(self) -> str | None:
        return _storable(super().value())


def _storable(text: str | None) -> str | None:
    """Replace what PostgreSQL cannot even be asked for."""
    return text and text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
