"""A schedule's condition is checked when it is saved, by the name of the field and with the fix."""

from typing import Any

import pytest

from core.errors import InvalidInput
from jobs.calendars.changing import create_calendar
from jobs.models import JobSchedule
from jobs.scheduling import change_schedule
from tests.factories import TESTER, make_job, make_schedule

pytestmark = pytest.mark.django_db

HERE = {"environment": ["DEV"]}


def refused(**fields: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(InvalidInput) as error:
        make_schedule(**fields)
    return [(problem.field, problem.code, problem.detail) for problem in error.value.problems]


def make_england() -> Any:
    fields = {
        "name": "England",
        "sources": [{"country": "GB", "subdivision": "ENG"}],
        "first_year": 2026,
        "last_year": 2027,
    }
    return create_calendar(actor=TESTER, fields=fields)


@pytest.mark.parametrize(
    "condition",
    [
        {"conditions": HERE},
        {"conditional_expression": 'prev.status == "succeeded"'},
        {"conditions": HERE, "conditional_expression": "params.region == 'EU'"},
    ],
)
def test_any_kind_of_schedule_may_carry_a_condition_in_either_form(
    condition: dict[str, Any],
) -> None:
    schedule = make_schedule(**condition)

    schedule.refresh_from_db()
    assert schedule.has_condition
    assert {name: getattr(schedule, name) for name in condition} == condition


def test_a_conditional_schedule_needs_one() -> None:
    ((field, code, detail),) = refused(schedule_type="conditional", interval_seconds=60)

    assert (field, code) == ("conditions", "required")
    assert "conditionalExpression" in detail
    make_schedule(schedule_type="conditional", interval_seconds=60, conditions=HERE)


@pytest.mark.parametrize(
    ("fields", "field", "code", "said"),
    [
        ({"conditions": {}}, "conditions", "not_an_object", "leave it out"),
        ({"conditions": [HERE]}, "conditions", "not_an_object", '{"all": [...]}'),
        (
            {"conditions": {"all": [HERE, {"http": {"url": "x"}}]}},
            "conditions",
            "invalid_url",
            "all[1].http.url: Write a whole address",
        ),
        (
            {"conditions": {"parameter": {"name": "a", "equals": "\x00"}}},
            "conditions",
            "not_storable",
            "NUL",
        ),
        (
            {"conditions": {"dependency": {"job": "nobody", "outcome": ["failed"]}}},
            "conditions",
            "unknown_name",
            "dependency: There is no job 'nobody'",
        ),
        (
            {"conditions": {"calendar": {"calendar": "Mars", "is": "weekend"}}},
            "conditions",
            "unknown_name",
            "calendar: There is no calendar 'Mars'",
        ),
        (
            {"conditions": {"not": {"calendar": {"is": "weekend"}}}},
            "conditions",
            "unknown_name",
            "not.calendar: The schedule has no calendar of its own",
        ),
        (
            {"conditional_expression": "prev.x == 1"},
            "conditional_expression",
            "invalid_expression",
            "undeclared reference to 'prev.x'",
        ),
        (
            {"conditional_expression": "calendar.is_holiday"},
            "conditional_expression",
            "no_calendar",
            "give it one in calendar",
        ),
        (
            {"conditions": HERE, "on_false": "wait", "poll_seconds": 1, "wait_seconds": 20_000},
            "poll_seconds",
            "too_many_looks",
            "20,000 looks, at most 10,000 are made: look every 2 s",
        ),
        ({"conditions": HERE, "poll_seconds": 0}, "poll_seconds", "min_value", "1"),
        ({"conditions": HERE, "wait_seconds": 0}, "wait_seconds", "min_value", "1"),
        ({"conditions": HERE, "on_false": "sulk"}, "on_false", "invalid_choice", "sulk"),
        ({"conditions": HERE, "on_error": "sulk"}, "on_error", "invalid_choice", "sulk"),
    ],
)
def test_what_is_wrong_is_named_with_the_fix(
    fields: dict[str, Any], field: str, code: str, said: str
) -> None:
    ((found, found_code, detail),) = refused(**fields)

    assert (found, found_code) == (field, code)
    assert said in detail


def test_names_of_jobs_and_calendars_are_known_also_by_id() -> None:
    upstream, england = make_job(), make_england()
    for job, calendar in ((upstream.name, "England"), (str(upstream.pk), str(england.pk))):
        make_schedule(
            conditions={
                "any": [
                    {"dependency": {"job": job, "outcome": ["succeeded"]}},
                    {"calendar": {"calendar": calendar, "is": "business_day"}},
                ]
            }
        )
    own = {"calendar": {"is": "weekend"}}
    make_schedule(calendar=england, conditions=own, conditional_expression="calendar.is_holiday")


def test_a_schedule_that_does_not_wait_may_have_any_times() -> None:
    make_schedule(conditions=HERE, poll_seconds=1, wait_seconds=20_000)


def test_a_condition_can_be_taken_away_but_not_from_a_conditional_schedule() -> None:
    plain = make_schedule(conditions=HERE)
    change_schedule(actor=TESTER, schedule=plain, fields={"conditions": None})
    assert not JobSchedule.objects.get(pk=plain.pk).has_condition

    needing = make_schedule(schedule_type="conditional", interval_seconds=60, conditions=HERE)
    with pytest.raises(InvalidInput, match="needs a condition"):
        change_schedule(actor=TESTER, schedule=needing, fields={"conditions": None})
