"""Celery's view of one message in the worker's main process."""

import contextlib
import os
import signal
from typing import Any

from billiard.einfo import ExceptionWithTraceback  # type: ignore[attr-defined]
from celery.exceptions import WorkerLostError
from celery.worker.request import Request as CeleryRequest


class Request(CeleryRequest):
    """Survives what stock Celery does not. The main process has no database: the lease tells."""

    def acknowledge(self) -> None:
        """Nothing: hints are consumed without acknowledgement (see ``consume_without_ack``)."""
        self.acknowledged = True

    def on_failure(
        self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False
    ) -> Any:
        failure = exc_info.exception
        if isinstance(failure, ExceptionWithTraceback):
            failure = failure.exc
        if isinstance(failure, WorkerLostError) and self.worker_pid:
            # The child is gone; what its handler started may not be.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(int(self.worker_pid), signal.SIGKILL)
        try:
            return super().on_failure(exc_info, send_failed_event, return_ok)
        except MemoryError:
            # Celery would end the whole worker for one execution's hunger.
            return None
