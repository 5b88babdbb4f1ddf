"""The days of the week that a rule names, as the sum of their bits."""

from jobs.schedules.days import ALL_WEEKDAYS
from jobs.schedules.errors import InvalidRule

WEEKDAY_BITS = "1 Sunday, 2 Monday, 4 Tuesday, 8 Wednesday, 16 Thursday, 32 Friday, 64 Saturday"


def weekdays_of(days_of_week: int | None, *, needing: str) -> int:
    """The bits, Sunday first as in ``DayPattern``; raise ``InvalidRule``.

    ``needing`` says what they are missed by: "a weekly rule".
    """
    if days_of_week is None:
        detail = f"{needing} needs at least one day of the week: the sum of {WEEKDAY_BITS}"
        raise InvalidRule.single("days_of_week", "required", detail)
    if type(days_of_week) is not int or not 1 <= days_of_week <= ALL_WEEKDAYS:
        detail = f"{days_of_week!r} is not a sum of {WEEKDAY_BITS}"
        raise InvalidRule.single("days_of_week", "out_of_range", detail)
    return days_of_week
