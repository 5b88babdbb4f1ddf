"""When a schedule fires: rules compiled once, asked many times. Pure: knows no framework, no clock.

``compile_rule`` checks a ``RuleSpec`` and gives a ``Rule``; ``Rule.next`` gives the next instant.
"""

from jobs.schedules.errors import FieldError, InvalidRule
from jobs.schedules.rule import Rule, RuleSpec, compile_rule

__all__ = ["FieldError", "InvalidRule", "Rule", "RuleSpec", "compile_rule"]
