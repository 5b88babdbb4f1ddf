"""Executions in the admin, and what they add to the pages of jobs."""

from executions.admin import execution, history, job, worker

__all__ = ["execution", "history", "job", "worker"]
