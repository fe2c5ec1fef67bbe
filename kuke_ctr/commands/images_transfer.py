"""kuke-ctr images pull, push, import, export"""

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import transfer, versions
from kuke_ctr.backends.ctr.transfer import Streams, Verb
from kuke_ctr.calls import Result
from kuke_ctr.commands.changes import CreateNamespace, WithExtra, extra_flags, flags
from kuke_ctr.commands.documents import near_names, print_bytes
from kuke_ctr.commands.lists import show, view_of
from kuke_ctr.errors import NotFound, UsageError
from kuke_ctr.options import shared
from kuke_ctr.parse.units import in_units
from kuke_ctr.recipes import transfers
from kuke_ctr.records import Archive, Image
from kuke_ctr.render import Output, View
from kuke_ctr.session import Realm, Session, note
from kuke_ctr.user_tty import is_terminal

app = typer.Typer()

_REGISTRY = "Registry"

Platforms = Annotated[
    list[str] | None,
    typer.Option("--platform", metavar="OS/ARCH", help="This platform; may be repeated."),
]
AllPlatforms = Annotated[bool, typer.Option("--all-platforms", help="Every platform.")]
Snapshotter = Annotated[
    str | None, typer.Option("--snapshotter", metavar="NAME", help="Unpack with this one.")
]
Labels = Annotated[
    list[str] | None,
    typer.Option("--label", metavar="KEY=VALUE", help="Label the image; may be repeated."),
]
Local = Annotated[
    bool,
    typer.Option(
        "--local", help="ctr does it itself, not containerd's transfer service (where it has one)."
    ),
]
PlainHttp = Annotated[
    bool,
    typer.Option("--plain-http", help="Speak http, not https.", rich_help_panel=_REGISTRY),
]
SkipVerify = Annotated[
    bool,
    typer.Option("--skip-verify", "-k", help="Trust any certificate.", rich_help_panel=_REGISTRY),
]
HostsDir = Annotated[
    str | None,
    typer.Option(
        "--hosts-dir",
        metavar="DIR",
        help="Folder with hosts.toml files (as /etc/containerd/certs.d).",
        rich_help_panel=_REGISTRY,
    ),
]
TlsCaCert = Annotated[
    str | None,
    typer.Option(
        "--tlscacert",
        metavar="FILE",
        help="Certificate of who signed the registry's.",
        rich_help_panel=_REGISTRY,
    ),
]
TlsCert = Annotated[
    str | None,
    typer.Option(
        "--tlscert", metavar="FILE", help="Our own certificate.", rich_help_panel=_REGISTRY
    ),
]
TlsKey = Annotated[
    str | None,
    typer.Option("--tlskey", metavar="FILE", help="The key of that.", rich_help_panel=_REGISTRY),
]
User = Annotated[
    str | None,
    typer.Option(
        "--user",
        "-u",
        metavar="NAME",
        help="Sign in by this name; you are asked for the password.",
        rich_help_panel=_REGISTRY,
    ),
]
PasswordStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin", help="Read the password from stdin.", rich_help_panel=_REGISTRY
    ),
]
RealmCredentials = Annotated[
    bool,
    typer.Option(
        "--realm-credentials",
        help="Sign in with what the realm's record has for this registry.",
        rich_help_panel=_REGISTRY,
    ),
]


