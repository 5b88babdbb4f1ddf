"""The form that asks for the parameters of one execution, made from the job's parameter schema."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from core.admin_fields import JsonTextField

_NO_CHOICE = ("", "not given")
_BLANK = (None, "")


class ParametersForm(forms.Form):
    """Without a schema: one field, which takes the parameters as JSON."""

    def __init__(self, data: Any = None, *, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, prefix="parameter", initial={"parameters": dict(parameters or {})})
        self.fields["parameters"] = JsonField(
            kind=dict, label="Parameters", help_text="An object of names and values."
        )

    def read(self) -> dict[str, Any]:
        """Return the parameters of a valid form."""
        return dict(self.cleaned_data["parameters"])


class SchemaForm(ParametersForm):
    """With a schema: one field per property. What is left empty is not passed on."""

    def __init__(self, data: Any = None, *, schema: Mapping[str, Any]) -> None:
        super().__init__(data)
        del self.fields["parameters"]
        required = schema.get("required")
        for name, rule in schema["properties"].items():
            is_required = isinstance(required, list) and name in required
            self.fields[name] = make_field(name, rule, is_required=is_required)

    def read(self) -> dict[str, Any]:
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in self.cleaned_data.items()
            if value not in _BLANK
        }


class JsonField(JsonTextField):
    """A JSON value of one kind; says where its text stops being JSON."""

    empty_values = list(_BLANK)  # {} and [] are values like any other

    def __init__(self, *, kind: type, **options: Any) -> None:
        super().__init__(**options)
        self.kind = kind
        self.widget.attrs["rows"] = 8

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except forms.ValidationError:
            raise forms.ValidationError(_where_it_breaks(value), code="invalid") from None

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is not None and not isinstance(value, self.kind):
            wanted = "a list, such as [1, 2]" if self.kind is list else 'an object: {"name": 1}'
            raise forms.ValidationError(f"Give {wanted}.", code="wrong_kind")


def form_for(schema: Any, data: Any = None) -> ParametersForm:
    """Return the form for a job's parameter schema; one field for all if it names no properties."""
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if isinstance(properties, dict) and properties:
        return SchemaForm(data, schema=schema)
    return ParametersForm(data)


def make_field(name: str, rule: Any, *, is_required: bool) -> forms.Field:
    """Return the field for one property of a JSON Schema; what is no schema asks for text."""
    rule = rule if isinstance(rule, dict) else {}
    options = {
        "label": rule.get("title") or name,
        "help_text": rule.get("description", ""),
        "initial": rule.get("default"),
        "required": is_required,
    }
    if isinstance(rule.get("enum"), list):
        return _choice(rule["enum"], options)
    return _MAKERS.get(_kind(rule), _text)(rule, options)


def _where_it_breaks(text: str) -> str:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"This is not JSON: {error.msg} in line {error.lineno}, column {error.colno}."
    return "This is not JSON."


def _kind(rule: dict[str, Any]) -> str:
    """Return the first type that is not null."""
    kinds = rule.get("type", "string")
    named = kinds if isinstance(kinds, list) else [kinds]
    return next((str(kind) for kind in named if kind != "null"), "string")


def _choice(values: list[Any], options: dict[str, Any]) -> forms.Field:
    choices = [(json.dumps(value), "none" if value is None else str(value)) for value in values]
    if options["initial"] is not None:
        options["initial"] = json.dumps(options["initial"])
    return forms.TypedChoiceField(
        choices=choices if options["required"] else [_NO_CHOICE, *choices],
        coerce=json.loads,
        empty_value=None,
        widget=UnfoldAdminSelectWidget(),
        **options,
    )


def _boolean(rule: dict[str, Any], options: dict[str, Any]) -> forms.Field:
    """A switch where a value is certain; else a choice that may be left open."""
    if options["required"] or options["initial"] is not None:
        options["required"] = False  # to Django a required box is one that must be ticked
        return forms.BooleanField(widget=UnfoldBooleanSwitchWidget(), **options)
    return _choice([True, False], options)


def _integer(rule: dict[str, Any], options: dict[str, Any]) -> forms.Field:
    limits = _limits(rule, min_value="minimum", max_value="maximum")
    return forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget(), **limits, **options)


def _number(rule: dict[str, Any], options: dict[str, Any]) -> forms.Field:
    limits = _limits(rule, min_value="minimum", max_value="maximum")
    widget = UnfoldAdminIntegerFieldWidget({"step": "any"})
    return forms.FloatField(widget=widget, **limits, **options)


def _text(rule: dict[str, Any], options: dict[str, Any]) -> forms.Field:
    if rule.get("format") == "date":
        return forms.DateField(widget=DateWidget(), **options)
    if rule.get("format") == "email":
        return forms.EmailField(widget=UnfoldAdminEmailInputWidget(), **options)
    lengths = _limits(rule, min_length="minLength", max_length="maxLength")
    field = forms.CharField(widget=UnfoldAdminTextInputWidget(), **lengths, **options)
    if pattern := _compiled(rule.get("pattern")):
        field.validators.append(RegexValidator(pattern, f"It has to match {pattern.pattern}."))
    return field


def _limits(rule: dict[str, Any], **names: str) -> dict[str, Any]:
    """Return the limits that are numbers; nobody has checked a job's schema."""
    return {
        option: rule[name]
        for option, name in names.items()
        if isinstance(rule.get(name), int | float)
    }


def _compiled(pattern: Any) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern) if isinstance(pattern, str) else None
    except re.error:
        return None


def _json(kind: type) -> Callable[[dict[str, Any], dict[str, Any]], forms.Field]:
    def make(rule: dict[str, Any], options: dict[str, Any]) -> forms.Field:
        return JsonField(kind=kind, **options)

    return make


class DateWidget(UnfoldAdminTextInputWidget):
    """The browser's own date picker: it needs no script and speaks ISO dates."""

    input_type = "date"


_MAKERS: dict[str, Callable[[dict[str, Any], dict[str, Any]], forms.Field]] = {
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "array": _json(list),
    "object": _json(dict),
}
