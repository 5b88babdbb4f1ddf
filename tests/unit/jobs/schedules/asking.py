"""Short ways to ask a rule, so that the tables of the tests stay readable."""

from datetime import UTC, datetime

from jobs.schedules import InvalidRule, Rule, RuleSpec, compile_rule


def utc(text: str) -> datetime:
    """An instant from ISO text without an offset."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def shown(moment: datetime | None) -> str | None:
    """The instant as text, seconds only where they matter."""
    if moment is None:
        return None
    assert moment.tzinfo is UTC
    return moment.isoformat(timespec="auto").removesuffix("+00:00").removesuffix(":00")


def cron(expression: str, timezone: str = "UTC", **fields) -> Rule:
    spec = RuleSpec(kind="cron", cron_expression=expression, timezone=timezone, **fields)
    return compile_rule(spec)


def cron_if_ever(expression: str, timezone: str = "UTC", **fields) -> Rule | None:
    """The rule, or None when its dates can never come."""
    try:
        return cron(expression, timezone, **fields)
    except InvalidRule as invalid:
        if [error.code for error in invalid.errors] != ["never_fires"]:
            raise
        return None


def fires(rule: Rule, after: str, count: int) -> list[str | None]:
    """The next ``count`` fires, each asked for with the one before."""
    found, moment = [], utc(after)
    for _ in range(count):
        fire = rule.next(moment)
        found.append(shown(fire))
        if fire is None:
            break
        assert fire > moment
        moment = fire
    return found


def refusal(**fields) -> InvalidRule:
    """Why these fields do not make a rule."""
    try:
        compile_rule(RuleSpec(**fields))
    except InvalidRule as invalid:
        return invalid
    raise AssertionError(f"accepted: {fields}")