@app.command("pull", cls=WithExtra)
@shared
def pull(
    session: Session,
    reference: Annotated[
        str,
        typer.Argument(metavar="IMAGE", help="The whole name: docker.io/library/busybox:1.36"),
    ],
    platform: Platforms = None,
    all_platforms: AllPlatforms = False,
    snapshotter: Snapshotter = None,
    label: Labels = None,
    plain_http: PlainHttp = False,
    skip_verify: SkipVerify = False,
    hosts_dir: HostsDir = None,
    tlscacert: TlsCaCert = None,
    tlscert: TlsCert = None,
    tlskey: TlsKey = None,
    user: User = None,
    password_stdin: PasswordStdin = False,
    realm_credentials: RealmCredentials = False,
    local: Local = False,
    create_namespace: CreateNamespace = False,
) -> None:
    """Fetch an image from a registry and unpack it.

    Runs `ctr images pull IMAGE`. Records: Image. Exit code 3 where the registry has no such image,
    or nothing of it for the platform. What stands after `--` goes to ctr.
    """
    view = view_of(session, Image)
    _exclude_platforms(platform, all_platforms)
    login = _Login(user, password_stdin, realm_credentials)
    login.check()
    realm = session.realm(changing=True, create=create_namespace)
    typed = flags(
        platform=platform,
        all_platforms=all_platforms,
        snapshotter=snapshotter,
        label=label,
        plain_http=plain_http,
        skip_verify=skip_verify,
        hosts_dir=hosts_dir,
        tlscacert=tlscacert,
        tlscert=tlscert,
        tlskey=tlskey,
    )
    words = _words(session, "pull", typed, local)
    sign_in, secret = login.resolve(session, realm, reference)
    with (
        _streams(session, view, secret=secret) as streams,
        transfers.told_what_is_left(session.ctr, realm.namespace),
    ):
        result = _run(realm, "pull", (*sign_in, *words), (reference,), streams)
    if result.planned:
        return
    image = transfers.named(session.ctr, realm.namespace, reference)
    _show(session, view, [image])
    _require_platforms([image], _wanted(platform, all_platforms))


@app.command("push", cls=WithExtra)
@shared
def push(
    session: Session,
    remote: Annotated[
        str,
        typer.Argument(metavar="REMOTE", help="The name there: registry.example/team/app:1.0"),
    ],
    image: Annotated[
        str | None,
        typer.Argument(metavar="IMAGE", help="The image here; else the one of that name."),
    ] = None,
    platform: Platforms = None,
    plain_http: PlainHttp = False,
    skip_verify: SkipVerify = False,
    hosts_dir: HostsDir = None,
    tlscacert: TlsCaCert = None,
    tlscert: TlsCert = None,
    tlskey: TlsKey = None,
    user: User = None,
    password_stdin: PasswordStdin = False,
    realm_credentials: RealmCredentials = False,
    local: Local = False,
) -> None:
    """Send an image to a registry.

    Runs `ctr images push REMOTE [IMAGE]`. Records: Image, the one that was sent. Exit code 3 where
    the realm has no such image. What stands after `--` goes to ctr.
    """
    view = view_of(session, Image)
    login = _Login(user, password_stdin, realm_credentials)
    login.check()
    realm = session.realm(changing=True)
    typed = flags(
        platform=platform,
        plain_http=plain_http,
        skip_verify=skip_verify,
        hosts_dir=hosts_dir,
        tlscacert=tlscacert,
        tlscert=tlscert,
        tlskey=tlskey,
    )
    words = _words(session, "push", typed, local)
    if platform and len(platform) > 1 and ("--local" in words or _is_old(session)):
        raise UsageError(
            "this ctr pushes one platform, or all of the image: of several it takes no notice",
            hint="give --platform once, or leave it out",
        )
    source = image or remote
    sign_in, secret = login.resolve(session, realm, remote)
    names = (remote,) if image is None else (remote, image)
    with _streams(session, view, secret=secret) as streams, _near(realm, [source]):
        result = _run(realm, "push", (*sign_in, *words), names, streams)
    if not result.planned:
        _show(session, view, [transfers.named(session.ctr, realm.namespace, source)])


