"""Runs: what was opened together, one execution per job, and what has become of it."""

from executions.runs.cancelling import cancel_run
from executions.runs.reading import Node, Run, read_run
from executions.runs.rerunning import Scope, Version, rerun, rerun_run

__all__ = ["Node", "Run", "Scope", "Version", "cancel_run", "read_run", "rerun", "rerun_run"]
