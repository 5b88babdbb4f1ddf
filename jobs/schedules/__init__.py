"""When a schedule fires: rules compiled once, asked many times. Pure: knows no framework, no clock.

``compile_rule`` checks a ``RuleSpec`` and gives a ``Rule``; ``Rule.next`` gives the next instant,
``Rule.explain`` what that instant stands for.
"""

from jobs.schedules.errors import FieldError, InvalidRule
from jobs.schedules.nominal import Nominal
from jobs.schedules.rule import Rule, RuleSpec, compile_rule

__all__ = ["FieldError", "InvalidRule", "Nominal", "Rule", "RuleSpec", "compile_rule"]
