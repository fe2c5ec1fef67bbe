"""One host: its settings, its ctr, and which namespaces its containerd has."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kuke_ctr.backends.choice import Backend, may_serve
from kuke_ctr.backends.ctr import quiet
from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.errors import CtrMissing, KukeCtrError
from kuke_ctr.kukeon.realms import Resolution, resolve
from kuke_ctr.kukeon.settings import THE_DEFAULT, Settings

if TYPE_CHECKING:
    from kuke_ctr.backends.ctr.tables import ListCall, R
    from kuke_ctr.backends.nerdctl.client import Nerdctl
    from kuke_ctr.records import Listing


class Host:
    """What a recipe needs to know. The namespaces are asked for at most once."""

    def __init__(self, settings: Settings, ctr: Ctr) -> None:
        self.settings = settings
        self.ctr = ctr
        self._namespaces: frozenset[str] | KukeCtrError | None = None
        self._nerdctl: Nerdctl | KukeCtrError | None = None

    def fetch(
        self,
        table: "ListCall[R]",
        namespaces: Sequence[str],
        filters: Sequence[str] = (),
        wanted: Collection[str] | None = None,
    ) -> "list[Listing[R] | KukeCtrError]":
        """The table of each namespace, through the backend that serves it; as `tables.fetch`.

        ctr's filters are ctr's: with one it serves, whatever the backend. `wanted` are the fields
        that are needed (None: all): nerdctl needs a second call for some.
        """
        nerdctl = self.nerdctl_for(" ".join(table.words), filters)
        if nerdctl is None:
            from kuke_ctr.backends.ctr.tables import fetch  # late: a shell needs no records

            return fetch(self.ctr, table, namespaces, filters)
        from kuke_ctr.backends.nerdctl.lists import fetch_list  # late: mostly ctr serves

        return fetch_list(nerdctl, self.ctr, table, namespaces, wanted)

    def nerdctl_for(self, operation: str, filters: Sequence[str] = ()) -> "Nerdctl | None":
        """The nerdctl that serves an operation (`images ls`); None where ctr does.

        With `--backend nerdctl` what is wrong with nerdctl is raised; with `auto` it is a warning,
        and ctr serves. Whether it can be used is asked once. `filters` of ctr's are ctr's to apply.
        """
        backend = self.settings.backend
        if not may_serve(backend, operation):
            return None
        if filters:
            self.ctr.notice(f"note: nerdctl does not have ctr's filters: `ctr {operation}` answers")
            return None
        from kuke_ctr.kukeon.nerdctl import usable_nerdctl  # late: mostly ctr serves

        if self._nerdctl is None:
            try:
                self._nerdctl = usable_nerdctl(self.settings, self.ctr)
            except KukeCtrError as error:
                self._nerdctl = error
                if backend is Backend.AUTO and not self._has_none(error):
                    self.ctr.notice(f"warning: nerdctl is not used: {error.message}")
        if not isinstance(self._nerdctl, KukeCtrError):
            return self._nerdctl
        if backend is Backend.AUTO:
            return None
        raise self._nerdctl

    def _has_none(self, error: KukeCtrError) -> bool:
        """Whether this host simply has no nerdctl, and nobody named one."""
        return isinstance(error, CtrMissing) and self.settings.nerdctl_source == THE_DEFAULT

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
