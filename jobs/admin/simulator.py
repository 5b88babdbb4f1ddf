"""Two years of a schedule as months of days, each marked where something is odd."""

from calendar import Calendar
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.utils.safestring import SafeString

from core.admin_display import short_moment
from jobs.admin.display import local_time
from jobs.models import JobSchedule
from jobs.rules import rule_of, spec_of
from jobs.schedules import BusinessCalendar, CalendarOutOfDate
from jobs.schedules.business import WEEKENDS_ONLY
from jobs.schedules.simulation import SimulatedFire, Simulation, simulate
from jobs.schedules.zone import load_zone

MONTHS = 24
MOST_FIRES = 20_000
_MOST_TOLD = 8  # fires of one day, on the day itself
_MOST_LISTED = 200

# Mark: sign, word, what it means; in the order in which one hides the other on a day.
MARKS = {
    "gap": ("⤼", "gap", "The clock leaves its time out"),
    "repeat": ("↻", "repeat", "The clock shows its time twice"),
    "deferred": ("◷", "deferred", "An exclusion makes it wait"),
    "shifted": ("→", "shifted", "It falls on another day than its rule names"),
    "paused": ("‖", "paused", "The schedule is paused then"),
    "skipped": ("✕", "skipped", "An exclusion skips it"),
    "none": ("•", "fires", "It fires as its rule says"),
}


@dataclass(frozen=True)
class Day:
    """One cell: what happens on this day by the clock of the schedule."""

    number: int
    count: int
    mark: str
    sign: str
    title: str
    is_closed: bool


@dataclass(frozen=True)
class Month:
    """A month as weeks from Monday on; None where a day is another month's."""

    name: str
    weeks: list[list[Day | None]]


@dataclass(frozen=True)
class OddFire:
    """A fire, or a skipped slot, of which there is more to tell than its time."""

    shown: SafeString
    utc: SafeString
    business_date: date
    word: str
    mark: str
    note: str


@dataclass(frozen=True)
class Picture:
    """All of the page; ``cut_at`` when more than can be shown comes after it."""

    months: list[Month]
    odd: list[OddFire]
    odd_count: int
    fire_count: int
    cut_at: datetime | None
    problem: str


def draw(schedule: JobSchedule, *, first: date, now: datetime) -> Picture:
    """Draw the months from that of ``first`` on; raise ``InvalidRule`` when there is no rule."""
    spec, rule = spec_of(schedule), rule_of(schedule)
    start = datetime.combine(first.replace(day=1), time(), tzinfo=load_zone(spec.timezone))
    found = simulate(rule, spec, start=start.astimezone(UTC), months=MONTHS, most=MOST_FIRES)
    fires = [(fire, _mark(fire, schedule, now)) for fire in found.fires]
    by_day: dict[date, list[tuple[SimulatedFire, str]]] = defaultdict(list)
    for fire, mark in fires:
        by_day[fire.local.date()].append((fire, mark))
    odd = [_odd(fire, mark) for fire, mark in fires if mark != "none" or fire.notes]
    calendar = spec.calendar or WEEKENDS_ONLY
    months = [_month(first, n, by_day, calendar) for n in range(MONTHS)]
    return Picture(
        months=months,
        odd=odd[:_MOST_LISTED],
        odd_count=len(odd),
        fire_count=sum(mark not in ("skipped", "paused") for _, mark in fires),
        cut_at=found.fires[-1].local if found.is_cut and found.fires else None,
        problem=_problem(found, start, calendar),
    )


def month_of(text: str, default: date) -> date:
    """The first day of a month written "2027-03"; ``default``'s for what is none in reach."""
    try:
        asked = date.fromisoformat(f"{text}-01")
    except ValueError:
        asked = default
    return asked.replace(day=1) if 1970 <= asked.year < 2190 else default.replace(day=1)


def later(month: date, months: int) -> date:
    """The first of the month that is so many months later, or earlier."""
    years, index = divmod(month.year * 12 + month.month - 1 + months, 12)
    return date(years, index + 1, 1)


def _mark(fire: SimulatedFire, schedule: JobSchedule, now: datetime) -> str:
    if fire.mark == "skipped" or schedule.paused_at is None or fire.at <= now:
        return fire.mark
    is_paused = schedule.resume_at is None or fire.at <= schedule.resume_at
    return "paused" if is_paused else fire.mark


def _month(
    first: date,
    number: int,
    by_day: dict[date, list[tuple[SimulatedFire, str]]],
    calendar: BusinessCalendar,
) -> Month:
    month = later(first, number)
    weeks = Calendar().monthdatescalendar(month.year, month.month)
    return Month(
        name=f"{month:%B %Y}",
        weeks=[
            [_day(day, by_day[day], calendar) if day.month == month.month else None for day in week]
            for week in weeks
        ],
    )


def _day(day: date, fires: list[tuple[SimulatedFire, str]], calendar: BusinessCalendar) -> Day:
    marks = {mark for _, mark in fires}
    mark = next((mark for mark in MARKS if mark in marks), "")
    told = [_told(fire, mark) for fire, mark in fires[:_MOST_TOLD]]
    more = [f"and {len(fires) - _MOST_TOLD} more"] * (len(fires) > _MOST_TOLD)
    name = calendar.holidays.get(day)
    return Day(
        number=day.day,
        count=sum(mark not in ("skipped", "paused") for _, mark in fires),
        mark=mark,
        sign=MARKS[mark][0] if mark else "",
        title="\n".join([f"{day:%a %d %B %Y}", *([name] if name else []), *told, *more]),
        is_closed=_is_closed(day, calendar),
    )


def _told(fire: SimulatedFire, mark: str) -> str:
    words = [] if mark in ("none", "skipped") else [MARKS[mark][1]]
    clock = f"{fire.local:%H:%M:%S}"
    return ": ".join([clock, "; ".join([*words, *fire.notes])]) if words or fire.notes else clock


def _odd(fire: SimulatedFire, mark: str) -> OddFire:
    note = "; ".join(fire.notes) or MARKS[mark][2]
    shown, utc = local_time(fire.local), short_moment(fire.at)
    return OddFire(shown, utc, fire.business_date, MARKS[mark][1], mark, note)


def _is_closed(day: date, calendar: BusinessCalendar) -> bool:
    try:
        return not calendar.is_business_day(day)
    except CalendarOutOfDate:
        return False


def _problem(found: Simulation, start: datetime, calendar: BusinessCalendar) -> str:
    """Say that the calendar ends before the months do."""
    last = later(start.date(), MONTHS) - timedelta(days=1)
    if not found.is_cut or last.year <= calendar.last_year:
        return ""
    return f"The calendar {calendar.name} has dates up to {calendar.last_year}; extend its years."