@app.command("import", cls=WithExtra)
@shared
def import_(
    session: Session,
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="An archive of OCI's or Docker's form; - is stdin."),
    ] = None,
    from_docker: Annotated[
        list[str] | None,
        typer.Option(
            "--from-docker",
            metavar="IMAGE",
            help="Take it from this host's Docker (`docker save IMAGE`); may be repeated.",
        ),
    ] = None,
    base_name: Annotated[
        str | None,
        typer.Option(
            "--base-name", metavar="NAME", help="For archives with tags only: NAME:TAG it will be."
        ),
    ] = None,
    digests: Annotated[
        bool, typer.Option("--digests", help="Also name the images by their digests.")
    ] = False,
    index_name: Annotated[
        str | None,
        typer.Option("--index-name", metavar="NAME", help="Keep the archive's index by this name."),
    ] = None,
    platform: Annotated[
        str | None, typer.Option("--platform", metavar="OS/ARCH", help="This platform only.")
    ] = None,
    all_platforms: AllPlatforms = False,
    unpack: Annotated[
        bool, typer.Option("--unpack/--no-unpack", help="Make the snapshots at once, or later.")
    ] = True,
    snapshotter: Snapshotter = None,
    label: Labels = None,
    discard_unpacked_layers: Annotated[
        bool,
        typer.Option(
            "--discard-unpacked-layers", help="Let containerd drop layers once they are unpacked."
        ),
    ] = False,
    local: Local = False,
    create_namespace: CreateNamespace = False,
) -> None:
    """Import the images of an archive.

    Runs `ctr images import FILE`. Records: Image, what is new or changed; where nothing is, what
    the archive brought once more. Exit code 3 where nothing in the archive fits. The namespace is
    made where a flag, a manifest, a record or the settings named it. What stands after `--` goes
    to ctr.
    """
    view = view_of(session, Image)
    _check_source(file, from_docker)
    _exclude_platforms([platform] if platform else None, all_platforms)
    realm = session.realm(changing=True, create=create_namespace)
    typed = flags(
        base_name=base_name,
        digests=digests,
        index_name=index_name,
        platform=platform,
        all_platforms=all_platforms,
        no_unpack=not unpack,
        snapshotter=snapshotter,
        label=label,
        discard_unpacked_layers=discard_unpacked_layers,
    )
    words = _words(session, "import", typed, local)
    dry = session.options.dry_run
    before = {} if dry else transfers.images_by_name(session.ctr, realm.namespace)
    with transfers.told_what_is_left(session.ctr, realm.namespace):
        result = _import(session, realm, view, words, file, from_docker)
    if result.planned:
        return
    if view.output is Output.RAW:
        print_bytes(result)
    found = transfers.landed(session.ctr, realm.namespace, before, result.stdout)
    if not found.images:
        _nothing_landed(realm, unpack, words)
        return
    if not found.new:
        note("nothing is new: the realm had these images already")
    _show(session, view, found.images)
    _require_platforms(found.images, [platform] if platform else [])


@app.command("export", cls=WithExtra)
@shared
def export(
    session: Session,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The archive; - is stdout.")],
    images: Annotated[
        list[str], typer.Argument(metavar="IMAGE", help="Names of images of the realm.")
    ],
    platform: Platforms = None,
    all_platforms: AllPlatforms = False,
    local: Local = False,
) -> None:
    """Write images into an archive.

    Runs `ctr images export - IMAGE...`. Records: Archive. The file is there when it is whole: a
    failed export leaves none, and an older file as it was. Exit code 3 where the realm has no such
    image. What stands after `--` goes to ctr.
    """
    view = view_of(session, Archive)
    _exclude_platforms(platform, all_platforms)
    if file == "-":
        _check_stdout(session)
    realm = session.realm()
    realm_words = _words(
        session, "export", flags(platform=platform, all_platforms=all_platforms), local
    )

    def write(descriptor: int) -> Result:
        with _near(realm, images):
            return _run(realm, "export", realm_words, ("-", *images), Streams(stdout=descriptor))

    if file == "-" or session.options.dry_run:
        sys.stdout.flush()
        write(1)
        return
    from kuke_ctr.recipes.archives import whole_or_nothing

    with whole_or_nothing(Path(file)) as descriptor:
        write(descriptor)
        size = os.fstat(descriptor).st_size
    archive = Archive(
        path=file, size=in_units(size), size_bytes=size, images=tuple(dict.fromkeys(images))
    )
    if view.output is not Output.RAW:
        show(session, view, [archive])


def _import(
    session: Session,
    realm: Realm,
    view: View,
    words: Sequence[str],
    file: str | None,
    from_docker: Sequence[str] | None,
) -> Result:
    if file == "-":
        with _streams(session, view, stdin=0, collect=True) as streams:
            return _run(realm, "import", words, ("-",), streams)
    if file is not None:
        name = f"./{file}" if file.startswith("-") else file
        with _streams(session, view, collect=True) as streams:
            return _run(realm, "import", words, (name,), streams)
    assert from_docker is not None
    if session.options.dry_run:
        print(transfers.line_from_docker(session.ctr, from_docker, words, realm.namespace))
        return Result((), 0, b"", b"", 0.0, planned=True)
    with (
        transfers.docker_save(session.ctr.processes, from_docker) as archive,
        _streams(session, view, stdin=archive, collect=True) as streams,
    ):
        return _run(realm, "import", words, ("-",), streams)


