"""A Docker Engine for the tests of one session, with an image made of one static program.

It needs root, Debian's ``docker.io`` and ``busybox-static``. It keeps everything in a folder of its
own and changes no firewall and no bridge of the machine. Nothing is pulled from anywhere.
"""

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import docker
import pytest

from executions.handlers.container.keeper import open_connection
from tests.platform import until

IMAGE = "tests/busybox:1"
NEEDED = {"dockerd": "docker.io", "busybox": "busybox-static"}


class DockerEngine:
    """One ``dockerd`` with its containerd."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="scheduler-docker-"))
        self.host = f"unix://{self.folder}/socket"
        self.log = self.folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def client(self) -> Any:
        """A new client; close it."""
        return docker.APIClient(base_url=self.host, timeout=30)

    def start(self) -> None:
        words = [f"--host={self.host}", "--storage-driver=vfs", "--bridge=none", "--ip-masq=false"]
        words += ["--iptables=false", "--ip6tables=false", f"--pidfile={self.folder}/pid"]
        words += [f"--data-root={self.folder}/data", f"--exec-root={self.folder}/exec"]
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [program("dockerd"), *words, "--shutdown-timeout=1"],
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(self._answers, within=60, what="the Docker Engine answers")

    def stop(self) -> None:
        """Stop it, and all containers with it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise AssertionError(f"dockerd has ended:\n{self.log.read_text()[-4000:]}")
        connection = open_connection(self.host)
        with suppress(OSError), closing(connection):
            connection.request("GET", "/_ping")
            return connection.getresponse().status == 200
        return False


def import_image(client: Any, name: str, **changes: Any) -> None:
    """Make an image of busybox alone, under all its names."""
    repository, _, tag = name.rpartition(":")
    client.import_image_from_data(file_system(), repository=repository, tag=tag, **changes)


def file_system() -> bytes:
    """Return the image's file system as an archive."""
    busybox = Path(program("busybox")).read_bytes()
    listed = subprocess.run(
        [program("busybox"), "--list"], capture_output=True, text=True, check=True
    )
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        folder = tarfile.TarInfo("bin")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(folder)
        entry = tarfile.TarInfo("bin/busybox")
        entry.size, entry.mode = len(busybox), 0o755
        tar.addfile(entry, io.BytesIO(busybox))
        for name in set(listed.stdout.split()) - {"busybox"}:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return archive.getvalue()


def program(name: str) -> str:
    """Return where a program is."""
    path = shutil.which(name)
    assert path is not None, f"{name} is missing"
    return path


def missing() -> str | None:
    """Return why no Docker Engine can be started here, None if one can."""
    packages = [package for name, package in NEEDED.items() if not shutil.which(name)]
    if packages:
        return f"on Debian: apt-get install {' '.join(packages)}"
    return None if os.geteuid() == 0 else "starting dockerd takes root"


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[DockerEngine]:
    """A running engine that has the image; outside continuous integration it may be missing."""
    if reason := missing():
        tell = pytest.fail if {"CI", "TEST_ALL"} & os.environ.keys() else pytest.skip
        tell(f"containers were not tested: {reason}")
    engine = DockerEngine()
    try:
        engine.start()
        client = engine.client
        import_image(client, IMAGE)
        client.close()
        yield engine
    finally:
        engine.stop()
        engine.remove()
