"""One invocation, built once: its options, the host it is about, and the realms that it means.

`open_realm` is the same for programs that use kuke-ctr as a library.
"""

from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.ctr.tables import ListCall, whole
from kuke_ctr.errors import KukeCtrError, NotFound, UsageError
from kuke_ctr.kukeon.host import Host
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.kukeon.settings import Flags, Settings, Side, load
from kuke_ctr.names import is_foreign
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.runner import Processes
from kuke_ctr.processes.tell import NOBODY, Teller
from kuke_ctr.records import Image, Listing, RealmSource, Record
from kuke_ctr.render import Receiver
from kuke_ctr.shared_options import SharedOptions

if TYPE_CHECKING:
    from kuke_ctr.records import Blob, Container, Lease, Snapshot, Task

R = TypeVar("R", bound=Record)
D = TypeVar("D", "Container", "Task")

Notice = Callable[[str], None]
"""Takes a remark for a person."""

READING_LIMIT = 60.0
"""Seconds that a reading call may take where --timeout does not say."""


class OpenRealm:
    """One realm of a host. Its lists are tuples of records, in the order in which ctr gives them.

    Every method raises a KukeCtrError where there is no answer: NotFound for a namespace that does
    not exist, RowsRefused for a table with rows that can't be read (the error holds the good ones).
    """

    def __init__(self, host: Host, resolution: Resolution) -> None:
        self.host = host
        self.resolution = resolution
        self.name = resolution.name
        self.namespace = resolution.namespace

    @property
    def ctr(self) -> Ctr:
        """The ctr of the host."""
        return self.host.ctr

    @property
    def scope(self) -> Scope:
        """The ctr of the host, and the realm's namespace."""
        return Scope(self.host.ctr, self.namespace)

    @property
    def of_realm(self) -> str:
        """For messages: ` (realm main)`; nothing where a flag named the namespace."""
        flag = self.resolution.source is RealmSource.FLAG
        return "" if flag else f" (realm {self.name})"

    @property
    def described(self) -> str:
        """For messages: `realm main (namespace kukeon-main)`; only the namespace a flag named."""
        if self.resolution.source is RealmSource.FLAG:
            return f"namespace {self.namespace}"
        return f"realm {self.name} (namespace {self.namespace})"

    def images(self, *filters: str) -> tuple[Image, ...]:
        """`ctr images ls [FILTER...]`, checked against `ctr images ls -q`."""
        from kuke_ctr.backends.ctr import images

        return self.list(images.LS, *filters)

    def containers(
        self, *filters: str, columns: Collection[str] | None = None
    ) -> "tuple[Container, ...]":
        """`ctr containers ls [FILTER...]`, `ctr tasks ls` and `ctr containers info` of each.

        `columns` are the fields that are needed: the calls for the others are saved, and they may
        be None. ("id", "image", "runtime") cost one call.
        """
        from kuke_ctr.backends.ctr import containers

        return tuple(self.with_details(list(self.list(containers.LS, *filters)), columns))

    def tasks(self, *, columns: Collection[str] | None = None) -> "tuple[Task, ...]":
        """`ctr tasks ls`, in the order of the ids, `ctr containers ls` and `containers info`.

        `columns` as in `containers`; ("id", "pid", "status") cost one call.
        """
        from kuke_ctr.backends.ctr import tasks

        return tuple(self.with_details(list(self.list(tasks.LS)), columns))

    def with_details(self, rows: "list[D]", wanted: Collection[str] | None = None) -> "list[D]":
        """Containers or tasks with these of their fields (None: all), which ctr's table lacks."""
        if not rows or (
            wanted is not None and set(wanted) <= {*rows[0].table, "host", "realm", "extra"}
        ):
            return rows
        from kuke_ctr.recipes.container_details import with_details

        return with_details(self.host, self.resolution, rows, wanted)

    def snapshots(self) -> "tuple[Snapshot, ...]":
        """`ctr snapshots ls`, of ctr's default snapshotter."""
        from kuke_ctr.backends.ctr import snapshots

        return self.list(snapshots.LS)

    def content(self, *filters: str) -> "tuple[Blob, ...]":
        """`ctr content ls [FILTER...]`."""
        from kuke_ctr.backends.ctr import content

        return self.list(content.LS, *filters)

    def leases(self, *filters: str) -> "tuple[Lease, ...]":
        """`ctr leases ls [FILTER...]`."""
        from kuke_ctr.backends.ctr import leases

        return self.list(leases.LS, *filters)

    def list(self, table: ListCall[R], *flags: str) -> tuple[R, ...]:
        """The records of any of ctr's tables."""
        (answer,) = self.host.fetch(table, [self.namespace], flags)
        return self.records_of(answer)

    def records_of(self, answer: Listing[R] | KukeCtrError) -> tuple[R, ...]:
        """The records of an answer; raises what was wrong with it."""
        records = whole(answer)
        if not records and not self.ctr.processes.dry_run:
            self.require_namespace()
        return records

    def exists(self) -> bool | None:
        """Whether containerd has the namespace; None where it can't be asked."""
        names = self.host.known_namespaces()
        return None if names is None else self.namespace in names

    def require_namespace(self) -> None:
        """Raise NotFound where the namespace does not exist: ctr lists it as an empty one."""
        names = self.host.known_namespaces()
        if names is not None and self.namespace not in names:
            raise NotFound(
                f"the namespace {self.namespace}{self.of_realm} does not exist",
                hint=self.hint_for_missing(names),
            )

    def hint_for_missing(self, names: frozenset[str]) -> str:
        """What to do where containerd has only these namespaces: the realms or names near by."""
        from kuke_ctr.kukeon.missing import hint_for_missing  # late: most realms exist

        realms_ls = self.host.ctr.line("realms", "ls")
        return hint_for_missing(self.resolution, self.host.settings, names, realms_ls)


