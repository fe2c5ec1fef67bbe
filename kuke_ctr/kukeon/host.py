"""One host: its settings, its ctr, and which namespaces its containerd has."""

from pathlib import Path

from kuke_ctr.backends.ctr import quiet
from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.realms import Resolution, resolve
from kuke_ctr.kukeon.settings import Settings


class Host:
    """What a recipe needs to know. The namespaces are asked for at most once."""

    def __init__(self, settings: Settings, ctr: Ctr) -> None:
        self.settings = settings
        self.ctr = ctr
        self._namespaces: frozenset[str] | KukeCtrError | None = None

    @property
    def namespaces(self) -> frozenset[str]:
        """The names that containerd has (`ctr namespaces ls -q`); raises where it can't be asked,
        and again where it could not be asked before: a hung daemon costs one time limit."""
        if self._namespaces is None:
            try:
                self._namespaces = quiet.namespaces(self.ctr)
            except KukeCtrError as error:
                self._namespaces = error
        if isinstance(self._namespaces, KukeCtrError):
            raise self._namespaces
        return self._namespaces

    @property
    def asked_namespaces(self) -> frozenset[str] | None:
        """The same, or None where nobody has asked yet, or there was no answer."""
        return self._namespaces if isinstance(self._namespaces, frozenset) else None

    def known_namespaces(self) -> frozenset[str] | None:
        """The same, or None where containerd can't be asked."""
        try:
            return self.namespaces
        except KukeCtrError:
            return None

    def resolve(
        self,
        realm: str | None = None,
        *,
        namespace: str | None = None,
        manifest: Path | None = None,
        changing: bool = False,
        lenient: bool = False,
    ) -> Resolution:
        """The namespace of a realm, by the rules of docs/realms.md.

        `lenient`, and where a dry run only reads: without a containerd to ask, it is a guess.
        """
        lenient = lenient or (self.ctr.processes.dry_run and not changing)
        ask = self.known_namespaces if lenient else lambda: self.namespaces
        return resolve(
            realm,
            self.settings,
            existing=ask,
            namespace=namespace,
            manifest=manifest,
            changing=changing,
        )
