"""What a container says, on its way into the log, with no secret in it."""

import codecs
from collections.abc import Iterable, Sequence

from core.secret_references import Mask
from executions.capture import LineStream, LogBuffer


class Streams:
    """Both streams of one container; its last lines stay for the message of a failure."""

    def __init__(self, lines: LogBuffer, mask: Mask) -> None:
        self._out = _HidingStream(lines, "stdout", "INFO", mask)
        self._err = _HidingStream(lines, "stderr", "ERROR", mask)
        new = codecs.getincrementaldecoder("utf-8")
        self._decoders = {self._out: new("replace"), self._err: new("replace")}

    def take(self, pieces: Iterable[tuple[bytes | None, bytes | None]]) -> None:
        """Collect all pieces, each of one stream or the other, until there are no more."""
        for out, err in pieces:
            for stream, data in ((self._out, out), (self._err, err)):
                if data:
                    stream.write(self._decoders[stream].decode(data))

    def finish(self) -> None:
        """Keep what stands after the last line breaks."""
        for stream, decoder in self._decoders.items():
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