def make_host(
    options: SharedOptions,
    notice: Notice,
    tell: Teller,
    heed_far: Callable[[Far], None],
    processes: Processes | None = None,
) -> Host:
    """The host that the options, the environment and the settings files mean."""
    timeout = READING_LIMIT if options.timeout is None else options.timeout
    found: list[Settings] = []
    processes = processes or make_processes(options, found, tell)
    flags = Flags(
        realm=options.realm,
        address=options.address,
        run_path=options.run_path,
        ctr=options.ctr,
        backend=options.backend,
        nerdctl=options.nerdctl,
        host=options.host or processes.recorded_host,
    )

    def side_of(far: Far) -> Side:
        from kuke_ctr.kukeon import far_files  # late: mostly it is this host

        heed_far(far)
        return far_files.side_of(far, options.run_path, processes, timeout or None)

    settings = load(flags, side_of=side_of)
    found.append(settings)
    for warning in settings.warnings:
        notice(f"warning: {warning}")
    ctr = Ctr(
        processes=processes,
        words=settings.ctr,
        address=settings.address,
        socket=settings.socket,
        timeout=timeout or None,
        change_timeout=options.timeout or None,
        typed=options.about(settings.far).of_host(),
        notice=notice,
        far=settings.far,
    )
    return Host(settings, ctr)


def make_processes(options: SharedOptions, settings: Sequence[Settings], tell: Teller) -> Processes:
    """The door to processes, with the trace, the recorder and the player that were asked for.

    `settings` are empty as long as they are not known.
    """
    if options.record is None and options.replay is None:
        return Processes(trace=options.trace, dry_run=options.dry_run, tell=tell)
    from kuke_ctr.kukeon.recorded import recorder
    from kuke_ctr.processes.player import Player

    folder, append, keep_env = options.record, options.record_append, options.record_env
    return Processes(
        trace=options.trace,
        dry_run=options.dry_run,
        tell=tell,
        record=recorder(folder, settings, append=append, keep_env=keep_env) if folder else None,
        replay=Player(Path(options.replay)) if options.replay is not None else None,
    )


