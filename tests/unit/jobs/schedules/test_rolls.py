"""Rolled dates against a walk over all days, which takes the definitions of the rolls literally."""

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta

import pytest

from jobs.schedules import RuleSpec, compile_rule
from jobs.schedules.rolls import ROLLS
from tests.unit.jobs.schedules.calendars import DAY, all_decided, days_between, random_calendar
from tests.unit.jobs.schedules.writing import seeded

FIRST_YEAR, LAST_YEAR = 2024, 2027
START, STOP = date(FIRST_YEAR, 1, 1), date(LAST_YEAR + 1, 1, 1)
AT = timedelta(hours=6)


class Undecided(Exception):
    """A day that no calendar knows would have a say."""


class Walk:
    """The calendar's days, one by one."""

    def __init__(self, calendar):
        self.calendar = calendar

    def is_open(self, day):
        if not START <= day < STOP:
            raise Undecided
        if day in self.calendar.workdays:
            return True
        weekday = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"].index(f"{day:%a}")
        return day not in self.calendar.holidays and not self.calendar.weekend >> weekday & 1

    def go(self, day, step):
        """The next open day in one direction, the day itself excluded."""
        day += step * DAY
        while not self.is_open(day):
            day += step * DAY
        return day

    def roll(self, day, how):
        if self.is_open(day):
            return day
        if how == "skip":
            return None
        if how == "nearest":
            return self.nearest(day)
        step = 1 if how.endswith("following") else -1
        if how.startswith("modified"):
            within = day + step * DAY
            while within.month == day.month:
                if self.is_open(within):
                    return within
                within += step * DAY
            return self.go(day, -step)
        return self.go(day, step)

    def nearest(self, day):
        for distance in range(1, 400):
            for candidate in (day - distance * DAY, day + distance * DAY):
                if self.is_open(candidate):
                    return candidate
        raise AssertionError("no open day in a year")

    def land(self, day, how, offset):
        rolled = self.roll(day, how)
        for _ in range(abs(offset)):
            if rolled is not None:
                rolled = self.go(rolled, 1 if offset > 0 else -1)
        return rolled


def written(random):
    """The fields of some nominal dates, and which days they are."""
    weekdays = random.randint(1, 127)
    names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

    def is_weekday(day):
        return weekdays >> names.index(f"{day:%a}") & 1

    sort = random.choice(["day", "day", "nth", "weekdays"])
    if sort == "weekdays":
        return {"days_of_week": weekdays}, is_weekday
    if sort == "nth":
        nth = random.choice([1, 2, 3, 4, 5, -1, -2, -5])

        def is_nth(day):
            week = (day.day - 1) // 7 + 1
            if nth < 0:
                last = (day.replace(day=28) + 4 * DAY).replace(day=1) - DAY
                week = -((last.day - day.day) // 7 + 1)
            return is_weekday(day) and week == nth

        return {"nth_weekday": nth, "days_of_week": weekdays}, is_nth
    number = random.choice([*range(1, 32), 31, 30, 29])
    policy = random.choice(["clamp", "skip", "next"])

    def is_day(day):
        last = (day.replace(day=28) + 4 * DAY).replace(day=1) - DAY
        if day.day == number or (policy == "clamp" and day == last and number > last.day):
            return True
        return policy == "next" and day.day == 1 and (day - DAY).day < number

    return {"day_of_month": number, "short_month": policy}, is_day


def walk(calendar, is_nominal, how, offset):
    """All decided days on which something fires, each with the nominal dates that landed there."""
    days, found = Walk(calendar), {}
    for nominal in filter(is_nominal, days_between(START, STOP + 400 * DAY)):
        try:
            landed = days.land(nominal, how, offset)
        except Undecided:
            if nominal < START + 200 * DAY:  # what is missing lies before: passed over
                continue
            return found
        if landed is not None:
            found.setdefault(landed, []).append(nominal)
    raise AssertionError("all was decided")


@pytest.mark.parametrize("how", ROLLS)
@pytest.mark.parametrize("seed", range(8))
def test_rolled_dates_are_those_of_a_walk_over_all_days(seed, how):
    random = seeded(f"{seed} {how}")
    for _ in range(3):
        calendar = random_calendar(random, FIRST_YEAR, LAST_YEAR)
        fields, is_nominal = written(random)
        offset = random.choice([0, 0, 1, -1, 2, -3, 7, -10, 40, -60])
        fires = walk(calendar, is_nominal, how, offset)
        rule = compile_rule(
            RuleSpec(
                kind="monthly_business_day",
                time_of_day=time(6),
                roll=how,
                offset_business_days=offset,
                calendar=calendar,
                **fields,
            )
        )
        check(rule, fires, random, (fields, how, offset, calendar))


def check(rule, fires, random, what):
    expected = [datetime.combine(day, time(), UTC) + AT for day in sorted(fires)]
    found = all_decided(rule)
    assert found == expected, what
    for moment in found:
        day = moment.date()
        nominal = rule.explain(moment)
        nearest = min(fires[day], key=lambda one: (abs(one - day), one))
        assert (nominal.wall.date(), nominal.business_date) == (day, nearest), what
    for _ in range(40):
        seconds = random.randint(0, 4 * 365 * 86_400)
        after = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        position = bisect_right(expected, after)
        if position < len(expected):
            assert rule.next(after) == expected[position], (what, after)


@pytest.mark.parametrize("seed", range(10))
def test_business_days_of_the_month_are_those_of_a_walk_over_all_days(seed):
    random = seeded(f"business days {seed}")
    for _ in range(6):
        calendar = random_calendar(random, FIRST_YEAR, LAST_YEAR)
        is_open = Walk(calendar).is_open
        nth = random.choice([1, 2, 3, 10, 19, 23, -1, -2, -15, -22])
        takes_nearest = random.choice([None, False, True])
        expected = {"open": [], "closed": [], "nth": []}
        for month in range(48):
            first = date(FIRST_YEAR + month // 12, month % 12 + 1, 1)
            days = [
                day for day in days_between(first, first + 31 * DAY) if day.month == first.month
            ]
            worked = [day for day in days if is_open(day)]
            expected["open"] += worked
            expected["closed"] += [day for day in days if day not in worked]
            picked = worked[nth - 1 :] if nth > 0 else worked[: len(worked) + nth + 1]
            if picked and abs(nth) <= len(worked):
                expected["nth"].append(picked[0 if nth > 0 else -1])
            elif takes_nearest and worked:
                expected["nth"].append(worked[-1 if nth > 0 else 0])
        rules = {
            "open": {"on_days": "business_days"},
            "closed": {"on_days": "non_business_days"},
            "nth": {"business_day_of_month": nth, "adjust_to_previous_business_day": takes_nearest},
        }
        for name, fields in rules.items():
            spec = RuleSpec(
                kind="monthly_business_day", time_of_day=time(6), calendar=calendar, **fields
            )
            found = [fire.date() for fire in all_decided(compile_rule(spec))]
            assert found == expected[name], (fields, calendar)
