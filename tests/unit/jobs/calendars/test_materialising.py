"""The days of calendars: against published tables, and against another library."""

from datetime import date, time, timedelta
from typing import Any

import exchange_calendars
import pytest

from jobs.calendars.checking import normalise_calendar
from jobs.calendars.materialising import materialise
from jobs.calendars.reading import calendar_of
from jobs.models import CalendarVersion, HolidayCalendar

FRIDAY_AND_SATURDAY = 32 + 64


def calendar_of_sources(*sources: dict[str, Any], **fields: Any) -> HolidayCalendar:
    values = {"name": "Test", "first_year": 2026, "last_year": 2026, **fields}
    calendar = HolidayCalendar(sources=list(sources), **values)
    assert normalise_calendar(calendar) == []
    return calendar


def days(calendar: HolidayCalendar, kind: str = "holiday") -> list[str]:
    return [row["date"] for row in materialise(calendar) if row["kind"] == kind]


def closed_weekdays(calendar: HolidayCalendar) -> list[str]:
    """As official tables have them: days off that are no weekend anyway."""
    return [day for day in days(calendar) if date.fromisoformat(day).isoweekday() < 6]


ENGLAND = """
    2025-01-01 2025-04-18 2025-04-21 2025-05-05 2025-05-26 2025-08-25 2025-12-25 2025-12-26
    2026-01-01 2026-04-03 2026-04-06 2026-05-04 2026-05-25 2026-08-31 2026-12-25 2026-12-28
    2027-01-01 2027-03-26 2027-03-29 2027-05-03 2027-05-31 2027-08-30 2027-12-27 2027-12-28
"""
SCOTLAND_2026 = """
    2026-01-01 2026-01-02 2026-04-03 2026-05-04 2026-05-25 2026-06-15 2026-08-03 2026-11-30
    2026-12-25 2026-12-28
"""
UNITED_STATES = """
    2025-01-01 2025-01-20 2025-02-17 2025-05-26 2025-06-19 2025-07-04 2025-09-01 2025-10-13
    2025-11-11 2025-11-27 2025-12-25
    2026-01-01 2026-01-19 2026-02-16 2026-05-25 2026-06-19 2026-07-03 2026-09-07 2026-10-12
    2026-11-11 2026-11-26 2026-12-25
    2027-01-01 2027-01-18 2027-02-15 2027-05-31 2027-06-18 2027-07-05 2027-09-06 2027-10-11
    2027-11-11 2027-11-25 2027-12-24 2027-12-31
"""


@pytest.mark.parametrize(
    ("source", "first", "last", "published"),
    [
        ({"country": "GB", "subdivision": "ENG"}, 2025, 2027, ENGLAND),
        ({"country": "GB", "subdivision": "SCT"}, 2026, 2026, SCOTLAND_2026),
        ({"country": "US"}, 2025, 2027, UNITED_STATES),
    ],
    ids=["England", "Scotland", "United States"],
)
def test_bank_holidays_are_those_the_state_publishes(
    source: dict[str, Any], first: int, last: int, published: str
) -> None:
    calendar = calendar_of_sources(source, first_year=first, last_year=last)
    assert closed_weekdays(calendar) == published.split()


# exchange_calendars still reads its own tables in a way that pandas is about to change.
ITS_OWN_AFFAIR = pytest.mark.filterwarnings("ignore:Series.values returning an ndarray")


@ITS_OWN_AFFAIR
@pytest.mark.parametrize("market", ["XNYS", "XLON", "XETR"])
def test_the_sessions_of_a_market_are_those_of_another_library(market: str) -> None:
    calendar = calendar_of_sources({"market": market}, first_year=2025, last_year=2027)
    business = calendar_of(
        CalendarVersion(
            calendar=calendar,
            number=1,
            days=materialise(calendar),
            weekend=calendar.weekend,
            first_year=2025,
            last_year=2027,
        )
    )
    other = exchange_calendars.get_calendar(market, start="2025-01-01", end="2027-12-31")
    open_days = {session.date() for session in other.sessions}
    every_day = [date(2025, 1, 1) + timedelta(days=n) for n in range(365 * 3)]
    assert [day for day in every_day if business.is_business_day(day) != (day in open_days)] == []


@ITS_OWN_AFFAIR
def test_the_early_closes_of_new_york_are_those_of_another_library() -> None:
    calendar = calendar_of_sources(
        {"market": "XNYS"},
        first_year=2025,
        last_year=2027,
        half_days="early_close",
        half_day_closes_at=time(13),
    )
    other = exchange_calendars.get_calendar("XNYS", start="2025-01-01", end="2027-12-31")
    assert days(calendar, "early_close") == [f"{day:%Y-%m-%d}" for day in other.early_closes]


# --- Several sources


def test_a_union_is_closed_if_any_source_is_and_says_which() -> None:
    calendar = calendar_of_sources({"country": "GB", "subdivision": "ENG"}, {"market": "XNYS"})
    rows = {row["date"]: row for row in materialise(calendar)}
    assert rows["2026-11-26"]["source"] == "XNYS"
    assert rows["2026-12-28"]["source"] == "GB-ENG"
    assert rows["2026-05-25"] == {
        "date": "2026-05-25",
        "kind": "holiday",
        "name": "Spring Bank Holiday, Memorial Day",
        "source": "GB-ENG, XNYS",
    }