def _run(
    realm: Realm, verb: Verb, words: Sequence[str], names: Sequence[str], streams: Streams
) -> Result:
    return transfer.run(realm.ctr, verb, words, names, namespace=realm.namespace, streams=streams)


def _words(session: Session, verb: Verb, typed: Sequence[str], local: bool) -> tuple[str, ...]:
    """The flags for ctr, --local among them where it is needed; CtrFailed for one that it lacks."""
    given = (*typed, *extra_flags(session))
    ctr = session.ctr
    versions.require_flags(ctr, ("images", verb), given)
    return (*versions.transfers_locally(ctr, ("images", verb), given, wanted=local), *given)


def _is_old(session: Session) -> bool:
    return versions.client(session.ctr) < (2,)


@contextmanager
def _streams(
    session: Session,
    view: View,
    *,
    secret: str | None = None,
    stdin: int | None = None,
    collect: bool = False,
) -> Iterator[Streams]:
    """ctr's own output: to stdout for -o raw, drawn on stderr where that is a terminal.

    ctr draws over its last lines only where its stdin is a terminal too: not while it reads an
    archive there.
    """
    streams = Streams(stdin=stdin, secret=secret)
    raw = view.output is Output.RAW
    if raw and not collect:
        sys.stdout.flush()
        yield replace(streams, stdout=1)
    elif not raw and stdin is None and not session.options.quiet and is_terminal(2):
        yield replace(streams, terminal=2)
    elif collect:
        yield streams
    else:
        nowhere = transfer.nowhere()
        try:
            yield replace(streams, stdout=nowhere)
        finally:
            os.close(nowhere)


def _show(session: Session, view: View, images: Sequence[Image]) -> None:
    if view.output is not Output.RAW:
        show(session, view, images)


@contextmanager
def _near(realm: Realm, wanted: Sequence[str]) -> Iterator[None]:
    with near_names(
        realm, "image", wanted, lambda: [image.ref for image in realm.images()], "images"
    ):
        yield


def _check_source(file: str | None, from_docker: Sequence[str] | None) -> None:
    if (file is None) == (not from_docker):
        raise UsageError(
            "import wants one source: a file, - for stdin, or --from-docker IMAGE",
            hint="kuke-ctr images import app.tar",
        )
    for name in from_docker or ():
        if name.startswith("-"):
            raise UsageError(f"{name} is no image", hint="--from-docker IMAGE")
    if file == "-":
        if is_terminal(0):
            raise UsageError("stdin is a terminal, and no archive", hint="... < FILE, or name it")
        return
    if file is None:
        return
    try:
        found = os.stat(file)  # noqa: PTH116 (a name as it was typed)
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"there is no file {file}", hint="import wants an archive") from None
    except OSError:
        return  # ctr may be allowed to, or can say it better
    if stat.S_ISDIR(found.st_mode):
        raise UsageError(
            f"{file} is a folder", hint="`tar -C FOLDER -c . | kuke-ctr images import -`"
        )


def _check_stdout(session: Session) -> None:
    if is_terminal(1):
        raise UsageError("an archive is nothing for a terminal", hint="name a file, or use > FILE")
    if session.options.output is not None or session.options.quiet:
        raise UsageError("stdout is the archive: nothing else goes there", hint="leave -o out")


def _exclude_platforms(platform: Sequence[str] | None, all_platforms: bool) -> None:
    if platform and all_platforms:
        raise UsageError(
            "--platform and --all-platforms exclude each other", hint="leave one of them out"
        )


def _wanted(platform: Sequence[str] | None, all_platforms: bool) -> list[str]:
    return [] if all_platforms else list(platform or [transfers.host_platform()])


