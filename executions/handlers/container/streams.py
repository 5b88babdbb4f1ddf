"""What a container says, on its way into the log, with no secret in it."""

import codecs
from collections.abc import Iterable, Sequence

from core.secret_references import Mask
from executions.capture import LineStream, LogBuffer
from executions.handlers.container.attached import STDERR, STDOUT


class Streams:
    """Both streams of one container; its last lines stay for the message of a failure."""

    def __init__(self, lines: LogBuffer, mask: Mask) -> None:
        self._out = _HidingStream(lines, "stdout", "INFO", mask)
        self._err = _HidingStream(lines, "stderr", "ERROR", mask)
        new = codecs.getincrementaldecoder("utf-8")
        self._sinks = {
            STDOUT: (self._out, new("replace")),
            STDERR: (self._err, new("replace")),
        }

    def take(self, pieces: Iterable[tuple[int, bytes]]) -> None:
        """Collect all pieces, each with the number of its stream, until there are no more."""
        for number, piece in pieces:
            stream, decoder = self._sinks[number]
            stream.write(decoder.decode(piece))

    def finish(self) -> None:
        """Keep what stands after the last line breaks."""
        for stream, decoder in self._sinks.values():
            stream.write(decoder.decode(b"", final=True))
            stream.finish()

    @property
    def tail(self) -> Sequence[str]:
        """The last lines on standard error, or on standard output if there are none."""
        return list(self._err.tail or self._out.tail)


class _HidingStream(LineStream):
    """Hides secrets line by line, before a line goes anywhere."""

    def __init__(self, buffer: LogBuffer, stream: str, level: str, mask: Mask) -> None:
        super().__init__(buffer, stream, level)
        self._mask = mask

    def _keep(self, line: str) -> None:
        super()._keep(self._mask.hide(line))
