"""The form that a job's parameter schema makes."""

from typing import Any

import pytest

from executions.admin.parameters import ParametersForm, form_for

SCHEMA = {
    "type": "object",
    "required": ["region", "limit"],
    "properties": {
        "region": {"type": "string", "title": "Region", "enum": ["EU", "US"], "default": "US"},
        "limit": {"type": "integer", "minimum": 1, "maximum": 100},
        "ratio": {"type": ["null", "number"]},
        "dry_run": {"type": "boolean", "default": True},
        "notify": {"type": "boolean"},
        "date": {"type": "string", "format": "date"},
        "reply_to": {"type": "string", "format": "email"},
        "code": {"type": "string", "pattern": "^[A-Z]{3}$", "maxLength": 3},
        "tags": {"type": "array"},
        "options": {"type": "object", "description": "Passed on as they are."},
    },
}


def filled(schema: Any = SCHEMA, **values: str) -> ParametersForm:
    return form_for(schema, {f"parameter-{name}": value for name, value in values.items()})


def test_each_property_is_passed_on_in_its_type() -> None:
    form = filled(
        region='"EU"',
        limit="7",
        ratio="0.5",
        dry_run="on",
        notify="false",
        date="2026-03-01",
        reply_to="ann@example.com",
        code="ABC",
        tags='["a", 1]',
        options='{"deep": true}',
    )
    assert form.is_valid(), form.errors
    assert form.read() == {
        "region": "EU",
        "limit": 7,
        "ratio": 0.5,
        "dry_run": True,
        "notify": False,
        "date": "2026-03-01",
        "reply_to": "ann@example.com",
        "code": "ABC",
        "tags": ["a", 1],
        "options": {"deep": True},
    }


def test_what_is_left_empty_is_not_passed_on() -> None:
    form = filled(region='"US"', limit="1")
    assert form.is_valid(), form.errors
    assert form.read() == {"region": "US", "limit": 1, "dry_run": False}


def test_defaults_and_names_stand_in_the_empty_form() -> None:
    page = form_for(SCHEMA).as_p()
    assert '<option value="&quot;US&quot;" selected>' in page
    assert "Region:" in page
    assert "Passed on as they are." in page
    assert 'name="parameter-dry_run"' in page
    assert 'type="date"' in page


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("region", '"Mars"', "not one of the available choices"),
        ("limit", "", "required"),
        ("limit", "0", "greater than or equal to 1"),
        ("limit", "101", "less than or equal to 100"),
        ("limit", "many", "whole number"),
        ("ratio", "half", "number"),
        ("date", "yesterday", "valid date"),
        ("reply_to", "ann", "valid email"),
        ("code", "abc", "has to match ^[A-Z]{3}$"),
        ("code", "ABCD", "at most 3 characters"),
        ("tags", '{"a": 1}', "a list"),
        ("tags", "[1,", "not JSON: Expecting value in line 1, column 4"),
        ("options", "[1]", "an object"),
    ],
)
def test_what_the_schema_does_not_allow_is_said_at_its_field(
    name: str, value: str, said: str
) -> None:
    form = filled(**{"region": '"EU"', "limit": "1", name: value})
    assert list(form.errors) == [name]
    assert said in str(form.errors[name])


@pytest.mark.parametrize("schema", [None, {}, {"properties": {}}, {"properties": []}, "text", []])
def test_without_named_properties_the_form_takes_json(schema: Any) -> None:
    assert ">{}</textarea>" in form_for(schema).as_p()
    form = filled(schema, parameters='{"region": "EU"}')
    assert form.is_valid()
    assert form.read() == {"region": "EU"}


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "required"), ("[1]", "an object"), ("{'a': 1}", "line 1, column 2"), ("7", "an object")],
)
def test_what_is_no_json_object_is_refused(text: str, said: str) -> None:
    form = filled(None, parameters=text)
    assert said in str(form.errors["parameters"])


@pytest.mark.parametrize(
    "rule",
    [None, "text", {"type": "mystery"}, {"pattern": "["}, {"maxLength": "long"}, {"type": []}],
)
def test_a_property_that_is_no_schema_asks_for_text(rule: Any) -> None:
    form = filled({"properties": {"name": rule}, "required": "name"}, name="Ann")
    assert form.is_valid()
    assert form.read() == {"name": "Ann"}
