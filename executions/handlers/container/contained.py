"""One container, from its creation to its removal, as the worker child sees it."""

import time
from typing import Any

from core.secret_references import Mask
from executions.handlers.container.attached import Attached
from executions.handlers.container.clearing import remove_earlier
from executions.handlers.container.engine import (
    EngineAway,
    EngineRefused,
    connect,
    inspect,
    remove,
    translated,
)
from executions.handlers.container.exchange import Places, put_files
from executions.handlers.container.images import provide
from executions.handlers.container.kept import Keeper
from executions.handlers.container.specification import options_of, specify, user_of
from executions.handlers.container.streams import Streams
from executions.upstream import upstream_document
from executions.watchdog import Guard

_LOOK_SECONDS = 0.05
_PATIENCE_SECONDS = 10.0  # while an engine that was there does not answer


class Stopped(Exception):
    """The attempt has to stop, and its container is not started."""


class NotStarted(Exception):
    """The engine created the container, but its command does not start; the message says why."""


class Contained:
    """The container of one attempt, and all that it says.

    It carries the attempt out for the guard (:class:`~executions.watchdog.Remote`).
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._claim = guard.claim
        self.mask = Mask()
        self.streams = Streams(guard.lines, self.mask)
        self.id = ""
        self._keeper: Keeper | None = None
        self._is_stopping = False

    def stop(self) -> None:
        """Have the container stopped; after its grace it is killed."""
        self._is_stopping = True
        if self._keeper is not None:
            self._keeper.tell("stop")

    def extend(self, ends_at: float) -> None:
        """Let the container go on until then."""
        if self._keeper is not None:
            self._keeper.tell(f"lease {ends_at}")

    def run(self) -> dict[str, Any]:
        """Carry the attempt out; return the state in which the container ended."""
        if remove_earlier(self._claim):
            self._say("A container that an earlier attempt had left was removed.")
        options = options_of(self._claim)
        image = self._claim.snapshot["container_image"]
        provide(image, options, self.mask, goes_on=lambda: not self._is_stopping)
        self._go_on()
        self._create()
        self._begin_keeping()
        self._go_on()
        self._start()
        return self._await_end()

    def close(self) -> None:
        """Remove the container, if there is one; without an engine, leave it to the sweep."""
        is_gone = True
        if self.id:
            try:
                remove(self.id)
            except (EngineAway, EngineRefused) as error:
                is_gone = False
                self._say(f"The container was not removed; the sweep tries again. {error}")
        if self._keeper is not None:
            self._keeper.end(is_gone=is_gone)

    def _begin_keeping(self) -> None:
        keeper = Keeper(self.id, lease_ends_at=self._guard.ends_at())
        with self._guard.lock:  # a renewal or a stop falls before this, or after
            self._keeper = keeper
            self.extend(self._guard.ends_at())

    def _create(self) -> None:
        specification = specify(self._claim, self.mask, self._guard.lines)
        with translated():
            # Without the proxies of the worker's user: their addresses may hold a password.
            created = connect().create_container(**specification, use_config_proxy=False)
            self.id = created["Id"]
        files: dict[str, Any] = {Places.parameters_file: self._claim.parameters}
        if self._claim.has_upstream:
            files[Places.upstream_file] = upstream_document(self._guard.context.upstream)
        if self._claim.checkpoint is not None:
            files[Places.checkpoint_file] = self._claim.checkpoint
        put_files(self.id, files, user=user_of(self._claim))

    def _start(self) -> None:
        with Attached(self.id) as pieces:
            try:
                with translated():
                    connect().start(self.id)
            except EngineRefused as error:
                raise NotStarted(str(error)) from None
            try:
                self.streams.take(pieces)
            except OSError:
                self._say("The connection to the Docker Engine broke; what follows was not heard.")
        self.streams.finish()

    def _await_end(self) -> dict[str, Any]:
        """Look until the container has ended: its streams may have ended before."""
        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                found = inspect(self.id)
            except EngineAway:
                if time.monotonic() > give_up_at:
                    raise
            else:
                give_up_at = time.monotonic() + _PATIENCE_SECONDS
                state: dict[str, Any] = found["State"] if found is not None else {}
                if not (state.get("Running") or state.get("Status") in ("created", "restarting")):
                    return state
            time.sleep(_LOOK_SECONDS)

    def _go_on(self) -> None:
        if self._is_stopping:
            raise Stopped

    def _say(self, message: str) -> None:
        self._guard.lines.add(level="WARNING", stream="platform", message=message)
