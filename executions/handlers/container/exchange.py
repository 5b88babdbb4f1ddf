"""Parameters into a container, its output out of it: by archives, through the engine's API.

They lie in a volume of the container's own, so the root file system can stay read-only, and no
folder has to be shared between worker and Docker host. The volume belongs to root; the container's
user has one folder in it.
"""

import io
import json
import tarfile
from typing import Any

from core.text import MAX_JSON_BYTES, NotStorable
from executions.handlers.container.engine import EngineRefused, connect, translated
from executions.handlers.out_of_process.workspace import read_json

VOLUME = "/run/scheduler"
_NAME = "attempt"
_BLOCK = 512  # bytes; what surrounds a file in an archive is a few of these
_MOST_BYTES = MAX_JSON_BYTES + 64 * _BLOCK
_WHAT = "The file named by SCHEDULER_OUTPUT_FILE"
_WHAT_CHECKPOINT = "The file named by SCHEDULER_CHECKPOINT_FILE"


class Places:
    """Where the container finds and leaves its files."""

    folder = f"{VOLUME}/{_NAME}"
    parameters_file = f"{folder}/parameters.json"
    upstream_file = f"{folder}/upstream.json"
    output_file = f"{folder}/output.json"
    checkpoint_file = f"{folder}/checkpoint.json"


def put_files(container: str, files: dict[str, Any], *, user: str) -> None:
    """Give a container that is not started its folder with these files, each written as JSON."""
    owner, group = map(int, user.split(":"))
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        _add(tar, tarfile.TarInfo(_NAME), b"", owner, group)
        for path, value in files.items():
            data = json.dumps(value, ensure_ascii=False).encode()
            _add(tar, tarfile.TarInfo(path.removeprefix(f"{VOLUME}/")), data, owner, group)
    with translated():
        connect().put_archive(container, VOLUME, archive.getvalue())


def get_output(container: str) -> str | None:
    """Return what the container wrote as strict JSON text, None if it wrote nothing.

    Raise :class:`NotStorable` for anything else. No link is followed.
    """
    return _get(container, Places.output_file, _WHAT)


def get_checkpoint(container: str) -> str | None:
    """Return the same of its checkpoint."""
    return _get(container, Places.checkpoint_file, _WHAT_CHECKPOINT)


def _get(container: str, path: str, what: str) -> str | None:
    try:
        with translated():
            chunks, _ = connect().get_archive(container, path)
            archive = bytearray()
            for chunk in chunks:
                archive += chunk
                if len(archive) > _MOST_BYTES:
                    break
    except EngineRefused as error:
        if error.status == 404:
            return None
        raise
    return read_json(_first_file(bytes(archive), what), what=what)


def _first_file(archive: bytes, what: str) -> bytes:
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
            member = tar.next()
            if member is None or not member.isreg():
                raise NotStorable(f"{what} is no regular file")
            if member.size > MAX_JSON_BYTES:
                raise NotStorable(f"{what} has more than {MAX_JSON_BYTES:,} bytes")
            file = tar.extractfile(member)
            return file.read() if file is not None else b""
    except tarfile.TarError as error:
        raise NotStorable(f"{what} cannot be read: {error}") from None


def _add(tar: tarfile.TarFile, entry: tarfile.TarInfo, data: bytes, owner: int, group: int) -> None:
    entry.uid, entry.gid = owner, group
    entry.size = len(data)
    is_folder = entry.name == _NAME
    entry.type = tarfile.DIRTYPE if is_folder else tarfile.REGTYPE
    entry.mode = 0o700 if is_folder else 0o600
    tar.addfile(entry, io.BytesIO(data))
