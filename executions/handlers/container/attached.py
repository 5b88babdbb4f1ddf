"""The connection on which the engine passes on what a container says."""

import io
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Self

from executions.handlers.container.engine import connect, translated

STDOUT, STDERR = 1, 2
_HEADER = struct.Struct(">BxxxL")  # which stream, and how many bytes follow
_CHUNK = 64 * 1024


class Attached:
    """Both streams of a container in one connection, read as they come, for as long as it takes."""

    def __init__(self, container: str) -> None:
        with translated():
            pipe = connect().attach_socket(container, {"stdout": 1, "stderr": 1, "stream": 1})
        # Not by the SDK's own reader: it waits for a socket although TLS holds what has arrived.
        link: Any = getattr(pipe, "_sock", pipe)
        link.settimeout(None)  # a container may be silent for as long as it likes
        self._stack = ExitStack()
        self._stack.callback(link.close)
        self._stack.callback(pipe.close)
        self._file: io.BufferedReader = self._stack.enter_context(link.makefile("rb"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Yield pieces with the number of their stream, until the container has closed both."""
        while len(header := self._file.read(_HEADER.size)) == _HEADER.size:
            stream, left = _HEADER.unpack(header)
            while left and (piece := self._file.read1(min(left, _CHUNK))):
                left -= len(piece)
                yield stream, piece
