"""What many exclusions cost, counted in how often one is asked; and that it changes no verdict."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from jobs.schedules import Exclusion, InvalidRule, RuleSpec, compile_rule
from jobs.schedules.bounds import LATEST
from jobs.schedules.compare import compare_rules
from jobs.schedules.excluded_time import Effort
from jobs.schedules.verdict import MOST_EFFORT, MOST_EFFORT_TO_NEXT, Judge
from tests.unit.jobs.schedules.asking import shown, utc
from tests.unit.jobs.schedules.writing import seeded

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = utc("2026-05-04T00:00")
SECOND = timedelta(seconds=1)


def cut_week(pieces, *, free_minutes):
    """Windows that defer, one after the other through all of each week but its last minutes."""
    length = 7 * 24 * 60 // pieces
    edges = [*range(0, 7 * 24 * 60, length), 7 * 24 * 60 - free_minutes]
    midnights = range(0, 7 * 24 * 60, 24 * 60)
    edges = sorted({*edges, *midnights})
    edges = [edge for edge in edges if edge <= 7 * 24 * 60 - free_minutes]
    return tuple(
        Exclusion(
            f"Window {number}",
            on_excluded="defer",
            days_of_week=1 << first // (24 * 60),
            from_time=as_time(first),
            until_time=as_time(last),
        )
        for number, (first, last) in enumerate(pairwise(edges))
    )


def as_time(minute):
    return time(minute % (24 * 60) // 60, minute % 60)


@pytest.fixture
def asked(monkeypatch):
    """A list that gets an element each time that an exclusion is asked."""
    asked, ask = [], Exclusion.span_around

    def span_around(self, wall):
        asked.append(self.name)
        return ask(self, wall)

    monkeypatch.setattr(Exclusion, "span_around", span_around)
    return asked


def spec_with(exclusions, expression="* * * * * *"):
    return RuleSpec(
        kind="cron", cron_expression=expression, timezone="Europe/Berlin", exclusions=exclusions
    )


def test_slots_of_one_stretch_pay_for_it_once(asked):
    windows = cut_week(84, free_minutes=15)
    judge = Judge(windows, BERLIN, LATEST)
    verdicts = [judge.judge(MONDAY + n * SECOND) for n in range(1_000)]
    assert {shown(verdict.until) for verdict in verdicts} == {"2026-05-09T21:45"}
    # Each slot asks once all around itself; the stretch is of less than a week of windows.
    assert len(asked) <= (1_000 + len(windows)) * len(windows)


@pytest.mark.parametrize("pieces", [24, 48, 84])
def test_a_rule_that_is_excluded_for_ever_is_refused_after_so_many_questions(asked, pieces):
    spec = spec_with(cut_week(pieces, free_minutes=0), "0 8 * * *")
    with pytest.raises(InvalidRule, match="every fire is excluded by Window 0"):
        compile_rule(spec)
    assert len(asked) <= 2 * MOST_EFFORT + MOST_EFFORT_TO_NEXT
    asked.clear()
    judge = Judge(spec.exclusions, BERLIN, LATEST)
    assert judge.judge(MONDAY).until is None
    assert len(asked) <= MOST_EFFORT
    asked.clear()
    assert [judge.judge(MONDAY + n * SECOND).until for n in range(100)] == [None] * 100
    assert len(asked) == 100 * len(spec.exclusions)


def test_what_is_always_excluded_anew_ends_after_so_many_questions(asked):
    # Each slot waits to the end of its week, where another window skips it.
    weeks = cut_week(84, free_minutes=15)
    last = Exclusion("Sabbath", days_of_week=64, from_time=as_time(24 * 60 - 15), until_time=time())
    with pytest.raises(InvalidRule, match="every fire is excluded"):
        compile_rule(spec_with((*weeks, last), "0 8 * * *"))
    assert len(asked) <= 3 * MOST_EFFORT + MOST_EFFORT_TO_NEXT


def test_windows_between_instants_that_are_far_away_cost_nothing():
    far = [
        Exclusion(f"Day {n}", starts_at=MONDAY - n * day, ends_at=MONDAY - n * day + day / 2)
        for n in range(1, 200)
        for day in [timedelta(days=1)]
    ]
    effort = Effort()
    assert Judge(far, BERLIN, LATEST).follow(MONDAY, effort).exclusion is None
    assert effort.spent == 2


def test_of_windows_between_instants_that_overlap_the_one_that_ends_last_counts():
    hours = [(0, 9), (1, 3), (2, 12), (4, 5), (6, 8)]
    windows = [
        Exclusion(
            f"{first} to {last}",
            on_excluded="defer",
            starts_at=MONDAY + timedelta(hours=first),
            ends_at=MONDAY + timedelta(hours=last),
        )
        for first, last in hours
    ]
    judge = Judge(windows, BERLIN, LATEST)
    verdicts = [judge.judge(MONDAY + timedelta(hours=hour)) for hour in range(13)]
    named = [verdict and verdict.exclusion.name for verdict in verdicts]
    assert named == [*["0 to 9"] * 2, *["2 to 12"] * 10, None]
    assert {verdict.until for verdict in verdicts if verdict} == {MONDAY + timedelta(hours=12)}


def any_exclusion(random):
    on_excluded = random.choice(["skip", "defer", "defer", "defer"])
    first = MONDAY + timedelta(minutes=random.randint(0, 5 * 24 * 60))
    match random.randint(0, 3):
        case 0:
            last = first + timedelta(minutes=random.randint(1, 1_000))
            return Exclusion("Instants", on_excluded, starts_at=first, ends_at=last)
        case 1:
            day = first.date()
            return Exclusion("A day", on_excluded, first_date=day, last_date=day)
    return Exclusion(
        "Times",
        on_excluded,
        timezone=random.choice([None, "America/New_York"]),
        days_of_week=random.randint(1, 127),
        from_time=as_time(random.randint(0, 1_439)),
        until_time=as_time(random.randint(0, 1_439)),
    )


@pytest.mark.parametrize("number", range(20))
def test_a_judge_says_the_same_whatever_it_was_asked_before(number):
    random = seeded(f"judge {number}")
    windows = [any_exclusion(random) for _ in range(random.randint(1, 8))]
    judge = Judge(windows, BERLIN, LATEST)
    slots = [MONDAY + timedelta(minutes=random.randint(0, 6 * 24 * 60)) for _ in range(150)]
    for slot in [*slots, *sorted(slots), *sorted(slots, reverse=True)]:
        fresh = Judge(windows, BERLIN, LATEST)
        assert judge.follow(slot) == fresh.follow(slot), (windows, slot)
        fresh = Judge(windows, BERLIN, LATEST)
        assert judge.stretch_start(slot) == fresh.stretch_start(slot), (windows, slot)


def test_a_comparison_that_costs_too_much_is_cut(asked):
    windows = cut_week(84, free_minutes=24 * 60)
    before, after = (
        compile_rule(spec_with(windows, expression))
        for expression in ("* * * * * *", "*/2 * * * * *")
    )
    asked.clear()
    found = compare_rules(before, after, start=utc("2026-05-10T00:00"), end=utc("2026-06-10T00:00"))
    assert found.is_cut
    assert (found.added, found.kept > 1_000) == ([], True)
    assert len(asked) <= 2 * 1_100_000


def test_the_day_before_a_window_past_midnight_decides_about_its_morning():
    night = Exclusion("Night", days_of_week=2, from_time=time(22), until_time=time(6))
    monday = date(2026, 5, 4)
    at = datetime(2026, 5, 5, 5, 59, 59, tzinfo=BERLIN).astimezone(UTC)
    found = night.window_around(at, BERLIN)
    assert found == (
        datetime.combine(monday, time(22), BERLIN),
        datetime.combine(date(2026, 5, 5), time(6), BERLIN),
    )
    assert night.window_around(at + SECOND, BERLIN) is None
    assert night.window_around(at - timedelta(days=1), BERLIN) is None
