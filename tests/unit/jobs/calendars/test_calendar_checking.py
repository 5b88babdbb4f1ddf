"""What a calendar is refused for: the field, the place in it, and what to write instead."""

from datetime import time
from typing import Any

import pytest

from jobs.calendars.checking import normalise_calendar
from jobs.models import HolidayCalendar

HOLIDAY = {"date": "2026-12-24", "name": "Christmas Eve"}


def check(**fields: Any) -> tuple[HolidayCalendar, list[tuple[str, str, str]]]:
    values = {"name": "Test", "first_year": 2026, "last_year": 2027, **fields}
    calendar = HolidayCalendar(**values)
    return calendar, [(p.field, p.code, p.detail) for p in normalise_calendar(calendar)]


def test_what_is_said_in_many_ways_is_kept_in_one() -> None:
    calendar, problems = check(
        sources=[
            {"country": "gbr", "subdivision": "England", "categories": []},
            {"country": "Germany", "subdivision": "by", "categories": ["catholic", "public"]},
            {"market": "xnys", "country": None},
        ]
    )
    assert problems == []
    assert calendar.sources == [
        {"country": "GB", "subdivision": "ENG"},
        {"country": "DE", "subdivision": "BY", "categories": ["catholic", "public"]},
        {"market": "XNYS"},
    ]


@pytest.mark.parametrize(
    ("sources", "code", "says"),
    [
        ({"country": "GB"}, "not_a_list", "Send a list"),
        (None, "not_a_list", "Send a list"),
        ([{"country": "GB"}] * 21, "too_many", "at most 20"),
        (["GB"], "not_an_object", '[0]: Send an object, such as {"country": "GB"'),
        ([{"country": "GB"}, {}], "country_or_market", "[1]: It has no country and no market"),
        ([{"country": "GB", "market": "XLON"}], "country_or_market", "both a country and a market"),
        ([{"country": "GB", "state": "ENG"}], "unknown_field", "no 'state'; use country, market"),
        ([{"country": 44}], "not_a_text", "country: 44 is not a text"),
        ([{"country": "Germny"}], "unknown_country", "did you mean DE (Germany)"),
        ([{"country": "XX"}], "unknown_country", "a code of ISO 3166, such as GB"),
        ([{"country": "HolidaysAX"}], "unknown_country", "There is no country 'HolidaysAX'"),
        ([{"market": "XNYSE"}], "unknown_market", "did you mean XNYS"),
        ([{"market": "QQQ"}], "unknown_market", "a code of ISO 10383, such as XNYS"),
        ([{"country": "GB", "subdivision": "ENGL"}], "unknown_subdivision", "did you mean ENG?"),
        ([{"country": "GB", "subdivision": "zz"}], "unknown_subdivision", "ENG, NIR, SCT, WLS"),
        ([{"market": "XNYS", "subdivision": "NY"}], "unknown_subdivision", "has no subdivisions"),
        ([{"country": "US", "categories": "public"}], "not_a_list", "categories: send a list"),
        ([{"country": "US", "categories": ["publik"]}], "unknown_category", "did you mean public?"),
        ([{"country": "US", "categories": ["moon"]}], "unknown_category", "US has government"),
        ([{"country": "US", "categories": [7]}], "not_a_text", "categories: 7 is not a text"),
        ([{"country": "US"}, {"country": "USA"}], "repeated", "[1]: US is there already"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_source_is_named_by_its_index(sources: Any, code: str, says: str) -> None:
    _, ((field, found, detail),) = check(sources=sources)
    assert (field, found) == ("sources", code)
    assert says in detail


def test_every_bad_source_is_told_at_once() -> None:
    _, problems = check(sources=[{"country": "XX"}, {"country": "GB"}, {"market": "YY"}])
    assert [detail[:3] for _, _, detail in problems] == ["[0]", "[2]"]


@pytest.mark.parametrize("name", ["extra_holidays", "extra_workdays"])
@pytest.mark.parametrize(
    ("days", "code", "says"),
    [
        ({}, "not_a_list", "Send a list"),
        ([HOLIDAY] * 2_001, "too_many", "at most 2000"),
        (["2026-12-24"], "not_an_object", "[0]: Send an object with a date and a name"),
        ([{"name": "x"}], "not_an_object", "with a date and a name"),
        ([{**HOLIDAY, "kind": "x"}], "not_an_object", "with a date and a name"),
        ([HOLIDAY, {"date": "24.12.2026", "name": "x"}], "invalid_date", "[1]: '24.12.2026' is no"),
        ([{"date": "2026-02-30", "name": "x"}], "invalid_date", "write it such as 2026-12-24"),
        ([{"date": "20261224", "name": "x"}], "invalid_date", "is no date"),
        ([{"date": 20261224, "name": "x"}], "invalid_date", "is no date"),
        ([{"date": None, "name": "x"}], "invalid_date", "None is no date"),
        ([{"date": "2026-12-24"}], "required", "Say what 2026-12-24 is"),
        ([{"date": "2026-12-24", "name": " "}], "required", "it needs a name"),
        ([{"date": "2026-12-24", "name": 1}], "required", "it needs a name"),
        ([{"date": "2026-12-24", "name": "x" * 201}], "max_length", "use 200 letters"),
        ([{"date": "2028-12-24", "name": "x"}], "not_covered", "calendar's years, 2026 to 2027"),
        ([HOLIDAY, HOLIDAY], "repeated", "[1]: 2026-12-24 is there already"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_extra_day_is_named_by_its_index(name: str, days: Any, code: str, says: str) -> None:
    _, ((field, found, detail),) = check(**{name: days})
    assert (field, found) == (name, code)
    assert says in detail


def test_a_day_is_not_added_as_both() -> None:
    _, ((field, code, detail),) = check(extra_holidays=[HOLIDAY], extra_workdays=[HOLIDAY])
    assert (field, code) == ("extra_workdays", "repeated")
    assert "2026-12-24 is among the extra holidays" in detail


@pytest.mark.parametrize(
    ("fields", "field", "code", "says"),
    [
        ({"last_year": 2025}, "last_year", "end_before_start", "give 2026 or later"),
        ({"last_year": 2086}, "last_year", "too_many", "61 years; give at most 60"),
        (
            {"first_year": 2025, "sources": [{"market": "XBUE"}]},
            *("first_year", "not_covered", "XBUE is known from 2026 to 2100, not for 2025"),
        ),
        (
            {"first_year": 2080, "last_year": 2101, "sources": [{"country": "GB"}]},
            *("last_year", "not_covered", "GB is known from 1872 to 2100, not for 2101"),
        ),
        ({"half_days": "early_close"}, "half_day_closes_at", "required", "such as 13:00"),
        (
            {"half_day_closes_at": time(13)},
            *("half_day_closes_at", "not_of_this_kind", "these are business. Leave it out"),
        ),
    ],
)
def test_bad_years_and_half_days_are_named(
    fields: dict[str, Any], field: str, code: str, says: str
) -> None:
    _, (problem,) = check(**fields)
    assert problem[:2] == (field, code)
    assert says in problem[2]


def test_sixty_years_are_not_too_many() -> None:
    assert check(last_year=2085)[1] == []
