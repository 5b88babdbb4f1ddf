"""Executions in the admin, what they add to the pages of jobs and queues, and its first page."""

from executions.admin import dashboard, execution, history, job, queue, worker

__all__ = ["dashboard", "execution", "history", "job", "queue", "worker"]