def _require_platforms(images: Sequence[Image], wanted: Sequence[str]) -> None:
    """Raise NotFound for images of which there is nothing for a platform; ctr 2.x says done."""
    for image in images:
        missing = transfers.lacking(image, wanted)
        if missing:
            raise NotFound(
                f"{image.ref} has nothing for {', '.join(missing)}; its name is there, nothing of "
                "that platform is",
                hint=f"it has {', '.join(image.platforms)}: --platform chooses",
            )


def _nothing_landed(realm: Realm, unpack: bool, words: Sequence[str]) -> None:
    """Tell that an import which ctr calls done has brought nothing."""
    if not unpack and ("--local" in words or versions.client(realm.ctr) < (2,)):
        note(  # this ctr names what it unpacks, and nothing else
            "warning: nothing is new: the realm had all of it already, or nothing in the archive "
            "fits"
        )
        return
    raise NotFound(
        f"ctr has said done, and nothing of the archive is in realm {realm.name} (namespace "
        f"{realm.namespace})",
        hint="does --base-name fit the names in the archive, and --platform its platforms?",
    )


@dataclass(frozen=True, slots=True)
class _Login:
    """Who signs in, as it was typed."""

    user: str | None
    password_stdin: bool
    realm_credentials: bool

    def check(self) -> None:
        """Raise UsageError for what can't be, before anything is asked."""
        from kuke_ctr.recipes.credentials import check_user

        if self.user is not None:
            check_user(self.user)
            if self.realm_credentials:
                raise UsageError(
                    "--user and --realm-credentials exclude each other", hint="leave one out"
                )
        elif self.password_stdin:
            raise UsageError("--password-stdin needs a name", hint="--user NAME")

    def resolve(
        self, session: Session, realm: Realm, reference: str
    ) -> tuple[tuple[str, ...], str | None]:
        """ctr's flags for the sign-in and the secret; asks for it, or announces whose it is."""
        if self.user is None and not self.realm_credentials:
            return (), None
        extra = [word.lstrip("-").partition("=")[0] for word in session.options.extra]
        if "http-dump" in extra:
            raise UsageError(
                "--http-dump would show the password", hint="leave it out, or the sign-in"
            )
        if self.realm_credentials:
            return self._of_realm(session, realm, reference)
        assert self.user is not None
        if session.options.dry_run:
            return ("--user", self.user), None
        return ("--user", self.user), _ask(self.user, reference, self.password_stdin)

    @staticmethod
    def _of_realm(
        session: Session, realm: Realm, reference: str
    ) -> tuple[tuple[str, ...], str | None]:
        from kuke_ctr.realms import realm_documents
        from kuke_ctr.recipes import credentials

        options = session.options
        if options.namespace is not None:
            raise UsageError(
                "--realm-credentials are a realm's, and --namespace names none",
                hint="name the realm with --realm",
            )
        manifest = Path(options.manifest) if options.manifest is not None else None
        found = credentials.of_realm(
            realm_documents(realm.name, session.host.settings, manifest=manifest), reference
        )
        host = credentials.registry_of(reference)
        note(f"signing in to {host} as {found.user} ({found.source})")
        return ("--user", found.user), None if options.dry_run else found.secret


def _ask(user: str, reference: str, from_stdin: bool) -> str:
    """The password: the line on stdin, or what is typed at a terminal without an echo."""
    from kuke_ctr.recipes.credentials import LONGEST, check_secret, registry_of

    at_terminal = is_terminal(0) and is_terminal(2)
    if from_stdin and is_terminal(0):
        raise UsageError(
            "--password-stdin reads no terminal: the password would be seen",
            hint="leave it out, and you are asked",
        )
    if from_stdin:
        said = sys.stdin.buffer.read(LONGEST + 3).decode(errors="surrogateescape")
        return check_secret(said.removesuffix("\n").removesuffix("\r"))
    if not at_terminal:
        raise UsageError(
            f"--user {user} needs a password, and there is no terminal to ask at",
            hint="--password-stdin < FILE, or --realm-credentials",
        )
    import getpass

    try:
        return check_secret(getpass.getpass(f"Password of {user} at {registry_of(reference)}: "))
    except EOFError:
        raise UsageError("no password was given") from None
