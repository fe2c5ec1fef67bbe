"""A registry of one's own on 127.0.0.1, Debian's docker-registry, for tests of pull and push.

It keeps what it has in a folder of its own, takes a free port and ends with the block; its process
ends with ours whatever happens. With a user it wants a password, with `tls` it speaks https with a
certificate that nobody has signed.
"""

import json
import os
import signal
import socket
import ssl
import subprocess  # noqa: TID251 (the scripts are no part of the package)
import sys
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.lib import processes, programs

START_LIMIT = 20.0
STOP_LIMIT = 10.0


class NotStarted(Exception):
    """The registry ended, or did not answer, before it was ready; the text has its log's end."""


@dataclass(frozen=True)
class Registry:
    """A registry that runs. `certificate` is its own where it speaks TLS."""

    port: int
    base: Path
    certificate: Path | None = None
    credentials: tuple[str, str] | None = None

    @property
    def host(self) -> str:
        """Its name in a reference; one that containerd takes for this machine."""
        return f"127.0.0.1:{self.port}"

    @property
    def elsewhere(self) -> str:
        """A name that leads there too, and that containerd takes for another machine's.

        For names of this machine ctr makes exceptions: no certificate is looked at, http will do.
        """
        return f"0.0.0.0:{self.port}"

    @property
    def log(self) -> Path:
        """What it wrote: a line for each request."""
        return self.base / "log"

    def tags(self, repository: str) -> list[str]:
        """The tags of a repository, as the registry itself tells them."""
        return [str(tag) for tag in self._ask(f"/v2/{repository}/tags/list")["tags"]]

    def answers(self) -> bool:
        """Whether something accepts connections."""
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def _ask(self, path: str) -> dict[str, list[str]]:
        scheme = "http" if self.certificate is None else "https"
        request = urllib.request.Request(f"{scheme}://127.0.0.1:{self.port}{path}")  # noqa: S310
        if self.credentials is not None:
            basic = b64encode(":".join(self.credentials).encode()).decode()
            request.add_header("Authorization", f"Basic {basic}")
        trust = self.certificate and ssl.create_default_context(cafile=self.certificate)
        with urllib.request.urlopen(request, context=trust or None) as answer:  # noqa: S310
            found: dict[str, list[str]] = json.load(answer)
        return found


@contextmanager
def holding(registry: Registry, answers: int) -> Iterator[tuple[Registry, Callable[[], None]]]:
    """The registry on another port, where it holds after so many bytes; and what lets it go on."""
    port = free_port()
    top = Path(__file__).parents[2]
    relay = subprocess.Popen(
        [
            *(sys.executable, "-m", "scripts.lib.holding"),
            *(str(port), str(registry.port), str(answers)),
        ],
        cwd=top,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=processes.end_with(os.getpid()),  # noqa: PLW1509
    )
    seen = replace(registry, port=port)
    try:
        if not processes.until(seen.answers, START_LIMIT):
            raise NotStarted("the relay did not start")
        yield seen, lambda: relay.send_signal(signal.SIGUSR1)
    finally:
        relay.kill()
        relay.wait()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    base: Path, *, user: str | None = None, password: str = "", tls: bool = False
) -> Iterator[Registry]:
    """A registry in the folder `base`. Raises NotStarted, programs.Unavailable."""
    folder = programs.ensure(names=("docker-registry", "htpasswd"))
    base.mkdir(parents=True, exist_ok=True)
    registry = Registry(
        free_port(),
        base,
        _make_certificate(base) if tls else None,
        (user, password) if user is not None else None,
    )
    configuration = base / "config.yml"
    # a JSON text is YAML as well
    configuration.write_text(json.dumps(_configuration(registry, folder)))
    with registry.log.open("ab") as log:
        server = subprocess.Popen(
            [folder / "docker-registry", "serve", configuration],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=processes.end_with(os.getpid()),  # noqa: PLW1509
        )
    try:
        processes.until(lambda: server.poll() is not None or registry.answers(), START_LIMIT)
        if server.poll() is not None or not registry.answers():
            said = registry.log.read_text(errors="replace")[-2000:]
            raise NotStarted(f"docker-registry did not start:\n{said}")
        yield registry
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _configuration(registry: Registry, folder: Path) -> dict[str, object]:
    http: dict[str, object] = {"addr": f"127.0.0.1:{registry.port}", "secret": "of-a-test"}
    if registry.certificate is not None:
        certificate = str(registry.certificate)
        http["tls"] = {"certificate": certificate, "key": str(registry.base / "key.pem")}
    configuration: dict[str, object] = {
        "version": "0.1",
        "log": {"level": "info", "accesslog": {"disabled": False}},
        "storage": {"filesystem": {"rootdirectory": str(registry.base / "data")}},
        "http": http,
    }
    if registry.credentials is not None:
        passwords = registry.base / "htpasswd"
        name, password = registry.credentials
        made = subprocess.run(
            [folder / "htpasswd", "-niB", name],
            input=password,
            capture_output=True,
            text=True,
            check=True,
        )
        passwords.write_text(made.stdout)
        configuration["auth"] = {"htpasswd": {"realm": "test", "path": str(passwords)}}
    return configuration


def _make_certificate(base: Path) -> Path:
    """A certificate of nobody's but its own, for 127.0.0.1 and 0.0.0.0; Debian has openssl."""
    certificate = base / "certificate.pem"
    subprocess.run(
        [
            *("/usr/bin/env", "openssl", "req", "-x509", "-newkey", "ec", "-nodes"),
            *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2", "-subj", "/CN=kuke-ctr"),
            *("-addext", "subjectAltName=IP:127.0.0.1,IP:0.0.0.0"),
            *("-keyout", str(base / "key.pem"), "-out", str(certificate)),
        ],
        capture_output=True,
        check=True,
    )
    return certificate