def test_an_intersection_is_closed_only_if_all_sources_are() -> None:
    calendar = calendar_of_sources(
        {"country": "GB", "subdivision": "ENG"}, {"market": "XNYS"}, combine="intersection"
    )
    assert days(calendar) == ["2026-01-01", "2026-04-03", "2026-05-25", "2026-12-25"]


def test_rows_are_in_order_of_date_and_within_the_years() -> None:
    calendar = calendar_of_sources({"country": "JP"}, {"country": "BR"}, last_year=2030)
    found = [row["date"] for row in materialise(calendar)]
    assert found == sorted(set(found))
    assert (found[0], found[-1][:4]) == ("2026-01-01", "2030")


def test_a_holiday_observed_in_the_year_before_is_there_though_its_own_year_is_not() -> None:
    # New Year's Day of 2028 is a Saturday; the federal day off is Friday, 31 December 2027.
    calendar = calendar_of_sources({"country": "US"}, first_year=2027, last_year=2027)
    assert "2027-12-31" in days(calendar)


def test_categories_choose_which_days_of_a_country_count() -> None:
    public = calendar_of_sources({"country": "DE", "subdivision": "BY"})
    both = calendar_of_sources(
        {"country": "DE", "subdivision": "BY", "categories": ["public", "catholic"]}
    )
    assert set(days(both)) - set(days(public)) == {"2026-08-15"}


def test_names_are_english_whatever_the_process_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "de")
    (row,) = [
        r for r in materialise(calendar_of_sources({"country": "DE"})) if "-10-03" in r["date"]
    ]
    assert row["name"] == "German Unity Day"


# --- Weekends, make-up days, half days


def test_make_up_days_of_a_country_are_worked() -> None:
    calendar = calendar_of_sources({"country": "CN"})
    # As the State Council announced them for 2026.
    assert days(calendar, "workday") == [
        *("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"),
    ]


def test_a_make_up_day_counts_in_a_union_only_if_all_sources_work() -> None:
    assert days(calendar_of_sources({"country": "CN"}, {"country": "HK"}), "workday") == []
    either = calendar_of_sources({"country": "CN"}, {"country": "HK"}, combine="intersection")
    assert "2026-02-14" in days(either, "workday")


def test_a_make_up_day_that_is_no_weekend_here_is_a_day_like_any_other() -> None:
    calendar = calendar_of_sources({"country": "CN"}, weekend=FRIDAY_AND_SATURDAY)
    assert "2026-01-04" not in days(calendar, "workday")  # a Sunday
    assert "2026-02-14" in days(calendar, "workday")  # a Saturday


@pytest.mark.parametrize(
    ("half_days", "closes_at", "kind"),
    [
        ("business", None, None),
        ("holiday", None, "holiday"),
        ("early_close", time(13), "early_close"),
    ],
)
def test_half_days_are_what_the_calendar_says(half_days: str, closes_at: Any, kind: Any) -> None:
    calendar = calendar_of_sources(
        {"market": "XNYS"}, half_days=half_days, half_day_closes_at=closes_at
    )
    kinds = {row["date"]: row["kind"] for row in materialise(calendar)}
    assert kinds.get("2026-12-24") == kind
    assert kinds["2026-12-25"] == "holiday"


def test_a_source_whose_categories_leave_half_days_out_has_none() -> None:
    calendar = calendar_of_sources(
        {"market": "XNYS", "categories": ["public"]}, half_days="holiday"
    )
    assert "2026-12-24" not in days(calendar)


# --- Extra days


def test_extra_workdays_win_over_extra_holidays_and_those_over_the_sources() -> None:
    calendar = calendar_of_sources(
        {"country": "CN"},
        extra_holidays=[{"date": "2026-02-14", "name": "Stock-taking"}],
        extra_workdays=[
            {"date": "2026-10-01", "name": "Year end of the ledger"},
            {"date": "2026-03-07", "name": "Migration"},
        ],
    )
    rows = {row["date"]: row for row in materialise(calendar)}
    assert rows["2026-02-14"]["kind"] == "holiday"  # a make-up day by the source
    assert rows["2026-10-01"] == {
        "date": "2026-10-01",
        "kind": "workday",
        "name": "Year end of the ledger",
        "source": "extra",
    }
    assert rows["2026-03-07"]["kind"] == "workday"  # a Saturday


def test_a_calendar_without_sources_has_its_extra_days_alone() -> None:
    calendar = calendar_of_sources(
        extra_holidays=[
            {"date": "2026-12-31", "name": "Closing"},
            {"date": "2026-01-02", "name": " Opening "},
        ]
    )
    assert [(row["date"], row["name"]) for row in materialise(calendar)] == [
        *(("2026-01-02", "Opening"), ("2026-12-31", "Closing")),
    ]
