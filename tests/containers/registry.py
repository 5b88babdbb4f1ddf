"""A registry on the loopback device, with one image of one layer; it may want a login."""

import base64
import gzip
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.docker_engine import file_system

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


class Registry(ThreadingHTTPServer):
    """Serves ``<address>/reports:1``; counts how often its manifest was fetched."""

    daemon_threads = True

    def __init__(self, login: tuple[str, str] | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"127.0.0.1:{self.server_address[1]}"
        self.pulls = 0
        self.wanted = login and "Basic " + base64.b64encode(":".join(login).encode()).decode()
        layer = file_system()
        packed = gzip.compress(layer, 1)
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
        self.blobs = {_digest(data): data for data in (packed, json.dumps(config).encode())}
        packed_digest, config_digest = self.blobs
        self.manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": _MANIFEST,
                "config": _describe(_CONFIG, config_digest, self.blobs[config_digest]),
                "layers": [_describe(_LAYER, packed_digest, packed)],
            }
        ).encode()


class _Handler(BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        if self.server.wanted and self.headers.get("Authorization") != self.server.wanted:
            self._answer(401, b"{}", **{"WWW-Authenticate": 'Basic realm="tests"'})
        elif self.path == "/v2/":
            self._answer(200, b"{}")
        elif self.path.startswith("/v2/reports/manifests/"):
            self._answer_manifest()
        elif (data := self.server.blobs.get(self.path.rpartition("/")[2])) is not None:
            self._answer(200, data, **{"Content-Type": "application/octet-stream"})
        else:
            self._answer(404, b'{"errors": [{"code": "NAME_UNKNOWN", "message": "unknown"}]}')

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def _answer_manifest(self) -> None:
        reference = self.path.rpartition("/")[2]
        digest = _digest(self.server.manifest)
        if reference not in ("1", digest):
            unknown = b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}'
            self._answer(404, unknown)
            return
        self.server.pulls += 1
        headers = {"Content-Type": _MANIFEST, "Docker-Content-Digest": digest}
        self._answer(200, self.server.manifest, **headers)

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


@contextmanager
def serving(login: tuple[str, str] | None = None) -> Iterator[Registry]:
    """Serve meanwhile."""
    with Registry(login) as registry:
        thread = threading.Thread(target=registry.serve_forever, args=(0.05,))
        thread.start()
        yield registry
        registry.shutdown()
        thread.join()


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _describe(media_type: str, digest: str, data: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "size": len(data), "digest": digest}