class Session:
    """What one invocation knows.

    `notice` gets warnings, and what ctr says on stderr; `tell` hears of the calls. A `receiver`
    gets what is found, in place of stdout; `processes` are those of make_processes elsewhere.
    """

    def __init__(
        self,
        options: SharedOptions,
        notice: Notice = lambda text: None,
        tell: Teller = NOBODY,
        receiver: Receiver | None = None,
        processes: Processes | None = None,
    ) -> None:
        self.receiver = receiver
        self._processes = processes
        self.options = options
        self.notice = notice
        self.tell = tell
        self.heed_far: Callable[[Far], None] = lambda far: None

    @cached_property
    def host(self) -> Host:
        """The host, built when a command first needs it; `heed_far` may refuse another one."""
        return make_host(self.options, self.notice, self.tell, self._take_far, self._processes)

    def _take_far(self, far: Far) -> None:
        """From now on the options name the host, also where they did not: errors and hints do."""
        self.options = self.options.about(far)
        self.heed_far(far)

    @property
    def ctr(self) -> Ctr:
        """The ctr of the host."""
        return self.host.ctr

    def realm(
        self,
        *,
        changing: bool = False,
        removing: bool = False,
        create: bool | None = None,
        makes: bool = False,
        lenient: bool = False,
    ) -> OpenRealm:
        """The one realm that the options mean; -A is wrong usage here.

        A `changing` command stops (NotFound) in a namespace that was only guessed and does not
        exist; with `create` that namespace is made first (None: the command has no such option).
        One that `makes` a namespace by putting something into it says so where --namespace names
        one that does not exist.
        A `removing` one is changing, and stops (UsageError) in a namespace that is no realm's
        where --namespace did not name it. `lenient`: where containerd can't be asked, a guess will
        do.
        """
        if self.options.all_realms:
            raise UsageError(
                "this command works in one realm, so --all-realms is not possible",
                hint="name the realm with --realm",
            )
        realm = self._resolve(changing or removing, lenient)
        if makes and self.options.namespace and realm.exists() is False:
            from kuke_ctr.kukeon.missing import will_be_made

            removes = self.ctr.line("namespaces", "rm", realm.namespace)
            known = self.host.known_namespaces() or frozenset()
            self.notice(will_be_made(realm.namespace, known, removes))
        if removing and is_foreign(realm.namespace) and not self.options.namespace:
            raise UsageError(
                f"{realm.namespace} belongs to no realm; refusing to remove from it",
                hint=f"to do it anyway: --namespace {realm.namespace}",
            )
        if (changing or removing) and realm.resolution.guessed and not realm.exists():
            if not create:
                makes_it = "" if create is None else "; --create-namespace creates it"
                raise NotFound(
                    f"namespace {realm.namespace} (derived from the realm's name) does not "
                    "exist; nothing was changed",
                    hint=f"{self._near(realm)}{makes_it}",
                )
            self.ctr.change("namespaces", "create", realm.namespace)
        return realm

    def _near(self, realm: OpenRealm) -> str:
        return realm.hint_for_missing(self.host.known_namespaces() or frozenset())

    def on_host(self, host: str | None) -> "Session":
        """The same invocation about another host; None: this very session."""
        if host is None:
            return self
        options, processes = self.options._replace(host=host), self.host.ctr.processes
        return Session(options, self.notice, self.tell, self.receiver, processes)

    def about(self, realm: str | None, namespace: str | None) -> "Session":
        """The same invocation, of the same host, about another realm or namespace."""
        options = self.options._replace(realm=realm, namespace=namespace)
        other = Session(options, self.notice, self.tell)
        other.__dict__["host"] = self.host
        return other

    def realms(self, *, lenient: bool = False) -> tuple[OpenRealm, ...]:
        """The realms to list: all that exist under -A, else the one that the options mean.

        `lenient`: also those that have a record alone, and where containerd can't be asked.
        """
        if not self.options.all_realms:
            return (self._resolve(lenient=lenient),)
        from kuke_ctr.kukeon.realm_list import list_realms

        known = self.host.known_namespaces() if lenient else self.host.namespaces
        found = list_realms(self.host.settings, known, show_all=False)
        for warning in found.warnings:
            self.notice(f"warning: {warning}")
        return tuple(
            OpenRealm(self.host, Resolution.of(realm))
            for realm in found.realms
            if realm.exists or lenient
        )

    def _resolve(self, changing: bool = False, lenient: bool = False) -> OpenRealm:
        options = self.options
        resolution = self.host.resolve(
            options.realm,
            namespace=options.namespace,
            manifest=Path(options.manifest) if options.manifest is not None else None,
            changing=changing,
            lenient=lenient,
        )
        for warning in resolution.warnings:
            self.notice(f"warning: {warning}")
        return OpenRealm(self.host, resolution)


def open_realm(
    realm: str | None = None,
    *,
    namespace: str | None = None,
    manifest: str | None = None,
    address: str | None = None,
    run_path: str | None = None,
    ctr: str | None = None,
    backend: str | None = None,
    nerdctl: str | None = None,
    host: str | None = None,
    timeout: float | None = None,
    replay: str | None = None,
    notice: Notice = lambda text: None,
) -> OpenRealm:
    """The realm of that name on this host, by the rules of docs/realms.md.

    The arguments mean what the options of the same names mean; `timeout` is in seconds (0: no
    limit). `notice` gets warnings, and what ctr says on stderr though it succeeded. Raises
    UsageError for a name that can't be one, Forbidden, NotFound, CtrMissing and the other
    KukeCtrErrors. Call it and its methods from the main thread: they start processes.
    """
    options = SharedOptions(
        realm=realm,
        namespace=namespace,
        manifest=manifest,
        address=address,
        run_path=run_path,
        ctr=ctr,
        backend=backend,
        nerdctl=nerdctl,
        host=host,
        timeout=timeout,
        replay=replay,
    )
    return Session(options, notice).realm()
