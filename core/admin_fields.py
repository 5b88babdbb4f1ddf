"""Form fields that more than one admin page needs."""

import json
from collections.abc import Sequence
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminExpandableTextareaWidget,
)

from core.text import NotStorable, strict_json


class BitsField(forms.TypedMultipleChoiceField):
    """Boxes to tick for the bits of one number; none ticked is ``empty_value``."""

    widget = UnfoldAdminCheckboxSelectMultipleWidget

    def __init__(self, *, choices: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(coerce=int, choices=choices, **kwargs)
        self.bits = [bit for bit, _ in choices]

    def prepare_value(self, value: Any) -> Any:
        return [bit for bit in self.bits if value & bit] if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        return sum(cleaned) if isinstance(cleaned, list) and cleaned else self.empty_value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class JsonTextField(forms.JSONField):
    """JSON as people write it, a name a line. Refuses what PostgreSQL could not keep."""

    widget = UnfoldAdminExpandableTextareaWidget

    def widget_attrs(self, widget: Any) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "spellcheck": "false"}

    def prepare_value(self, value: Any) -> Any:
        if value is None or isinstance(value, forms.fields.InvalidJSONInput):
            return value or ""
        return json.dumps(value, indent=2, ensure_ascii=False)

    def validate(self, value: Any) -> None:
        super().validate(value)
        try:
            strict_json(value, what=str(self.label or "the value").lower())
        except NotStorable as error:
            raise forms.ValidationError(str(error)) from None


class JsonObjectTextField(JsonTextField):
    """A JSON object; nothing at all is ``empty``."""

    def __init__(self, *, empty: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.empty = empty

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if cleaned is None:
            return self.empty
        if not isinstance(cleaned, dict):
            raise forms.ValidationError('Give a JSON object, such as {"region": "EU"}.')
        return cleaned
