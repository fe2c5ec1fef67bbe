"""A registry on 127.0.0.1 whose repositories each fail in a way of their own.

The name of the repository says how: `status/503` answers with that status, `cut/layer` ends in the
middle of a layer. `good/app:1` is a whole image. Pushing to `denied/...` is refused.
"""

import gzip
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

_OCI = "application/vnd.oci.image"
_HELM = "application/vnd.cncf.helm"


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _layer() -> bytes:
    """A gzipped layer of one file, large enough to be cut."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        info = tarfile.TarInfo("file")
        info.size = 100_000
        tar.addfile(info, io.BytesIO(bytes(i * i % 251 for i in range(info.size))))
    return gzip.compress(plain.getvalue(), 1, mtime=0)


def _configuration(layer: bytes) -> bytes:
    rootfs = {"type": "layers", "diff_ids": [_digest(gzip.decompress(layer))]}
    return json.dumps({"architecture": "amd64", "os": "linux", "rootfs": rootfs}).encode()


def _manifest(config: bytes, layer: bytes, *kinds: str) -> bytes:
    parts = [
        {"mediaType": kind, "digest": _digest(data), "size": len(data)}
        for kind, data in zip(kinds, (config, layer), strict=True)
    ]
    document = {"schemaVersion": 2, "mediaType": f"{_OCI}.manifest.v1+json"}
    return json.dumps({**document, "config": parts[0], "layers": parts[1:]}).encode()


LAYER = _layer()
_CONFIG = _configuration(LAYER)
_IMAGE = _manifest(_CONFIG, LAYER, f"{_OCI}.config.v1+json", f"{_OCI}.layer.v1.tar+gzip")
_TAR = gzip.compress(gzip.decompress(LAYER)[:-512], 9, mtime=0)
_LIES = _CONFIG.replace(_digest(gzip.decompress(LAYER)).encode(), _digest(b"").encode())
_PAYLOAD = b"what an artifact holds"
_ARTIFACTS = {
    kind: _manifest(b"{}", _PAYLOAD, config, layer)
    for kind, config, layer in (
        ("chart", f"{_HELM}.config.v1+json", f"{_HELM}.chart.content.v1.tar+gzip"),
        ("wasm", "application/vnd.wasm.config.v1+json", "application/vnd.wasm.content.layer.v1"),
        ("oras", f"{_OCI.removesuffix('.image')}.empty.v1+json", "text/plain"),
        ("cosign", f"{_OCI}.config.v1+json", "application/vnd.dev.cosign.simplesigning.v1+json"),
    )
}
_NO_TAR = b"these bytes are no archive" * 20
_DAMAGED = {  # whole as the digests go, but they can't be unpacked
    "damaged": _manifest(_CONFIG, _NO_TAR, f"{_OCI}.config.v1+json", f"{_OCI}.layer.v1.tar+gzip"),
    "lying": _manifest(_LIES, _TAR, f"{_OCI}.config.v1+json", f"{_OCI}.layer.v1.tar+gzip"),
}
_MANIFESTS = {**_ARTIFACTS, **_DAMAGED}
_BLOBS = {_digest(data): data for data in (LAYER, _CONFIG, _LIES, _TAR, _NO_TAR, _PAYLOAD, b"{}")}
_PAGE = b"<!DOCTYPE html><html><body>Sign in to the network</body></html>"

HANG = 30.0
"""Seconds that `hang/...` holds an answer back."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ended: ClassVar[threading.Event] = threading.Event()

    def log_message(self, *args: object) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        """`/v2/KIND/NAME/manifests|blobs/...`, the kind is what goes wrong."""
        kind, name, what, which = self._parts()
        if self.path.startswith("/token"):
            self._token()
        elif kind == "portal":  # the same page for everything, as a network that wants a sign-in
            self._send(200, _PAGE, Content_Type="text/html; charset=utf-8")
        elif kind == "":
            self._send(200, b"{}")
        elif what == "blobs":
            self._blob(kind, name, which)
        else:
            self._named(kind, name)

    def do_HEAD(self) -> None:
        """The same, without a body."""
        self.do_GET()

    def do_POST(self) -> None:
        """An upload: no kind takes one, but each says so in its own way."""
        kind, name, _, _ = self._parts()
        self._drain()
        if self.path.startswith("/token"):  # where there is a user name
            self._token()
        elif kind in ("good", "cut", "lacks"):
            self._send(403, _errors("DENIED", "requested access to the resource is denied"))
        else:
            self._named(kind, name)

    def do_PUT(self) -> None:
        """The same."""
        self.do_POST()

    def _parts(self) -> tuple[str, str, str, str]:
        words = self.path.partition("?")[0].split("/")[2:]
        kind, name, what, which = [*words, "", "", "", ""][:4]
        return kind, name, what, which

    def _drain(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        headers.setdefault("Content_Length", str(len(body)))
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _document(self, body: bytes, kind: str = f"{_OCI}.manifest.v1+json") -> None:
        self._send(200, body, Content_Type=kind, Docker_Content_Digest=_digest(body))

    def _named(self, kind: str, name: str) -> None:
        """A manifest, or what the registry says instead."""
        if kind == "status":
            self._send(int(name), b"")
        elif kind == "code":  # the codes of the distribution specification
            status, _, code = name.partition("-")
            self._send(int(status), _errors(code.upper(), "said by the registry"))
        elif kind == "basic":
            self._send(401, b"", WWW_Authenticate='Basic realm="test"')
        elif kind == "bearer":
            where = f"http://{self.headers['Host']}/token/{name}"
            self._send(401, b"", WWW_Authenticate=f'Bearer realm="{where}",service="s"')
        elif kind == "redirect":
            self._send(307, b"", Location=f"http://127.0.0.1:9/{name}")
        elif kind == "loop":
            self._send(307, b"", Location=self.path)
        elif kind == "hang":
            self.ended.wait(HANG)
            self.close_connection = True
        elif kind == "close":
            self.close_connection = True
        else:
            self._manifest(kind, name)

    def _manifest(self, kind: str, name: str) -> None:
        """A document, or what comes in its place."""
        if kind == "page":
            self._send(200, _PAGE, Content_Type="text/html")
        elif kind == "cut" and name == "manifest":
            self._send(
                200,
                _IMAGE[:100],
                Content_Type=f"{_OCI}.manifest.v1+json",
                Docker_Content_Digest=_digest(_IMAGE),
                Content_Length=str(len(_IMAGE)),
            )
            self.close_connection = True
        elif kind == "text":  # no type that anybody knows
            self._document(b"hello", "text/plain")
        elif kind == "empty":
            self._document(b"{}")
        elif kind in _MANIFESTS:
            self._document(_MANIFESTS[kind])
        else:
            self._document(_IMAGE)

    def _token(self) -> None:
        name = self.path.partition("?")[0].rpartition("/")[2]
        if name == "page":
            self._send(200, _PAGE, Content_Type="text/html")
        elif name == "denied":  # a token is given, and does not help
            self._send(200, b'{"token":"t"}')
        else:
            self._send(int(name), b"")

    def _blob(self, kind: str, name: str, which: str) -> None:
        data = _BLOBS.get(which)
        for document in (_IMAGE, *_MANIFESTS.values()):
            if which == _digest(document):
                return self._document(document)
        if data is None or (kind == "lacks" and data is LAYER):
            return self._send(404, _errors("BLOB_UNKNOWN", "blob unknown to registry"))
        if kind == "away" and data is LAYER:  # as registries do whose blobs lie elsewhere
            return self._send(307, b"", Location=f"http://127.0.0.1:9/{which}")
        if kind == "layer" and data is LAYER:  # layer/503: a status for the layer alone
            return self._send(int(name), b"")
        if kind == "cut" and data is LAYER:
            self._send(200, data[: len(data) // 2], Content_Length=str(len(data)))
            self.close_connection = True
            return None
        if kind == "other" and data is LAYER:  # as long as it should be, with other bytes
            data = bytes(len(data))
        return self._send(200, data)


def _errors(code: str, message: str) -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


@contextmanager
def odd_registry() -> Iterator[str]:
    """Its host and port, while the block runs."""
    _Handler.ended = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        _Handler.ended.set()
        server.shutdown()
        server.server_close()
