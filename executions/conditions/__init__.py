"""Conditions of schedules, judged by the worker that has claimed a slot, before its handler.

Only slots of schedules are judged, and only until the handler was called once: what people trigger
or run again runs, and so does a retry. A look that lets the handler run is on record before it is
called. One that does not is written together with what follows from it. So an execution that goes
on, and has a look on record that was not false, has been let through (``sql/claim.sql``).
"""

from executions.conditions.looking import judge_condition, record_look

__all__ = ["judge_condition", "record_look"]
