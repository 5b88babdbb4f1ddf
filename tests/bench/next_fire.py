"""(next) What the next fire of a compiled rule costs, beside croniter and cronsim.

Processor time, so that whatever else runs on the machine counts as little as possible.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim
from rich.console import Console

from jobs.schedules import Rule, RuleSpec, compile_rule
from jobs.schedules.business import BusinessCalendar
from jobs.schedules.zone import zone_names
from tests.bench.report import Spread, Table

ROUNDS = 7
START = datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC)
ZONES = ("UTC", "America/New_York")
MANY = 1_000


@dataclass(frozen=True)
class Expression:
    """A cron expression, and which of the other two understand it."""

    text: str
    fires: int = 200  # in a row; fewer where they are years apart
    croniter: bool = True
    cronsim: bool = True


COMMON = (
    Expression("* * * * *"),
    Expression("*/5 * * * *"),
    Expression("0 2 * * *"),
    Expression("0 9 * * 1-5"),
    Expression("0 0 1 * *"),
)
HARD = (
    Expression("0 0 L * *"),
    Expression("0 0 15W * *", cronsim=False),
    Expression("0 0 LW * *", croniter=False),
    Expression("0 0 * * 5#3"),
    Expression("0 0 29 2 *", fires=15),
    Expression("0 0 29 2 +MON", fires=4, croniter=False, cronsim=False),
    Expression("5,10,15 8-18/2 1,15 1-6 MON-FRI"),
)

Step = Callable[[], object]  # goes on to the next fire


def measure(*, say: Console) -> list[Table]:
    """Time rows of fires in a row, one zone and expression after the other."""
    return [*(measure_beside(zone, say=say) for zone in ZONES), measure_many(say=say)]


def measure_beside(zone: str, *, say: Console) -> Table:
    """Each expression in one zone, beside the two others."""
    table = Table(
        "next",
        f"µs per next fire in {zone}, once compiled: median of {ROUNDS} rounds (least-most)",
        ["expression", "ours", "croniter 7", "cronsim 2"],
    )
    for expression in (*COMMON, *HARD):
        say.print(f"next: {expression.text} in {zone}")
        table.add(expression.text, *time_contenders(expression, zone))
    return table


def time_contenders(expression: Expression, zone: str) -> list[Spread | None]:
    """The three side by side, each round of all before the next round of any."""
    local = START.astimezone(ZoneInfo(zone))
    makers = [
        lambda: step_rule(rule_of(expression.text, zone)),
        (lambda: step_croniter(expression.text, local)) if expression.croniter else None,
        (lambda: CronSim(expression.text, local).__next__) if expression.cronsim else None,
    ]
    timings: list[list[float]] = [[] for _ in makers]
    for _ in range(ROUNDS):
        for maker, found in zip(makers, timings, strict=True):
            if maker is not None:
                found.append(time_steps(maker, fires=expression.fires))
    return [Spread.of(found) if found else None for found in timings]


def time_steps(maker: Callable[[], Step], *, fires: int) -> float:
    """The mean of so many fires in a row (µs), begun anew until there are enough to time."""
    spent, counted = 0.0, 0
    while counted < 400:
        step = maker()
        begun = time.process_time()
        for _ in range(fires):
            step()
        spent += time.process_time() - begun
        counted += fires
    return spent / counted * 1e6


def rule_of(expression: str, zone: str) -> Rule:
    return compile_rule(RuleSpec(kind="cron", cron_expression=expression, timezone=zone))


def step_rule(rule: Rule) -> Step:
    """Ask a rule from each fire on, as the planner does."""
    fire = START

    def step() -> None:
        nonlocal fire
        following = rule.next(fire)
        assert following is not None
        fire = following

    return step


def step_croniter(expression: str, start: datetime) -> Step:
    peer = croniter(expression, start)
    return lambda: peer.get_next(datetime)


def measure_many(*, say: Console) -> Table:
    """One rule against as many different ones in turn: caches must not be what makes it fast."""
    table = Table(
        "next",
        f"µs per next fire: one rule, and {MANY:,} of distinct zones and calendars in turn",
        ["kind", "one", f"{MANY:,} in turn"],
    )
    zones = sorted(zone_names())
    specs = {
        "cron, 0 2 * * *": [
            RuleSpec(kind="cron", cron_expression="0 2 * * *", timezone=zone)
            for zone in (zones * 2)[:MANY]
        ],
        "3rd business day": [business_day_spec(zones, number) for number in range(MANY)],
    }
    for kind, written in specs.items():
        say.print(f"next: {MANY:,} rules, {kind}")
        rules = [compile_rule(spec) for spec in written]
        one = [rules[zones.index("America/New_York")]] * MANY
        time_in_turn(rules)  # what is found out once for each rule is not counted
        rounds = [(time_in_turn(one), time_in_turn(rules)) for _ in range(ROUNDS)]
        table.add(kind, *(Spread.of(list(found)) for found in zip(*rounds, strict=True)))
    return table


def business_day_spec(zones: list[str], number: int) -> RuleSpec:
    """A rule in a zone, with a calendar that no other rule has."""
    first = datetime(2025, 1, 1, tzinfo=UTC).date() + timedelta(days=number % 300)
    holidays = {first + timedelta(days=37 * count): "closed" for count in range(60)}
    calendar = BusinessCalendar(
        name=f"calendar {number}", version=1, holidays=holidays, first_year=2025, last_year=2030
    )
    return RuleSpec(
        kind="monthly_business_day",
        time_of_day=time_of_day(6),
        business_day_of_month=3,
        timezone=zones[number % len(zones)],
        calendar=calendar,
    )


def time_in_turn(rules: list[Rule]) -> float:
    """The mean over all rules of their next fire (µs), from instants within one year."""
    instants = [START + timedelta(hours=8 * number) for number in range(len(rules))]
    begun = time.process_time()
    for rule, instant in zip(rules, instants, strict=True):
        rule.next(instant)
    return (time.process_time() - begun) / len(rules) * 1e6
