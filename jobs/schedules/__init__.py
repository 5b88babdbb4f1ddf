"""When a schedule fires: rules compiled once, asked many times. Pure: knows no framework, no clock.

``compile_rule`` checks a ``RuleSpec`` and gives a ``Rule``; ``Rule.next`` gives the next instant,
``Rule.explain`` what that instant stands for.
"""

from jobs.schedules.business import BusinessCalendar, CalendarOutOfDate
from jobs.schedules.business_dates import BusinessDates
from jobs.schedules.compiling import compile_rule
from jobs.schedules.errors import FieldError, InvalidRule
from jobs.schedules.exclusions import Exclusion
from jobs.schedules.nominal import Nominal
from jobs.schedules.rule import Rule
from jobs.schedules.spec import FIELDS_OF_KIND, RuleSpec
from jobs.schedules.verdict import Verdict

__all__ = [
    "FIELDS_OF_KIND",
    "BusinessCalendar",
    "BusinessDates",
    "CalendarOutOfDate",
    "Exclusion",
    "FieldError",
    "InvalidRule",
    "Nominal",
    "Rule",
    "RuleSpec",
    "Verdict",
    "compile_rule",
]
