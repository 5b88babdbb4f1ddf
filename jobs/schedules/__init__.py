"""When a schedule fires: rules compiled once, asked many times. Pure: knows no framework, no clock.

``compile_rule`` checks a ``RuleSpec`` and gives a ``Rule``; ``Rule.next`` gives the next instant,
``Rule.explain`` what that instant stands for.
"""

from jobs.schedules.errors import FieldError, InvalidRule
from jobs.schedules.nominal import Nominal
from jobs.schedules.rule import FIELDS_OF_KIND, Rule, RuleSpec, compile_rule

__all__ = [
    "FIELDS_OF_KIND",
    "FieldError",
    "InvalidRule",
    "Nominal",
    "Rule",
    "RuleSpec",
    "compile_rule",
]
